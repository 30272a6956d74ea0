#include "courseselect/nodes/auth/notices.hpp"

#include <doctest/doctest.h>

#include "message_world.hpp"

using namespace courseselect;
using test::Enrolled;
using test::MessageWorld;

TEST_SUITE("nodes/auth/notices") {
    TEST_CASE("nobody is told of anything until a channel is switched on") {
        MessageWorld world({});
        world.reach("ada", "ada@example.org", "+123456");
        world.change_password("ada");
        CHECK(world.messages() == "");
    }

    TEST_CASE("each channel that is on tells whoever has an address for it") {
        MessageWorld world({.email = true, .sms = true});
        world.reach("ada", "ada@example.org", "+123456");
        world.change_password("ada");
        CHECK(world.messages() ==
              "password_changed email ada@example.org;password_changed sms +123456;");
        CHECK(world.text("SELECT text FROM notifications WHERE channel = 'email'")
                  .find("Hello ada") != std::string::npos);
        world.reach("ada", "", "+123456");
        world.change_password("ada");
        CHECK(world.messages() == "password_changed sms +123456;");
    }

    TEST_CASE("settings decide which events are told, from the next event on") {
        MessageWorld world({.email = true});
        world.reach("ada", "ada@example.org");
        world.settings(R"({"notifications":{"events":["two_factor_reset"]}})");
        world.change_password("ada");
        CHECK(world.messages() == "");
        world.post("/admin/user/reset-2fa", R"({"username":"ada"})", world.boss);
        CHECK(world.messages() == "two_factor_reset email ada@example.org;");
        world.settings(R"({"notifications":{"email_enabled":false}})");
        world.post("/admin/user/reset-2fa", R"({"username":"ada"})", world.boss);
        CHECK(world.messages() == "");
    }

    TEST_CASE("what an administrator does to an account is told to its owner") {
        MessageWorld world({.email = true});
        world.reach("ada", "ada@example.org");
        const std::string id = std::to_string(world.id_of("ada"));
        const auto act = [&](const char* path, const std::string& body) {
            CHECK(world.post(path, body, world.boss).status == 200);
            return world.messages();
        };
        CHECK(act("/generate/reset-code", R"({"username":"ada"})") ==
              "reset_code_made email ada@example.org;");
        CHECK(act("/admin/user/reset-password", R"({"username":"ada","user_type":"student"})") ==
              "password_changed email ada@example.org;");
        CHECK(act("/admin/user/toggle-status", R"({"user_id":)" + id + R"(,"is_active":false})") ==
              "account_status email ada@example.org;");
        CHECK(world.last_text.find("deactivated your account") != std::string::npos);
        // Nothing changed: nothing is told.
        CHECK(act("/admin/user/toggle-status", R"({"user_id":)" + id + R"(,"is_active":false})") ==
              "");
        CHECK(act("/admin/user/toggle-status", R"({"user_id":)" + id + R"(,"is_active":true})") ==
              "account_status email ada@example.org;");
        CHECK(world.last_text.find("activated your account") != std::string::npos);
    }

    TEST_CASE("a reset code that is used is told; neither it nor the new secret is in the text") {
        MessageWorld world({.email = true});
        world.reach("ada", "ada@example.org");
        const auto code =
            world.post("/generate/reset-code", R"({"username":"ada"})", world.boss).text("code");
        (void)world.messages();
        CHECK(world.last_text.find(code) == std::string::npos);
        const auto reset = world.post(
            "/reset/2fa", json::make_object("reset_code", code, "new_totp_code", "123456"));
        CHECK(reset.status == 200);
        CHECK(world.messages() == "two_factor_reset email ada@example.org;");
        CHECK(world.last_text.find(reset.text("totp_secret")) == std::string::npos);
    }

    TEST_CASE("new accounts are told once, without any password, whoever made them") {
        MessageWorld world({.email = true});
        const auto added = world.post(
            "/admin/user/add",
            R"({"username":"grace","user_type":"student","email":"g@example.org","name":"Grace"})",
            world.boss);
        CHECK(added.status == 200);
        CHECK(world.messages() == "account_created email g@example.org;");
        CHECK(world.last_text.find(added.text("password")) == std::string::npos);
        world.settings(R"({"security":{"open_registration_enabled":true}})");
        CHECK(world
                  .post("/users", R"({"username":"hedy","email":"h@example.org",)"
                                  R"("password":"correct horse"})")
                  .status == 201);
        CHECK(world.messages() == "account_created email h@example.org;");
        CHECK(world.last_text.find("correct horse") == std::string::npos);
        world.data.mode = test::DataMode::away;
        CHECK(world
                  .post("/users", R"({"username":"ida","email":"i@example.org",)"
                                  R"("password":"correct horse"})")
                  .status == 201);
        CHECK(world.messages() == "account_created email i@example.org;");
        world.data.mode = test::DataMode::works;
        world.clock.advance(std::chrono::minutes(10));
        world.deliver_profiles();
        CHECK(world.messages() == "");
    }

    TEST_CASE("an account that is undone is not told of") {
        MessageWorld world({.email = true});
        CHECK(world
                  .ask_data(net::http::Method::post, "/add/student",
                            R"({"student_name":"grace","student_id":9000})")
                  .status == 201);
        CHECK(world
                  .post("/admin/user/add",
                        R"({"username":"grace","user_type":"student","email":"g@example.org"})",
                        world.boss)
                  .status == 500);
        CHECK(world.messages() == "");
    }

    TEST_CASE("a login from a new address is told, one from a known address is not") {
        MessageWorld world({.email = true});
        world.reach("ada", "ada@example.org");
        world.settings(R"({"notifications":{"events":["new_login"]}})");
        const std::string body =
            json::make_object("username", "ada", "password", test::good_password);
        const auto from = [&](const char* address) {
            CHECK(world.call({.path = "/login/v1", .body = body, .address = address}).status ==
                  200);
            return world.messages();
        };
        CHECK(from("192.0.2.1") == "");
        CHECK(from("198.51.100.7") == "new_login email ada@example.org;");
        CHECK(world.last_text.find("198.51.100.7") != std::string::npos);
        CHECK(from("198.51.100.7") == "");
        const std::string wrong = json::make_object("username", "ada", "password", "wrong one");
        CHECK(world.call({.path = "/login/v1", .body = wrong, .address = "198.51.100.8"}).status ==
              401);
        CHECK(world.messages() == "");
    }

    TEST_CASE("a refresh token that comes twice is told once") {
        MessageWorld world({.email = true});
        world.settings(R"({"security":{"open_registration_enabled":true}})");
        CHECK(world
                  .post("/auth/register", R"({"username":"hedy","email":"h@example.org",)"
                                          R"("password":"correct horse"})")
                  .status == 201);
        (void)world.messages();
        const auto login =
            world.post("/auth/login", R"({"email":"h@example.org","password":"correct horse"})");
        const std::string token = login.body["data"]["refresh_token"].string().value_or("");
        const std::string body = json::make_object("refresh_token", token);
        CHECK(world.post("/auth/refresh", body).status == 200);
        CHECK(world.messages() == "");
        CHECK(world.post("/auth/refresh", body).status == 401);
        CHECK(world.messages() == "session_reused email h@example.org;");
        CHECK(world.post("/auth/refresh", body).status == 401);
        CHECK(world.messages() == "");
    }

    TEST_CASE("what is refused is not told") {
        MessageWorld world({.email = true});
        world.reach("ada", "ada@example.org");
        CHECK(world
                  .post("/user/change-password",
                        R"({"old_password":"wrong","new_password":"another"})", world.ada_access)
                  .status == 400);
        CHECK(world.messages() == "");
    }

    TEST_CASE("an outbox that cannot be written undoes what it tells of") {
        MessageWorld world({.email = true});
        world.reach("ada", "ada@example.org");
        world.write("ALTER TABLE notifications RENAME TO mislaid");
        CHECK(world
                  .post("/user/change-password",
                        R"({"old_password":"secret1","new_password":"another"})", world.ada_access)
                  .status == 500);
        world.write("ALTER TABLE mislaid RENAME TO notifications");
        CHECK(world.login("ada").status == 200);  // with the old password
    }
}
