#include "courseselect/nodes/auth/control_feed.hpp"

#include <doctest/doctest.h>

#include "fixture.hpp"

using namespace courseselect;
using test::AuthAnswer;
using test::AuthFixture;

namespace {

constexpr const char* internal_token = "internal-token-of-the-tests";

void know_token(AuthFixture::Options& options) {
    options.service.internal_token = core::Secret(internal_token);
}

AuthAnswer ask(AuthFixture& auth, const std::string& query) {
    return auth.call({.method = net::http::Method::get,
                      .path = "/internal/control" + query,
                      .internal_token = internal_token});
}

}  // namespace

TEST_SUITE("nodes/auth/control_feed") {
    TEST_CASE("settings come once, when they are newer than the caller knows") {
        AuthFixture auth(know_token);
        const auto before = ask(auth, "");
        CHECK(before.status == 200);
        CHECK(before.body["settings"].is_null());
        CHECK(before.body["settings_version"].integer() == 0);
        const std::string admin = auth.admin();
        CHECK(auth.call({.method = net::http::Method::patch,
                         .path = "/admin/system-settings",
                         .body = R"({"queue":{"attempts_max":3}})",
                         .token = admin})
                  .status == 200);
        const auto after = ask(auth, "?settings_version=0");
        CHECK(after.body["settings_version"].integer() == 1);
        CHECK(after.body["settings"]["queue"]["attempts_max"].integer() == 3);
        CHECK(ask(auth, "?settings_version=1").body["settings"].is_null());
    }

    TEST_CASE("ended sessions are told in order, each once, with the time their tokens die") {
        AuthFixture auth(know_token);
        auth.student("ann");
        auth.login("ann");
        const auto first = ask(auth, "?after=0");
        REQUIRE(first.body["revocations"].items().size() == 1);
        const json::Value told = first.body["revocations"].items()[0];
        CHECK(told["session"].string().value_or("").size() == 32);
        CHECK(told["user"].is_null());
        auth.login("ann");
        const std::string after = std::to_string(first.body["last"].integer().value_or(0));
        const auto second = ask(auth, "?after=" + after);
        CHECK(second.body["revocations"].items().size() == 1);
        const std::string last = std::to_string(second.body["last"].integer().value_or(0));
        CHECK(ask(auth, "?after=" + last).body["revocations"].items().empty());
    }

    TEST_CASE("whoever waits hears of a change as soon as it is durable") {
        AuthFixture auth(know_token);
        const std::string admin = auth.admin();
        const auto answers = auth.all({{.method = net::http::Method::get,
                                        .path = "/internal/control?wait=30000",
                                        .internal_token = internal_token},
                                       {.path = "/logout", .token = admin}});
        CHECK(answers[1].status == 200);
        CHECK(answers[0].body["revocations"].items().size() == 1);
    }

    TEST_CASE("patience that ends without news is an answer without news") {
        AuthFixture auth(know_token);
        const auto answer = ask(auth, "?wait=1&after=5");
        CHECK(answer.status == 200);
        CHECK(answer.body["last"].integer() == 5);
        CHECK(answer.body["revocations"].items().empty());
    }

    TEST_CASE("only other nodes may ask, and only within bounds") {
        AuthFixture auth(know_token);
        CHECK(auth.get("/internal/control").status == 422);
        CHECK(auth.call({.method = net::http::Method::get,
                         .path = "/internal/control",
                         .internal_token = "another"})
                  .status == 403);
        CHECK(ask(auth, "?wait=30001").status == 422);
        CHECK(ask(auth, "?after=-1").status == 422);
    }
}
