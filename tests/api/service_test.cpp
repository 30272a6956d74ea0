#include "courseselect/api/service.hpp"

#include <doctest/doctest.h>

#include <set>
#include <stdexcept>
#include <string>
#include <utility>

#include "courseselect/async/sleep.hpp"
#include "support.hpp"

using namespace courseselect;
using net::http::Method;
using net::http::Response;
using test::get;
using test::post;

namespace {

async::Task<Response> plain(int status, std::string body) {
    Response response;
    response.status = status;
    response.body = std::move(body);
    co_return response;
}

async::Task<core::Result<test::SeatAnswer>> refuse(core::Error error) { co_return error; }

async::Task<core::Result<test::SeatAnswer>> explode() {
    throw std::runtime_error("the secret table is broken");
    co_return core::Error(core::Errc::internal, "unreachable");
}

async::Task<core::Result<test::SeatAnswer>> explode_oddly() {
    throw std::string("no std::exception");
    co_return core::Error(core::Errc::internal, "unreachable");
}

async::Task<core::Result<test::SeatAnswer>> answer_later(async::EventLoop& loop) {
    co_await async::sleep_for(loop, std::chrono::milliseconds(1), std::stop_token());
    test::SeatAnswer answer;
    answer.message = "later";
    co_return answer;
}

async::Task<> ask_later(api::Service& service, async::EventLoop& loop, Response& response) {
    net::http::Request request;
    request.path = "/later";
    service.add(api::get("/later"), [&loop](api::Context&) { return answer_later(loop); });
    response = co_await service.handle(request);
}

/// Routes of several shapes; the answer says which was reached, with what.
struct Dispatch : test::ServiceFixture {
    Dispatch() {
        service.add(api::get("/courses"), [](api::Context&) { return test::said("list"); });
        service.add(api::post("/courses").status(201).body<test::SeatWish>(),
                    [](api::Context&, const test::SeatWish& wish) {
                        return test::said("made " + wish.note);
                    });
        service.add(api::get("/courses/popular"),
                    [](api::Context&) { return test::said("popular"); });
        service.add(api::get("/courses/{id}").path<test::CoursePath>(),
                    [](api::Context&, test::CoursePath path) {
                        return test::said("one " + std::to_string(path.id.value()));
                    });
        service.add(api::put("/courses/{id}")
                        .path<test::CoursePath>()
                        .query<test::PageQuery>()
                        .body<test::SeatWish>(),
                    [](api::Context&, test::CoursePath path, const test::PageQuery& query,
                       const test::SeatWish& wish) {
                        return test::said(std::to_string(path.id.value()) + " " +
                                          std::to_string(query.page) + " " + query.search + " " +
                                          wish.note);
                    });
        service.add(api::post("/draft").optional_body<test::SeatWish>(),
                    [](api::Context&, const test::SeatWish& wish) {
                        return test::said("draft " + wish.note);
                    });
        service.add(api::get("/whoami").query<test::PageQuery>(),
                    [](api::Context& context, const test::PageQuery& query) {
                        return plain(203, context.request_id + " " + query.search);
                    });
    }

    std::string said_by(const Response& response) {
        return test::json_of(response)["message"].string().value_or(response.body);
    }
};

}  // namespace

