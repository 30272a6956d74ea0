// How refusals are worded on routes of the user management contract.

#include <doctest/doctest.h>

#include <stdexcept>
#include <string>
#include <utility>

#include "support.hpp"

using namespace courseselect;
using api::Access;
using api::ErrorStyle;
using net::http::Response;
using test::get;
using test::post;

namespace {

async::Task<core::Result<test::SeatAnswer>> refuse_with(core::Error error) { co_return error; }

async::Task<core::Result<test::SeatAnswer>> name_fields(api::Context& context, core::Errc code) {
    context.faults.push_back(
        {.type = "password", .loc = {"body", "password"}, .msg = "too simple", .ctx = {}});
    co_return core::Error(code, "refused");
}

async::Task<core::Result<test::SeatAnswer>> break_down() {
    throw std::runtime_error("the secret table is broken");
    co_return core::Error(core::Errc::internal, "unreachable");
}

struct Styled : test::ServiceFixture {
    Styled() {
        for (const auto& [path, style] : {std::pair("/flag", ErrorStyle::success_flag),
                                          {"/plain", ErrorStyle::detail},
                                          {"/both", ErrorStyle::success_flag_with_body}}) {
            service.add(api::post(path)
                            .errors(style)
                            .query<test::PageQuery>()
                            .optional_body<test::SeatWish>(),
                        [](api::Context&, const test::PageQuery&, const test::SeatWish&) {
                            return refuse_with({core::Errc::conflict, "The name is taken"});
                        });
        }
        service.add(api::post("/bearer").errors(ErrorStyle::success_flag).access(Access::admin),
                    [](api::Context&) { return test::said("in"); });
        service.add(api::post("/fields").errors(ErrorStyle::success_flag),
                    [](api::Context& context) {
                        return name_fields(context, core::Errc::invalid_argument);
                    });
        service.add(
            api::post("/other-code").errors(ErrorStyle::success_flag),
            [](api::Context& context) { return name_fields(context, core::Errc::not_found); });
        service.add(api::post("/plain-fields"), [](api::Context& context) {
            return name_fields(context, core::Errc::invalid_argument);
        });
        service.add(api::post("/broken").errors(ErrorStyle::success_flag),
                    [](api::Context&) { return break_down(); });
        service.add(api::post("/away").errors(ErrorStyle::success_flag), [](api::Context&) {
            return refuse_with({core::Errc::unavailable, "host 10.1.2.3 is down"});
        });
        service.add(api::post("/slow").errors(ErrorStyle::success_flag), [](api::Context& context) {
            context.retry_after_seconds = 7;
            return refuse_with({core::Errc::resource_exhausted, "Slow down"});
        });
    }
};

}  // namespace

