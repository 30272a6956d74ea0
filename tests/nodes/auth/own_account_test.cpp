#include "courseselect/nodes/auth/own_account.hpp"

#include <doctest/doctest.h>

#include "admin_world.hpp"

using namespace courseselect;
using test::AdminWorld;
using test::AuthCall;
using test::AuthFixture;
using test::check_refusals;
using test::Enrolled;
using test::member_names;

namespace {

constexpr auto own_get = net::http::Method::get;
const std::string own_proof = R"({"password":"secret1"})";
const std::string own_change = R"({"old_password":"secret1","new_password":"another1"})";

std::string disable_body(const std::string& password, const std::string& code) {
    return json::make_object("password", password, "totp_code", code);
}

}  // namespace

TEST_SUITE("nodes/auth/own_account") {
    TEST_CASE("a changed password ends every session, and only the new one logs in") {
        AdminWorld world;
        const auto done = world.post("/user/change-password", own_change, world.ada_access);
        CHECK(done.status == 200);
        CHECK(member_names(done.body) == "success message");
        CHECK(done.text("message") == "Password changed successfully");
        CHECK(world.audited("change_password") == "ok");
        world.check_ended("student:1", world.ada.refresh_token, world.ada_access);
        CHECK(world.login("ada").status == 401);
        CHECK_FALSE(world.access(world.ada, "another1").empty());
    }

    TEST_CASE("administrators change theirs too, and are no longer asked to") {
        AdminWorld world;
        const auto done =
            world.post("/user/change-password",
                       R"({"old_password":"admin123","new_password":"another1"})", world.boss);
        CHECK(done.status == 200);
        CHECK(world.get("/admin/users", world.boss).detail() == "Invalid token");
        const auto in = world.post("/login/admin", R"({"username":"admin","password":"another1"})");
        const auto seen = world.get("/get/user", in.text("access_token"));
        CHECK(seen.body["must_change_password"].boolean() == false);
    }

    TEST_CASE("a teacher turns 2FA on and off again") {
        AdminWorld world;
        const std::string& token = world.teacher_access;
        const auto made = world.post("/user/2fa/setup", own_proof, token);
        CHECK(made.status == 200);
        CHECK(member_names(made.body) == "success totp_secret totp_uri message secret qr_uri");
        CHECK(made.text("secret") == made.text("totp_secret"));
        CHECK(made.text("qr_uri") == made.text("totp_uri"));
        CHECK(made.text("totp_uri").starts_with("otpauth://totp/Course%20Selection:curie?secret="));
        const auto before = world.get("/user/2fa/status", token);
        CHECK(member_names(before.body) == "has_2fa user_type username");
        CHECK(before.body["has_2fa"].boolean() == false);
        CHECK(before.text("user_type") == "teacher");
        CHECK(before.text("username") == "curie");
        const Enrolled curie{"curie", core::Secret(made.text("secret")), ""};
        CHECK(world.post("/user/2fa/verify", world.wrong_totp(curie), token).detail() ==
              "Invalid 2FA code");
        CHECK(world.audited("own_2fa_on") == "totp_wrong");
        const auto on = world.post("/user/2fa/verify", world.totp(curie), token);
        CHECK(member_names(on.body) == "success message");
        CHECK(on.text("message") == "2FA verified successfully");
        CHECK(world.audited("own_2fa_on") == "ok");
        CHECK(world.get("/user/2fa/status", token).body["has_2fa"].boolean() == true);
        const std::string code = world.digits(curie);
        check_refusals(
            world,
            {{"again",
              {.path = "/user/2fa/verify", .body = world.totp(curie), .token = token},
              400,
              "2FA not set up"},
             {"on already",
              {.path = "/user/2fa/setup", .body = own_proof, .token = token},
              400,
              "2FA is already enabled"},
             {"wrong password",
              {.path = "/user/2fa/disable", .body = disable_body("no", code), .token = token},
              400,
              "Incorrect password"},
             {"wrong code",
              {.path = "/user/2fa/disable",
               .body = disable_body("secret1", world.wrong_totp(curie).substr(14, 6)),
               .token = token},
              400,
              "Invalid 2FA code"}});
        const auto off = world.post("/user/2fa/disable", disable_body("secret1", code), token);
        CHECK(off.text("message") == "2FA disabled successfully");
        CHECK(world.audited("own_2fa_off") == "ok");
        CHECK(world.post("/user/2fa/disable", disable_body("secret1", code), token).detail() ==
              "2FA is not enabled");
    }

    TEST_CASE("every path refuses with the contract's statuses and texts") {
        AdminWorld world;
        const std::string& token = world.ada_access;
        check_refusals(
            world, {{"wrong password",
                     {.path = "/user/change-password",
                      .body = R"({"old_password":"wrong","new_password":"another1"})",
                      .token = token},
                     400,
                     "Incorrect old password"},
                    {"wrong password",
                     {.path = "/user/2fa/setup", .body = R"({"password":"wrong"})", .token = token},
                     400,
                     "Incorrect password"},
                    {"on already",
                     {.path = "/user/2fa/setup", .body = own_proof, .token = token},
                     400,
                     "2FA is already enabled"},
                    {"administrators",
                     {.path = "/user/2fa/setup",
                      .body = R"({"password":"admin123"})",
                      .token = world.boss},
                     400,
                     "Admins have no 2FA"},
                    {"no secret handed out",
                     {.path = "/user/2fa/verify",
                      .body = R"({"totp_code":"123456"})",
                      .token = world.teacher_access},
                     400,
                     "2FA not set up"}});
        CHECK(world.audited("change_password") == "password_wrong");
        const auto status = [&](const std::string& path, const std::string& body) {
            return world.post(path, body, token).status;
        };
        CHECK(status("/user/change-password", R"({"old_password":"secret1"})") == 422);
        CHECK(status("/user/change-password",
                     R"({"old_password":"secret1","new_password":"short"})") == 422);
        CHECK(status("/user/2fa/setup", "{}") == 422);
        CHECK(status("/user/2fa/verify", R"({"totp_code":"12345"})") == 422);
        CHECK(status("/user/2fa/disable", R"({"password":"secret1"})") == 422);
    }

    TEST_CASE("a bad token is 401, a user who is gone 404, one kept out 401") {
        AdminWorld world;
        const std::vector<AuthCall> paths{
            {.path = "/user/change-password", .body = own_change},
            {.path = "/user/2fa/setup", .body = own_proof},
            {.path = "/user/2fa/verify", .body = R"({"totp_code":"123456"})"},
            {.path = "/user/2fa/disable", .body = disable_body("secret1", "123456")},
            {.method = own_get, .path = "/user/2fa/status"}};
        for (AuthCall call : paths) {
            CHECK(world.call(call).status == 422);
            call.token = "nonsense";
            check_refusals(world, {{"nonsense", call, 401, "Invalid token"}});
            call.token = world.ada.refresh_token;
            check_refusals(world, {{"a refresh token", call, 401, "Invalid token"}});
        }
        world.set_active("ada", false);
        for (AuthCall call : paths) {
            call.token = world.ada_access;
            check_refusals(world, {{"inactive", call, 401, "Invalid token"}});
        }
        world.set_active("ada", true);
        CHECK(world.post("/admin/user/delete", R"({"user_id":1,"user_type":"student"})", world.boss)
                  .status == 200);
        for (AuthCall call : paths) {
            call.token = world.ada_access;
            check_refusals(world, {{"gone", call, 404, "User not found"}});
        }
    }

    TEST_CASE("passwords and codes cannot be searched with a stolen access token") {
        AdminWorld world([](AuthFixture::Options& options) {
            options.guesses.password.free_attempts = 2;
            options.guesses.totp.free_attempts = 2;
        });
        const std::string wrong = R"({"password":"wrong"})";
        CHECK(world.post("/user/2fa/setup", wrong, world.ada_access).status == 400);
        CHECK(world.post("/user/2fa/setup", wrong, world.ada_access).status == 400);
        const auto slow = world.post("/user/2fa/setup", wrong, world.ada_access);
        CHECK(slow.status == 429);
        CHECK_FALSE(slow.header("Retry-After").empty());
        const std::string code = R"({"totp_code":"123456"})";
        CHECK(world.post("/user/2fa/verify", code, world.ada_access).status == 400);
        CHECK(world.post("/user/2fa/verify", code, world.ada_access).status == 400);
        CHECK(world.post("/user/2fa/verify", code, world.ada_access).status == 429);
    }
}