TEST_SUITE("api/service: dispatch") {
    TEST_CASE_FIXTURE(Dispatch, "method and path choose the route; the answer is JSON") {
        const Response response = get("/courses").to(service);
        CHECK(response.status == 200);
        CHECK(response.content_type == "application/json");
        CHECK(response.body == R"({"success":true,"message":"list"})");
    }

    TEST_CASE_FIXTURE(Dispatch, "a route may declare another status of success") {
        const Response response = post("/courses", R"({"course_id":1,"note":"x"})").to(service);
        CHECK(response.status == 201);
        CHECK(said_by(response) == "made x");
    }

    TEST_CASE_FIXTURE(Dispatch, "a handler may answer a whole response of its own") {
        const Response response = get("/whoami?search=a%20b+c").to(service);
        CHECK(response.status == 203);
        CHECK(response.body.ends_with(" a b c"));
    }

    TEST_CASE_FIXTURE(Dispatch, "a path segment is read as a typed field") {
        CHECK(said_by(get("/courses/17").to(service)) == "one 17");
        CHECK(said_by(get("/courses/%31%37").to(service)) == "one 17");
        CHECK(test::faults_of(get("/courses/abc").to(service)) == "path.id int_parsing");
        CHECK(test::faults_of(get("/courses/0").to(service)) == "path.id greater_than_equal");
        CHECK(get("/courses/%zz").to(service).status == 422);
    }

    TEST_CASE_FIXTURE(Dispatch, "a plain path goes before one with segments") {
        CHECK(said_by(get("/courses/popular").to(service)) == "popular");
    }

    TEST_CASE_FIXTURE(Dispatch, "path, query and body arrive together in this order") {
        const Response response = test::Call(Method::put, "/courses/4?page=2&search=logic")
                                      .body(R"({"course_id":1,"note":"n"})")
                                      .to(service);
        CHECK(said_by(response) == "4 2 logic n");
    }

    TEST_CASE_FIXTURE(Dispatch, "an unknown path is 404") {
        for (const char* path : {"/nowhere", "/", "/courses/1/2", "/Courses", "/courses//", "//"}) {
            CAPTURE(path);
            const Response response = get(path).to(service);
            CHECK(response.status == 404);
            CHECK(response.body == R"({"detail":"Not Found"})");
        }
    }

    TEST_CASE_FIXTURE(Dispatch, "a known path with another method is 405 and names the methods") {
        const Response list = test::Call(Method::delete_, "/courses").to(service);
        CHECK(list.status == 405);
        CHECK(list.body == R"({"detail":"Method Not Allowed"})");
        CHECK(test::header_of(list, "Allow") == "GET, HEAD, POST");
        CHECK(test::header_of(post("/courses/4").to(service), "Allow") == "GET, HEAD, PUT");
        CHECK(test::header_of(test::Call(Method::patch, "/courses/popular").to(service), "Allow") ==
              "GET, HEAD, PUT");
        CHECK(test::header_of(get("/draft").to(service), "Allow") == "POST");
    }

    TEST_CASE_FIXTURE(Dispatch, "HEAD is answered by the GET route and by no other") {
        CHECK(test::Call(Method::head, "/courses").to(service).status == 200);
        CHECK(test::Call(Method::head, "/courses/7").to(service).status == 200);
        CHECK(test::Call(Method::head, "/draft").to(service).status == 405);
        CHECK(test::Call(Method::head, "/nowhere").to(service).status == 404);
    }

    TEST_CASE_FIXTURE(Dispatch, "a trailing slash redirects, query and method kept") {
        const Response response = get("/courses/?page=2&a=%20").to(service);
        CHECK(response.status == 307);
        CHECK(test::header_of(response, "Location") == "/courses?page=2&a=%20");
        CHECK(test::header_of(post("/courses/4/").to(service), "Location") == "/courses/4");
        CHECK(get("/nowhere/").to(service).status == 404);
    }

    TEST_CASE_FIXTURE(Dispatch, "a redirect never leads to another host") {
        service.add(api::get("/{id}").path<test::CoursePath>(),
                    [](api::Context&, test::CoursePath) { return test::said("root"); });
        for (const char* path : {"//evil.example/", "//", "///", "//evil.example/courses/"}) {
            CAPTURE(path);
            CHECK_FALSE(test::has_header(get(path).to(service), "Location"));
        }
    }

    TEST_CASE_FIXTURE(Dispatch, "an optional body may be missing or blank, but not wrong") {
        CHECK(said_by(post("/draft").to(service)) == "draft ");
        CHECK(said_by(post("/draft", " \r\n\t").to(service)) == "draft ");
        CHECK(said_by(post("/draft", R"({"course_id":3,"note":"n"})").to(service)) == "draft n");
        CHECK(test::faults_of(post("/draft", "{}").to(service)) == "body.course_id missing");
        CHECK(post("/draft", "{").to(service).status == 422);
    }

    TEST_CASE_FIXTURE(Dispatch, "a missing body is a fault like any other") {
        CHECK(test::faults_of(post("/courses").to(service)) == "body missing");
    }

    TEST_CASE_FIXTURE(Dispatch, "a query with a broken escape is refused") {
        CHECK(get("/whoami?search=%zz").to(service).status == 400);
    }

    TEST_CASE_FIXTURE(Dispatch, "bytes that are not UTF-8 cannot break the JSON of the answer") {
        const Response query = get("/whoami?page=%ff%00%22").to(service);
        CHECK(query.status == 422);
        CHECK(test::faults_of(query) == "query.page string_unicode");
        CHECK(test::faults_of(get("/courses/%ff").to(service)) == "path.id string_unicode");
    }

    TEST_CASE_FIXTURE(Dispatch, "routes() lists all of them in the order of declaration") {
        std::vector<std::string> shown;
        for (const api::RouteInfo* route : service.routes()) {
            if (!route->is_hidden) {
                shown.push_back(route->path);
            }
        }
        CHECK(shown == std::vector<std::string>{"/metrics", "/courses", "/courses",
                                                "/courses/popular", "/courses/{id}",
                                                "/courses/{id}", "/draft", "/whoami"});
    }

    TEST_CASE("a handler may suspend") {
        async::EventLoop loop;
        test::ServiceFixture fixture;
        Response response;
        test::run(loop, ask_later(fixture.service, loop, response));
        CHECK(test::json_of(response)["message"].string() == "later");
    }
}

