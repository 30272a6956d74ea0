#include "courseselect/api/upload.hpp"

#include <doctest/doctest.h>

#include "support.hpp"

using namespace courseselect;
using net::http::Method;

namespace {

async::Task<net::http::Response> echo(api::Upload upload) {
    net::http::Response response;
    response.body = json::make_object("filename", upload.filename, "type", upload.content_type,
                                      "content", std::string(upload.content));
    co_return response;
}

struct UploadFixture {
    UploadFixture() : service(clock, {.internal_token = core::Secret("swordfish")}) {
        service.add(api::post("/import")
                        .summary("Import people.")
                        .access(api::Access::internal)
                        .upload("file", "text/csv", "One line a person.")
                        .answers("text/csv"),
                    [](api::Context&, api::Upload upload) { return echo(std::move(upload)); });
    }
    net::http::Response send(const std::string& body,
                             const std::string& type = "multipart/form-data; boundary=b") {
        return test::Call(Method::post, "/import")
            .internal()
            .header("Content-Type", type)
            .body(body)
            .to(service);
    }

    core::ManualClock clock;
    api::Service service;
};

std::string field(const std::string& name, const std::string& content) {
    return "--b\r\nContent-Disposition: form-data; name=\"" + name +
           "\"; filename=\"p.csv\"\r\nContent-Type: text/csv\r\n\r\n" + content + "\r\n";
}

json::Value fault(const net::http::Response& response) {
    CHECK(response.status == 422);
    const auto body = json::Value::parse(response.body);
    REQUIRE(body.has_value());
    return (*body)["detail"][0];
}

}  // namespace

TEST_SUITE("api/upload") {
    TEST_CASE("the handler gets the file of the declared field, other fields do not matter") {
        UploadFixture fixture;
        const auto answer =
            fixture.send(field("kind", "student") + field("file", "a,b\r\n") + "--b--\r\n");
        CHECK(answer.status == 200);
        CHECK(answer.body == R"({"filename":"p.csv","type":"text/csv","content":"a,b\r\n"})");
    }

    TEST_CASE("a body that is no form is refused before the token is looked at") {
        UploadFixture fixture;
        CHECK(fault(fixture.send("{}", "application/json"))["type"].string() ==
              "multipart_invalid");
        CHECK(fault(fixture.send("{}"))["msg"].string() ==
              "Not a valid form: the body does not begin with its boundary");
        const auto unsigned_call =
            test::Call(Method::post, "/import").body("x").to(fixture.service);
        CHECK(fault(unsigned_call)["msg"].string() == "Send multipart/form-data with a boundary");
    }

    TEST_CASE(
        "a file that is missing is named with the other faults, one that is there twice too") {
        UploadFixture fixture;
        const auto missing = fault(fixture.send(field("other", "x") + "--b--\r\n"));
        CHECK(missing["type"].string() == "missing");
        CHECK(missing["loc"][1].string() == "file");
        const auto twice =
            fault(fixture.send(field("file", "x") + field("file", "y") + "--b--\r\n"));
        CHECK(twice["loc"][1].string() == "file");
        CHECK(twice["msg"].string() == "Send one file only");
        const auto no_token = test::Call(Method::post, "/import")
                                  .header("Content-Type", "multipart/form-data; boundary=b")
                                  .body(field("other", "x") + "--b--\r\n")
                                  .to(fixture.service);
        CHECK(fault(no_token)["loc"][0].string() == "header");
    }

    TEST_CASE("the document shows the form and what comes back") {
        UploadFixture fixture;
        const auto document = json::Value::parse(fixture.service.openapi());
        REQUIRE(document.has_value());
        const json::Value route = (*document)["paths"]["/import"]["post"];
        CHECK(route["requestBody"]["required"].boolean() == true);
        const json::Value form = route["requestBody"]["content"]["multipart/form-data"];
        CHECK(form["schema"]["required"][0].string() == "file");
        CHECK(form["schema"]["properties"]["file"]["contentMediaType"].string() == "text/csv");
        CHECK(form["encoding"]["file"]["contentType"].string() == "text/csv");
        CHECK(route["responses"]["200"]["content"]["text/csv"]["schema"]["type"].string() ==
              "string");
        CHECK(route["responses"]["422"].exists());
    }
}
