#include "courseselect/nodes/auth/system_settings.hpp"

#include <doctest/doctest.h>

#include "fixture.hpp"

using namespace courseselect;
using test::AuthAnswer;
using test::AuthFixture;

namespace {

AuthAnswer put(AuthFixture& auth, const std::string& body, const std::string& token) {
    return auth.call({.method = net::http::Method::put,
                      .path = "/admin/settings",
                      .body = body,
                      .token = token});
}
AuthAnswer patch(AuthFixture& auth, const std::string& body, const std::string& token) {
    return auth.call({.method = net::http::Method::patch,
                      .path = "/admin/system-settings",
                      .body = body,
                      .token = token});
}

}  // namespace

TEST_SUITE("nodes/auth/system_settings") {
    TEST_CASE("registration is open at first; closing one kind closes it at once") {
        AuthFixture auth;
        const std::string admin = auth.admin();
        const std::string code = auth.code();
        const auto first = auth.get("/admin/settings", admin);
        CHECK(first.status == 200);
        CHECK(first.body["student_registration_enabled"].boolean() == true);
        CHECK(first.body["teacher_registration_enabled"].boolean() == true);
        CHECK(first.text("updated_at").ends_with("Z"));
        const auto changed = put(auth, R"({"student_registration_enabled":false})", admin);
        CHECK(changed.status == 200);
        CHECK(changed.body["student_registration_enabled"].boolean() == false);
        CHECK(changed.body["teacher_registration_enabled"].boolean() == true);
        const auto refused =
            auth.post("/register/v1", AuthFixture::registration("ann", "student", code));
        CHECK(refused.status == 403);
        CHECK(refused.detail() == "Student registration is currently disabled");
        CHECK(put(auth, R"({"student_registration_enabled":true})", admin).status == 200);
        CHECK(auth.post("/register/v1", AuthFixture::registration("ann", "student", code)).status ==
              200);
    }

    TEST_CASE("a change is a version with an author, and survives a restart") {
        AuthFixture auth;
        const std::string admin = auth.admin();
        const auto zero = auth.get("/admin/system-settings", admin);
        CHECK(zero.body["version"].integer() == 0);
        CHECK(zero.text("updated_by") == "configuration");
        const auto one = patch(auth, R"({"courses":{"courses_per_student_max":6}})", admin);
        CHECK(one.status == 200);
        CHECK(one.body["version"].integer() == 1);
        CHECK(one.text("updated_by") == "admin:1");
        CHECK(one.body["settings"]["courses"]["courses_per_student_max"].integer() == 6);
        CHECK(patch(auth, R"({"queue":{"attempts_max":2}})", admin).status == 200);
        auth.reopen();
        const auto two = auth.get("/admin/system-settings", admin);
        CHECK(two.body["version"].integer() == 2);
        CHECK(two.body["settings"]["courses"]["courses_per_student_max"].integer() == 6);
        CHECK(two.body["settings"]["queue"]["attempts_max"].integer() == 2);
        const auto history = auth.get("/admin/system-settings/history?page_size=1", admin);
        REQUIRE(history.body["versions"].items().size() == 1);
        CHECK(history.body["versions"][0]["version"].integer() == 2);
        CHECK(auth.count("SELECT count(*) FROM audit WHERE action = 'settings'") == 2);
    }

    TEST_CASE("what cannot hold is refused with the fields' names, and nothing changes") {
        AuthFixture auth;
        const std::string admin = auth.admin();
        CHECK(patch(auth, R"({"queue":{"attempts_max":0}})", admin).status == 422);
        const auto backwards =
            patch(auth, R"({"queue":{"retry_delay_ms_min":500,"retry_delay_ms_max":400}})", admin);
        CHECK(backwards.status == 400);
        CHECK(backwards.detail().find("retry_delay_ms_min") != std::string::npos);
        CHECK(auth.get("/admin/system-settings", admin).body["version"].integer() == 0);
    }

    TEST_CASE("of two changes at once one is asked to read again") {
        AuthFixture auth;
        const std::string admin = auth.admin();
        const test::AuthCall change{.method = net::http::Method::patch,
                                    .path = "/admin/system-settings",
                                    .body = R"({"queue":{"attempts_max":2}})",
                                    .token = admin};
        const auto answers = auth.all({change, change});
        const int first = answers[0].status;
        const int second = answers[1].status;
        CHECK(std::min(first, second) == 200);
        CHECK(std::max(first, second) == 409);
        CHECK(auth.get("/admin/system-settings", admin).body["version"].integer() == 1);
    }

    TEST_CASE("only administrators read and change them") {
        AuthFixture auth;
        const auto ann = auth.student("ann");
        const std::string student =
            auth.post("/login/v2", auth.totp(ann, 1), ann.refresh_token).text("access_token");
        for (const std::string& token : {std::string(), std::string("x"), student}) {
            CHECK(auth.get("/admin/settings", token).status >= 401);
            CHECK(put(auth, "{}", token).status >= 401);
            CHECK(auth.get("/admin/system-settings", token).status >= 401);
            CHECK(patch(auth, "{}", token).status >= 401);
            CHECK(auth.get("/admin/system-settings/history", token).status >= 401);
        }
    }
}