TEST_SUITE("api/service: errors") {
    TEST_CASE_FIXTURE(test::ServiceFixture, "a handler's error is answered by the table") {
        service.add(api::get("/full"), [](api::Context&) {
            return refuse(core::Error(core::Errc::not_found, "course", "Course not found"));
        });
        const Response response = get("/full").to(service);
        CHECK(response.status == 404);
        CHECK(response.body == R"({"detail":"Course not found"})");
    }

    TEST_CASE_FIXTURE(test::ServiceFixture, "an exception is a 500 in JSON that says nothing") {
        service.add(api::get("/explode"), [](api::Context&) { return explode(); });
        service.add(api::get("/throw"), [](api::Context&) -> async::Task<Response> {
            throw std::logic_error("before the first await");
        });
        service.add(api::get("/odd"), [](api::Context&) -> async::Task<Response> { throw 42; });
        service.add(api::get("/late"), [](api::Context&) { return explode_oddly(); });
        for (const char* path : {"/explode", "/throw", "/odd", "/late"}) {
            CAPTURE(path);
            const Response response = get(path).to(service);
            CHECK(response.status == 500);
            CHECK(response.content_type == "application/json");
            CHECK(response.body == R"({"detail":"Internal Server Error"})");
            CHECK(test::has_header(response, "X-Request-Id"));
        }
    }
}

TEST_SUITE("api/service: request ids") {
    TEST_CASE_FIXTURE(Dispatch, "the caller's id is taken over and sent back") {
        const std::string longest(64, 'a');
        for (const std::string& id : {std::string("req-1.A_z"), std::string("0"), longest}) {
            const Response response = get("/whoami").header("x-request-id", id).to(service);
            CHECK(test::header_of(response, "X-Request-Id") == id);
            CHECK(response.body == id + " ");
        }
    }

    TEST_CASE_FIXTURE(Dispatch, "an id of other characters or too long is replaced") {
        const std::string too_long(65, 'a');
        for (const std::string& id :
             {std::string(), std::string("a b"), std::string("a\"b"), std::string("\xc3\xa4"),
              std::string("a=b"), std::string("a\nb"), too_long}) {
            CAPTURE(id);
            const std::string given = test::header_of(
                get("/whoami").header("X-Request-Id", id).to(service), "X-Request-Id");
            CHECK(given != id);
            CHECK_FALSE(given.empty());
            CHECK(given.size() <= 15);
        }
    }

    TEST_CASE_FIXTURE(Dispatch, "every answer has one, refusals too, and all differ") {
        std::set<std::string> ids;
        for (int i = 0; i < 100; ++i) {
            ids.insert(test::header_of(get("/courses").to(service), "X-Request-Id"));
            ids.insert(test::header_of(get("/nowhere").to(service), "X-Request-Id"));
            ids.insert(test::header_of(test::options("/courses").to(service), "X-Request-Id"));
            ids.insert(test::header_of(post("/courses").to(service), "X-Request-Id"));
        }
        CHECK(ids.size() == 400);
        CHECK(ids.count("") == 0);
    }
}
