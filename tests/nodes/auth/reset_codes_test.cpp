#include "courseselect/nodes/auth/reset_codes.hpp"

#include <doctest/doctest.h>

#include "admin_world.hpp"

using namespace courseselect;
using test::AdminWorld;
using test::AuthFixture;
using test::check_refusals;
using test::member_names;

namespace {

std::string reset_body(const std::string& code, const std::string& totp = "123456") {
    return json::make_object("reset_code", code, "new_totp_code", totp);
}

std::string make_reset(AdminWorld& world, const std::string& name = "ada") {
    const auto made =
        world.post("/generate/reset-code", json::make_object("username", name), world.boss);
    CHECK(made.status == 200);
    return made.text("code");
}

constexpr const char* bad_code = "Invalid or expired reset code";

}  // namespace

TEST_SUITE("nodes/auth/reset_codes") {
    TEST_CASE("a code has eight characters, a student and an end, and is listed newest first") {
        AdminWorld world;
        const auto made = world.post("/generate/reset-code",
                                     R"({"username":"ADA","expires_days":1})", world.boss);
        CHECK(made.status == 200);
        CHECK(member_names(made.body) == "code username expires_at");
        CHECK(made.text("code").size() == 8);
        CHECK(made.text("code").find_first_not_of("0123456789ABCDEFGHJKMNPQRSTVWXYZ") ==
              std::string::npos);
        CHECK(made.text("username") == "ada");
        CHECK(made.text("expires_at").ends_with("Z"));
        CHECK(world.audited("make_reset_code") == "ok");
        const std::string second = make_reset(world);
        const auto page = world.get("/admin/reset-codes?page=1&page_size=1", world.boss);
        CHECK(page.status == 200);
        CHECK(member_names(page.body) == "codes total page page_size");
        CHECK(page.body["total"].integer() == 2);
        CHECK(page.body["page"].integer() == 1);
        CHECK(page.body["page_size"].integer() == 1);
        CHECK(page.body["codes"].size() == 1);
        const json::Value row = page.body["codes"][0];
        CHECK(member_names(row) == "id code username is_used expires_at created_at");
        CHECK(row["code"].string() == second);
        CHECK(row["is_used"].boolean() == false);
        CHECK(world.get("/admin/reset-codes?page=2&page_size=1", world.boss)
                  .body["codes"][0]["code"]
                  .string() == made.text("code"));
    }

    TEST_CASE("a code turns 2FA off, hands out a new secret and ends every session") {
        AdminWorld world;
        const std::string other = make_reset(world);
        const std::string code = make_reset(world);
        std::string typed = code.substr(0, 4) + "-" + code.substr(4);
        const auto done = world.post("/reset/2fa", reset_body(typed));
        CHECK(done.status == 200);
        CHECK(member_names(done.body) == "success message totp_secret totp_uri");
        CHECK(done.text("totp_secret").size() == 32);
        CHECK(done.text("totp_secret") != world.ada.totp_secret.reveal());
        CHECK(done.text("totp_uri").starts_with("otpauth://totp/Course%20Selection:ada?secret="));
        CHECK(world.audited("reset_2fa") == "ok");
        world.check_ended("student:1", world.ada.refresh_token, world.ada_access);
        // The next login leads to the setup, and the secret handed out is the one it confirms.
        const std::string refresh = world.login("ada").text("refresh_token");
        CHECK(world.get("/check/2fa-status", refresh).body["has_2fa"].boolean() == false);
        world.ada.totp_secret = core::Secret(done.text("totp_secret"));
        CHECK(world
                  .post("/setup/2fa/v2",
                        json::make_object("totp_secret", done.text("totp_secret"), "totp_code",
                                          world.digits(world.ada)),
                        refresh)
                  .status == 200);
        CHECK(world.post("/login/v2", world.totp(world.ada), refresh).status == 200);
        check_refusals(world,
                       {{"used", {.path = "/reset/2fa", .body = reset_body(code)}, 400, bad_code},
                        {"one reset is enough",
                         {.path = "/reset/2fa", .body = reset_body(other)},
                         400,
                         bad_code}});
    }

    TEST_CASE("the query is taken as well as the body") {
        AdminWorld world;
        const auto done =
            world.post("/reset/2fa?new_totp_code=000000&reset_code=" + make_reset(world));
        CHECK(done.status == 200);
    }

    TEST_CASE("a secret that is handed out already is confirmed by a code made from it") {
        AdminWorld world;
        world.enrol("bob");  // the secret of a registration that was never confirmed
        const std::string code = make_reset(world, "bob");
        CHECK(world.post("/reset/2fa", reset_body(code, "")).detail() == "Invalid 2FA code");
        CHECK(world.audited("reset_2fa") == "totp_wrong");
        const auto first = world.post("/reset/2fa", reset_body(make_reset(world)));
        world.ada.totp_secret = core::Secret(first.text("totp_secret"));
        const auto second =
            world.post("/reset/2fa", reset_body(make_reset(world), world.digits(world.ada)));
        CHECK(second.status == 200);
        CHECK(second.text("totp_secret") == first.text("totp_secret"));
        CHECK_FALSE(world.access(world.ada).empty());
    }

    TEST_CASE("five wrong 2FA codes void a reset code") {
        AdminWorld world([](AuthFixture::Options& options) { options.guesses.enabled = false; });
        const auto bob = world.enrol("bob");
        const std::string code = make_reset(world, "bob");
        const std::string wrong = world.wrong_totp(bob).substr(14, 6);
        for (int i = 0; i < 5; ++i) {
            CHECK(world.post("/reset/2fa", reset_body(code, wrong)).detail() == "Invalid 2FA code");
        }
        CHECK(world.post("/reset/2fa", reset_body(code, world.digits(bob))).detail() == bad_code);
    }

    TEST_CASE("a code that is wrong, over, or of nobody is refused") {
        AdminWorld world;
        const std::string expired = make_reset(world);
        world.clock.advance(std::chrono::hours(24 * 7));
        world.boss = world.admin();
        const std::string orphan = make_reset(world);
        CHECK(world.post("/admin/user/delete", R"({"user_id":1,"user_type":"student"})", world.boss)
                  .status == 200);
        check_refusals(
            world,
            {{"unknown", {.path = "/reset/2fa", .body = reset_body("00000000")}, 400, bad_code},
             {"no code", {.path = "/reset/2fa", .body = "{}"}, 400, bad_code},
             {"empty", {.path = "/reset/2fa"}, 400, bad_code},
             {"expired", {.path = "/reset/2fa", .body = reset_body(expired)}, 400, bad_code},
             {"of nobody",
              {.path = "/reset/2fa", .body = reset_body(orphan)},
              404,
              "User not found"}});
        CHECK(world.get("/admin/reset-codes", world.boss).body["codes"][0]["username"].string() ==
              "ada");
    }

    TEST_CASE("guesses of codes are slowed down by address") {
        AdminWorld world;
        for (int i = 0; i < 5; ++i) {
            CHECK(world.post("/reset/2fa", reset_body("0000000" + std::to_string(i))).status ==
                  400);
        }
        const auto slow = world.post("/reset/2fa", reset_body("00000009"));
        CHECK(slow.status == 429);
        CHECK(slow.header("Retry-After") == "1");
        CHECK(world
                  .call({.path = "/reset/2fa",
                         .body = reset_body(make_reset(world)),
                         .address = "192.0.2.77"})
                  .status == 200);
    }

    TEST_CASE("codes are made for students, by administrators") {
        AdminWorld world;
        const auto make = [&](const std::string& name) {
            return test::AuthCall{.path = "/generate/reset-code",
                                  .body = json::make_object("username", name),
                                  .token = world.boss};
        };
        check_refusals(world,
                       {{"nobody", make("nobody"), 404, "User not found"},
                        {"a teacher", make("curie"), 400, "Reset codes are for students only"},
                        {"an admin", make("admin"), 400, "Reset codes are for students only"}});
        const auto status = [&](const std::string& body) {
            return world.post("/generate/reset-code", body, world.boss).status;
        };
        CHECK(status(R"({"username":"ab"})") == 422);
        CHECK(status(R"({"username":"ada","expires_days":0})") == 422);
        CHECK(status(R"({"username":"ada","expires_days":366})") == 422);
        CHECK(world.get("/admin/reset-codes?page=0", world.boss).status == 422);
        CHECK(world.get("/admin/reset-codes?page_size=1001", world.boss).status == 422);
        check_admin_only(world, make("ada"));
        check_admin_only(world, {.method = net::http::Method::get, .path = "/admin/reset-codes"});
    }
}
