/// The paths that the existing command line calls (contract §7): other names of what is there, and
/// a registration in one step.

#include <doctest/doctest.h>

#include "admin_world.hpp"

using namespace courseselect;
using test::AdminWorld;

namespace {

std::string registration(const std::string& name, const std::string& code,
                         const std::string& more = "") {
    return R"({"username":")" + name + R"(","password":"secret1","registration_code":")" + code +
           "\"" + more + "}";
}

}  // namespace

TEST_SUITE("nodes/auth/old_paths") {
    TEST_CASE("/admin/login is /login/admin, /login the first step of a login") {
        AdminWorld world;
        const auto in = world.post("/admin/login", R"({"username":"admin","password":"admin123"})");
        CHECK(in.status == 200);
        CHECK(test::member_names(in.body) == "access_token refresh_token token_type expires_in");
        CHECK(world.get("/admin/settings", in.text("access_token")).status == 200);
        const auto first = world.post("/login", R"({"username":"ada","password":"secret1"})");
        CHECK(first.status == 200);
        CHECK(test::member_names(first.body) == "refresh_token expires_in");
        CHECK(world.post("/login", R"({"username":"ada"})").status == 422);
        CHECK(world.post("/admin/login", R"({"username":"ada","password":"secret1"})").detail() ==
              "Invalid credentials");
    }

    TEST_CASE("codes are made under both names, by administrators only") {
        AdminWorld world;
        check_admin_only(
            world, {.path = "/admin/registration-codes", .body = R"({"user_type":"student"})"});
        check_admin_only(world, {.path = "/admin/reset-codes", .body = R"({"username":"ada"})"});
        const auto code = world.post("/admin/registration-codes",
                                     R"({"user_type":"teacher","max_uses":3})", world.boss);
        CHECK(code.status == 200);
        CHECK(code.text("user_type") == "teacher");
        CHECK(code.body["max_uses"].integer() == 3);
        CHECK(code.text("expires_at").ends_with("Z"));
        const auto reset = world.post("/admin/reset-codes", R"({"username":"ada"})", world.boss);
        CHECK(reset.status == 200);
        CHECK(reset.text("code").size() == 8);
        CHECK(world.get("/admin/reset-codes", world.boss).body["total"].integer() == 1);
    }

    TEST_CASE("a student registers in one step, with name and address, and confirms 2FA later") {
        AdminWorld world;
        const auto made = world.post(
            "/register",
            registration("grace", world.code(), R"(,"name":"Grace H","email":"g@example.org")"));
        CHECK(made.status == 200);
        CHECK(test::member_names(made.body) == "id username totp_secret totp_uri");
        CHECK(made.body["id"].integer() == world.id_of("grace"));
        const auto seen = world.get("/admin/user?username=grace", world.boss);
        CHECK(seen.text("name") == "Grace H");
        CHECK(seen.text("email") == "g@example.org");
        const test::Enrolled grace{"grace", core::Secret(made.text("totp_secret")), ""};
        const auto login = world.login("grace");
        CHECK(world.post("/register/v2", world.totp(grace), login.text("refresh_token")).status ==
              200);
    }

    TEST_CASE("a teacher registers at a path of their own, without 2FA") {
        AdminWorld world;
        const auto made =
            world.post("/register/teacher", registration("noether", world.code("teacher")));
        CHECK(made.status == 200);
        CHECK_FALSE(made.body["totp_secret"].string().has_value());
        CHECK_FALSE(made.body["totp_uri"].string().has_value());
        CHECK(world.get("/admin/user?username=noether", world.boss).text("user_type") == "teacher");
    }

    TEST_CASE("refusals are those of the steps") {
        AdminWorld world;
        const auto first = world.post(
            "/register", registration("grace", world.code(), R"(,"email":"g@example.org")"));
        CHECK(first.status == 200);
        const std::string code = world.code();
        check_refusals(world, {{"no code",
                                {.path = "/register", .body = registration("hedy", "")},
                                400,
                                "Registration code is required"},
                               {"a code of nobody",
                                {.path = "/register", .body = registration("hedy", "x")},
                                400,
                                "Invalid or expired registration code"},
                               {"a code for students",
                                {.path = "/register/teacher", .body = registration("hedy", code)},
                                400,
                                "Registration code type mismatch"},
                               {"a name that is taken",
                                {.path = "/register", .body = registration("ADA", code)},
                                400,
                                "Username already exists"},
                               {"an address that is taken",
                                {.path = "/register",
                                 .body = registration("hedy", code, R"(,"email":"G@example.org")")},
                                400,
                                "Email already exists"}});
        CHECK(world.post("/register", registration("hedy", code, R"(,"email":"nowhere")")).status ==
              422);
        CHECK(world.post("/register", registration("hedy", code)).status == 200);
    }

    TEST_CASE("the password policy of the settings holds at every door") {
        AdminWorld world;
        CHECK(world
                  .call({.method = net::http::Method::patch,
                         .path = "/admin/system-settings",
                         .body = R"({"security":{"password_length_min":10,)"
                                 R"("password_classes_min":2}})",
                         .token = world.boss})
                  .status == 200);
        const std::string code = world.code();
        const auto fields = [](const test::AuthAnswer& answer) {
            CHECK(answer.status == 422);
            std::string names;
            for (const json::Value& fault : answer.body["detail"].items()) {
                names += fault["loc"][1].string().value_or("?") + " ";
            }
            return names;
        };
        CHECK(fields(world.post("/register", registration("hedy", code))) == "password ");
        CHECK(fields(world.post("/register/v1", R"({"username":"hedy","password":"abcdef",)"
                                                R"("user_type":"student",)"
                                                R"("registration_code":")" +
                                                    code + "\"}")) == "password password ");
        CHECK(fields(world.post("/user/change-password",
                                R"({"old_password":"secret1","new_password":"abcdefghijk"})",
                                world.ada_access)) == "new_password ");
        const auto reset = world.post(
            "/admin/user/reset-password",
            R"({"username":"ada","user_type":"student","new_password":"secret12"})", world.boss);
        CHECK(reset.status == 400);
        CHECK(reset.detail() == "Password must be at least 10 characters");
        CHECK(world
                  .post("/admin/user/add",
                        R"({"username":"ida","user_type":"student","password":"abcdefghijk"})",
                        world.boss)
                  .status == 400);
        CHECK(
            world.post("/admin/user/add", R"({"username":"ida","user_type":"student"})",
                       world.boss)
                .status == 200);  // a made password has a strength of its own
        CHECK(world
                  .post("/user/change-password",
                        R"({"old_password":"secret1","new_password":"abcdefghi1"})",
                        world.ada_access)
                  .status == 200);
    }

    TEST_CASE("teachers who must have 2FA set it up on their way in") {
        AdminWorld world;
        const auto settings = [&](const char* body) {
            CHECK(world
                      .call({.method = net::http::Method::patch,
                             .path = "/admin/system-settings",
                             .body = body,
                             .token = world.boss})
                      .status == 200);
        };
        settings(R"({"security":{"teachers_need_2fa":true}})");
        const auto in = world.login("curie").text("refresh_token");
        const auto refused = world.post("/login/no-2fa", "", in);
        CHECK(refused.status == 403);
        CHECK(refused.detail() == "Teachers must set up 2FA before logging in");
        CHECK(world.post("/login/v2", R"({"totp_code":"123456"})", in).status == 403);
        const auto begun = world.post("/setup/2fa/v1", "", in);
        CHECK(begun.status == 200);
        test::Enrolled curie{"curie", core::Secret(begun.text("totp_secret")), ""};
        CHECK(world
                  .post("/setup/2fa/v2",
                        json::make_object("totp_secret", begun.text("totp_secret"), "totp_code",
                                          world.digits(curie)),
                        in)
                  .status == 200);
        CHECK_FALSE(world.access(curie).empty());
        settings(R"({"security":{"teachers_need_2fa":false,"students_need_2fa":false}})");
        world.enrol("zoe");
        const auto zoe = world.login("zoe").text("refresh_token");
        CHECK(world.post("/login/no-2fa", "", zoe).status == 200);
    }
}