TEST_SUITE("api/error style") {
    TEST_CASE_FIXTURE(Styled, "a refusal is success false and a sentence") {
        const Response response = post("/flag", R"({"course_id":1})").to(service);
        CHECK(response.status == 409);
        CHECK(response.body == R"({"success":false,"error":"The name is taken"})");
    }

    TEST_CASE_FIXTURE(Styled, "faults of fields are one 400 with all of them") {
        const Response response =
            post("/flag?page=x", R"({"note":"far longer than twenty characters"})").to(service);
        CHECK(response.status == 400);
        const json::Value body = test::json_of(response);
        CHECK(body.members().size() == 3);
        CHECK(body["success"].boolean() == false);
        CHECK_FALSE(body["error"].string().value_or("").empty());
        REQUIRE(body["errors"].size() == 3);
        CHECK(body["errors"][0].text() == R"({"field":"page","message":")" +
                                              body["errors"][0]["message"].string().value() +
                                              "\"}");
        CHECK(body["errors"][1]["field"].string() == "course_id");
        CHECK(body["errors"][1]["message"].string() == "Field required");
        CHECK(body["errors"][2]["field"].string() == "note");
    }

    TEST_CASE_FIXTURE(Styled, "a body that is no JSON is the fault of the field body") {
        for (const char* text : {"{", "[1", "nonsense"}) {
            const Response response = post("/flag", text).to(service);
            CHECK(response.status == 400);
            CHECK(test::json_of(response)["errors"][0]["field"].string() == "body");
        }
    }

    TEST_CASE_FIXTURE(Styled, "a missing token is 401, a wrong one too, a wrong role 403") {
        const Response nobody = post("/bearer").to(service);
        CHECK(nobody.status == 401);
        CHECK(nobody.body == R"({"success":false,"error":"Authorization required"})");
        CHECK(test::header_of(nobody, "WWW-Authenticate") == "Bearer");
        const Response junk = post("/bearer").bearer("junk").to(service);
        CHECK(junk.status == 401);
        CHECK(test::json_of(junk)["success"].boolean() == false);
        const Response student = post("/bearer").bearer("student").to(service);
        CHECK(student.status == 403);
        CHECK(student.body == R"({"success":false,"error":"Admin access required"})");
    }

    TEST_CASE_FIXTURE(Styled, "fields that a handler names are told like those of a declaration") {
        const Response response = post("/fields").to(service);
        CHECK(response.status == 400);
        CHECK(test::json_of(response)["errors"].text() ==
              R"([{"field":"password","message":"too simple"}])");
        const Response plain = post("/plain-fields").to(service);
        CHECK(plain.status == 422);
        CHECK(test::faults_of(plain) == "body.password password");
    }

    TEST_CASE_FIXTURE(Styled, "only invalid_argument speaks of fields") {
        const Response response = post("/other-code").to(service);
        CHECK(response.status == 404);
        CHECK(response.body == R"({"success":false,"error":"refused"})");
    }

    TEST_CASE_FIXTURE(Styled, "a fault of ours tells nothing but the request's id") {
        const Response broken = post("/broken").header("X-Request-Id", "abc-1").to(service);
        CHECK(broken.status == 500);
        CHECK(test::json_of(broken)["request_id"].string() == "abc-1");
        CHECK(test::json_of(broken)["success"].boolean() == false);
        CHECK(broken.body.find("secret") == std::string::npos);
        const Response away = post("/away").header("X-Request-Id", "abc-2").to(service);
        CHECK(away.status == 503);
        CHECK(test::json_of(away)["request_id"].string() == "abc-2");
        CHECK(away.body.find("10.1.2.3") == std::string::npos);
    }

    TEST_CASE_FIXTURE(Styled, "a rate limit keeps its Retry-After") {
        const Response response = post("/slow").to(service);
        CHECK(response.status == 429);
        CHECK(test::header_of(response, "Retry-After") == "7");
        CHECK(response.body == R"({"success":false,"error":"Slow down"})");
    }

    TEST_CASE_FIXTURE(Styled, "a path of both contracts answers as it was asked") {
        const Response with_body = post("/both", R"({"course_id":1})").to(service);
        CHECK(with_body.body == R"({"success":false,"error":"The name is taken"})");
        CHECK(post("/both", "{").to(service).status == 400);
        const Response without = post("/both").to(service);
        CHECK(without.body == R"({"detail":"The name is taken"})");
        CHECK(post("/both?page=x").to(service).status == 422);
    }

    TEST_CASE_FIXTURE(Styled, "other routes keep their words") {
        CHECK(post("/plain", R"({"course_id":1})").to(service).body ==
              R"({"detail":"The name is taken"})");
        CHECK(post("/plain?page=x").to(service).status == 422);
    }

    TEST_CASE("an answer that is no detail stays as it is") {
        Response own;
        own.status = 400;
        own.body = R"({"mine":1})";
        CHECK(api::in_success_style(own, "id").body == own.body);
        own.body = "no JSON";
        CHECK(api::in_success_style(own, "id").body == own.body);
    }

    TEST_CASE_FIXTURE(Styled, "the documentation names the statuses and the schema of the style") {
        const json::Value document = test::json_of(get("/openapi.json").to(service));
        const json::Value responses = document["paths"]["/flag"]["post"]["responses"];
        CHECK(responses["400"].exists());
        CHECK_FALSE(responses["422"].exists());
        CHECK(responses["400"]["content"]["application/json"]["schema"]["$ref"].string() ==
              "#/components/schemas/Failure");
        CHECK(document["components"]["schemas"]["Failure"]["required"].text() ==
              R"(["success","error"])");
        CHECK(document["paths"]["/plain"]["post"]["responses"]["422"].exists());
    }

    TEST_CASE("a document without such routes has no such schema") {
        test::ServiceFixture bare;
        const json::Value document = test::json_of(get("/openapi.json").to(bare.service));
        CHECK_FALSE(document["components"]["schemas"]["Failure"].exists());
    }
}
