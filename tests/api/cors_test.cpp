// Calls from browsers on other origins (contract §1.1, Fetch standard §3.2).

#include <doctest/doctest.h>

#include <string>

#include "support.hpp"

using namespace courseselect;
using net::http::Response;
using test::get;
using test::header_of;

namespace {

constexpr const char* web_client = "https://select.example.edu";

struct Browser : test::ServiceFixture {
    static api::ServiceOptions origins() {
        api::ServiceOptions service_options;
        service_options.cors_origins = {web_client, "http://localhost:5173"};
        return service_options;
    }
    Browser() : test::ServiceFixture(origins()) {
        service.add(api::get("/courses"), [](api::Context&) { return test::said("list"); });
    }
    Response preflight(const char* origin, const char* path = "/courses") {
        return test::options(path)
            .header("Origin", origin)
            .header("Access-Control-Request-Method", "POST")
            .header("Access-Control-Request-Headers", "authorization, content-type")
            .to(service);
    }
};

constexpr const char* not_allowed[] = {"https://evil.example",
                                       "null",
                                       "*",
                                       "",
                                       "https://select.example.edu.evil.example",
                                       "https://SELECT.example.edu",
                                       "http://select.example.edu"};

}  // namespace

TEST_SUITE("api/service: CORS") {
    TEST_CASE_FIXTURE(Browser, "a preflight of an allowed origin is answered with OK") {
        for (const char* path : {"/courses", "/unknown"}) {
            const Response response = preflight(web_client, path);
            CHECK(response.status == 200);
            CHECK(response.body == "OK");
            CHECK(response.content_type == "text/plain; charset=utf-8");
            CHECK(header_of(response, "Access-Control-Allow-Origin") == web_client);
            CHECK(header_of(response, "Access-Control-Allow-Credentials") == "true");
            CHECK(header_of(response, "Access-Control-Allow-Methods") ==
                  "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT");
            CHECK(header_of(response, "Access-Control-Allow-Headers") ==
                  "authorization, content-type");
            CHECK(header_of(response, "Access-Control-Max-Age") == "600");
            CHECK(header_of(response, "Vary") == "Origin");
        }
    }

    TEST_CASE_FIXTURE(Browser, "a preflight of any other origin allows it nothing") {
        for (const char* origin : not_allowed) {
            CAPTURE(origin);
            const Response response = preflight(origin);
            CHECK(response.status == 200);
            CHECK_FALSE(test::has_header(response, "Access-Control-Allow-Origin"));
            CHECK_FALSE(test::has_header(response, "Access-Control-Allow-Credentials"));
            CHECK(header_of(response, "Vary") == "Origin");
        }
    }

    TEST_CASE_FIXTURE(Browser, "an answer names the allowed origin and never a star") {
        for (const char* origin : {web_client, "http://localhost:5173"}) {
            for (const char* path : {"/courses", "/unknown"}) {
                const Response response = get(path).header("origin", origin).to(service);
                CHECK(header_of(response, "Access-Control-Allow-Origin") == origin);
                CHECK(header_of(response, "Access-Control-Allow-Credentials") == "true");
                CHECK(header_of(response, "Access-Control-Expose-Headers") ==
                      "Retry-After, X-Request-Id");
            }
        }
        for (const char* origin : not_allowed) {
            CAPTURE(origin);
            const Response response = get("/courses").header("Origin", origin).to(service);
            CHECK(response.status == 200);
            CHECK_FALSE(test::has_header(response, "Access-Control-Allow-Origin"));
        }
    }

    TEST_CASE_FIXTURE(Browser, "caches are told that answers depend on the origin") {
        CHECK(header_of(get("/courses").to(service), "Vary") == "Origin");
    }

    TEST_CASE("without configured origins there are no CORS headers at all") {
        test::ServiceFixture fixture;
        fixture.service.add(api::get("/courses"), [](api::Context&) { return test::said("list"); });
        const Response response = get("/courses").header("Origin", web_client).to(fixture.service);
        CHECK(response.status == 200);
        CHECK_FALSE(test::has_header(response, "Access-Control-Allow-Origin"));
        CHECK_FALSE(test::has_header(response, "Vary"));
    }

    TEST_CASE_FIXTURE(Browser, "OPTIONS that is no preflight is a method like any other") {
        const Response known = test::options("/courses").to(service);
        CHECK(known.status == 405);
        CHECK(header_of(known, "Allow") == "GET, HEAD");
        CHECK(test::options("/courses").header("Origin", web_client).to(service).status == 405);
        CHECK(test::options("/unknown").to(service).status == 404);
        CHECK(test::options("*").to(service).status == 404);
    }
}
