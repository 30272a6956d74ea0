#include "courseselect/nodes/auth/user_login.hpp"

#include <doctest/doctest.h>

#include "user_world.hpp"

using namespace courseselect;
using test::member_names;
using test::UserWorld;

namespace {

const std::string wrong = "Wrong email, username or password";

std::string login_body(const std::string& name, const std::string& password) {
    return json::make_object("email", name, "password", password);
}

}  // namespace

TEST_SUITE("nodes/auth/user_login") {
    TEST_CASE("a login answers field by field, by address or name, whatever the case") {
        UserWorld world;
        world.join("zoe");
        const auto in = world.log_in("Zoe@example.org");
        CHECK(in.status == 200);
        CHECK(member_names(in.body) == "success message data");
        CHECK(in.body["success"].boolean() == true);
        const json::Value data = in.body["data"];
        CHECK(member_names(data) == "user access_token refresh_token token_type expires_in");
        CHECK(member_names(data["user"]) == "_id email username status created_at updated_at");
        CHECK(data["token_type"].string() == "Bearer");
        CHECK(data["expires_in"].integer() == 1800);
        CHECK(world.log_in("ZOE").status == 200);
        CHECK(world
                  .post("/auth/login",
                        json::make_object("username", "zoe", "password", test::user_password))
                  .status == 200);
        CHECK(world.count("SELECT count(*) FROM audit WHERE action = 'login' AND actor = "
                          "'student:" +
                          std::to_string(world.id_of("zoe")) +
                          "' AND target = 'ZOE' AND outcome = 'ok'") == 1);
    }

    TEST_CASE("/auth/me answers field by field") {
        UserWorld world;
        const auto zoe = world.joined("zoe");
        const auto me = world.get("/auth/me", zoe.access);
        CHECK(me.status == 200);
        CHECK(member_names(me.body) == "success data");
        CHECK(member_names(me.body["data"]) == "user wallet");
        CHECK(me.body["data"]["user"]["_id"].string() == zoe.id);
        const json::Value wallet = me.body["data"]["wallet"];
        CHECK(member_names(wallet) == "_id user_id balance currency");
        CHECK(wallet["user_id"].string() == zoe.id);
        // Users of the other contract have both as well.
        for (const std::string& token : {world.ada_access, world.teacher_access, world.boss}) {
            CHECK(world.get("/auth/me", token).body["data"]["wallet"]["balance"].number() == 0.0);
        }
    }

    TEST_CASE("a login is refused with one text and the same work, whoever it is") {
        UserWorld world;
        world.join("zoe");
        const auto call = [](const std::string& name) {
            return test::AuthCall{.path = "/auth/login", .body = login_body(name, "wrong")};
        };
        for (const char* name :
             {"zoe", "zoe@example.org", "nobody", "no@body.org", "admin", "ada", "@", "x@y@z"}) {
            const auto before = world.node->state().passwords.computations();
            check_user_refusals(world, {{name, call(name), 401, wrong}});
            CHECK(world.node->state().passwords.computations() == before + 1);
        }
        CHECK(world.audited("login") == "bad_credentials");
        const auto empty = world.post("/auth/login", "{}");
        CHECK(empty.status == 400);
        CHECK(world.fields_of(empty) == "password");
        CHECK(world.fields_of(world.post("/auth/login", R"({"password":"x"})")) == "email");
        CHECK(world.fields_of(
                  world.post("/auth/login", R"({"email":"z","password":"x","totp_code":"12"})")) ==
              "totp_code");
    }

    TEST_CASE("tries are limited by account, by whatever name, with Retry-After") {
        UserWorld world(true, [](test::AuthFixture::Options& options) {
            options.guesses.password.free_attempts = 3;
        });
        world.join("zoe");
        CHECK(world.log_in("zoe", "wrong").status == 401);
        CHECK(world.log_in("zoe@example.org", "wrong").status == 401);
        CHECK(world.log_in("ZOE", "wrong").status == 401);
        const auto late = world.log_in("zoe@example.org");
        CHECK(late.status == 429);
        CHECK(late.body["success"].boolean() == false);
        CHECK(std::stoi("0" + late.header("Retry-After")) >= 1);
    }

    TEST_CASE("a student who came with a code has no way around 2FA") {
        UserWorld world;
        world.enrol("bea");
        const auto refused = world.log_in("bea", test::good_password);
        CHECK(refused.status == 403);
        CHECK(refused.text("error").find("/setup/2fa/v1") != std::string::npos);
        CHECK_FALSE(refused.body["data"].exists());
        CHECK(world.audited("login") == "no_2fa");
        CHECK(world.count("SELECT count(*) FROM sessions WHERE user_id = " +
                          std::to_string(world.id_of("bea")) + " AND kind = 'student'") == 1);
        CHECK(world.log_in("bea", test::good_password, "123456").status == 403);
        CHECK(world.log_in("bea", "wrong").status == 401);
    }

    TEST_CASE("who has 2FA sends a code, once each") {
        UserWorld world;
        world.clock.advance(std::chrono::seconds(60));
        const auto with = [&](const std::string& code) {
            return world.log_in("ada", test::good_password, code);
        };
        const auto without = with("");
        CHECK(without.status == 401);
        CHECK(without.text("error") == "A 2FA code is needed: send totp_code too");
        const std::string code = world.digits(world.ada);
        CHECK(with(code == "000000" ? "000001" : "000000").text("error") == "Invalid 2FA code");
        CHECK(world.audited("login") == "totp_wrong");
        const auto in = with(code);
        CHECK(in.status == 200);
        CHECK(with(code).status == 401);
        const std::string access = in.body["data"]["access_token"].string().value_or("");
        CHECK(world.get("/get/user", access).text("username") == "ada");
    }

    TEST_CASE("teachers and administrators log in here too, unless they lack what is asked") {
        UserWorld world;
        CHECK(world.log_in("curie", test::good_password).status == 200);
        CHECK(world.log_in("admin", "admin123").status == 200);
        UserWorld strict(true, [](test::AuthFixture::Options& options) {
            options.settings.security.teachers_need_2fa = true;
        });
        CHECK(strict.log_in("curie", test::good_password).status == 403);
    }

    TEST_CASE("an inactive account is told so with the right password only") {
        UserWorld world;
        world.join("zoe");
        world.set_active("zoe", false);
        check_user_refusals(
            world,
            {{"right",
              {.path = "/auth/login", .body = login_body("zoe", test::user_password)},
              403,
              "Account is inactive; ask an administrator"},
             {"wrong", {.path = "/auth/login", .body = login_body("zoe", "wrong")}, 401, wrong}});
    }

    TEST_CASE("a new login ends the oldest session, on both doors") {
        UserWorld world;
        const auto zoe = world.joined("zoe");
        const auto second = world.log_in("zoe").body["data"];
        CHECK(world.get("/auth/me", zoe.access).status == 401);
        CHECK(world.get("/auth/me", second["access_token"].string().value()).status == 200);
        CHECK(world.login("zoe", test::user_password).status == 200);
        CHECK(world.get("/auth/me", second["access_token"].string().value()).status == 401);
    }

    TEST_CASE("logout takes access and refresh token of that session, and says so once") {
        UserWorld world(true, [](test::AuthFixture::Options& options) {
            options.settings.security.sessions_per_user_max = 2;
        });
        const auto zoe = world.joined("zoe");
        const auto other = world.log_in("zoe").body["data"];
        const auto out = world.post("/auth/logout", "", zoe.access);
        CHECK(out.status == 200);
        CHECK(member_names(out.body) == "success message");
        const std::string over = "Invalid token: log in again";
        check_user_refusals(
            world,
            {{"me",
              {.method = net::http::Method::get, .path = "/auth/me", .token = zoe.access},
              401,
              over},
             {"again", {.path = "/auth/logout", .token = zoe.access}, 401, over},
             {"refresh",
              {.path = "/auth/refresh", .body = json::make_object("refresh_token", zoe.refresh)},
              401,
              "Invalid refresh token"},
             {"no token", {.path = "/auth/logout"}, 401, "Authorization required"},
             {"nonsense", {.path = "/auth/logout", .token = "x"}, 401, "Invalid token"}});
        CHECK(world.count("SELECT count(*) FROM revocations WHERE is_session = 1") >= 1);
        CHECK(world.get("/auth/me", other["access_token"].string().value()).status == 200);
        CHECK(world.count("SELECT count(*) FROM audit WHERE action = 'logout' AND "
                          "outcome = 'ok'") == 1);
    }

    TEST_CASE("a refresh rotates; an old token ends the family, access tokens included") {
        UserWorld world;
        const auto zoe = world.joined("zoe");
        const auto refresh = [&](const std::string& token) {
            return world.post("/auth/refresh", json::make_object("refresh_token", token));
        };
        const auto next = refresh(zoe.refresh);
        CHECK(next.status == 200);
        CHECK(next.body["success"].boolean() == true);
        CHECK(member_names(next.body["data"]) ==
              "access_token refresh_token token_type expires_in");
        CHECK(next.text("token_type") == "Bearer");
        CHECK(next.body["expires_in"].integer() == 1800);
        CHECK(next.text("refresh_token") != zoe.refresh);
        CHECK(world.get("/auth/me", next.text("access_token")).status == 200);
        CHECK(refresh(zoe.refresh).status == 401);
        CHECK(refresh(next.text("refresh_token")).status == 401);
        CHECK(world.get("/auth/me", next.text("access_token")).status == 401);
        CHECK(world.count("SELECT count(*) FROM audit WHERE outcome = 'token_reused'") == 1);
    }

    TEST_CASE("a refresh body that is not valid is a 400 that names the field") {
        UserWorld world;
        for (const char* body : {"{}", R"({"refresh_token":17})", R"({"refresh_token":null})"}) {
            const auto bad = world.post("/auth/refresh", body);
            CHECK(bad.status == 400);
            CHECK(bad.body["success"].boolean() == false);
            CHECK(world.fields_of(bad) == "refresh_token");
        }
        CHECK(world.fields_of(world.post("/auth/refresh", "{")) == "body");
        const auto refused = world.post("/auth/refresh", R"({"refresh_token":"x"})");
        CHECK(refused.status == 401);
        CHECK(member_names(refused.body) == "success error");
        CHECK(world.post("/auth/refresh").status == 422);  // the other contract's form
    }

    TEST_CASE("after a change of name a refreshed token carries the new one") {
        UserWorld world;
        const auto zoe = world.joined("zoe");
        world.put("/auth/" + zoe.id, R"({"username":"zora"})", zoe.access);
        const auto next =
            world.post("/auth/refresh", json::make_object("refresh_token", zoe.refresh));
        const auto claims =
            world.node->state().tokens.claims(next.text("access_token"), auth::TokenType::access);
        REQUIRE(claims.has_value());
        CHECK(claims->principal.username == "zora");
    }
}
