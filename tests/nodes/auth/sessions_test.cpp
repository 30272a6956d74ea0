#include "courseselect/nodes/auth/sessions.hpp"

#include <doctest/doctest.h>

#include <algorithm>

#include "fixture.hpp"

using namespace courseselect;
using test::AuthCall;
using test::AuthFixture;

namespace {

/// alice with a login that took both steps.
test::Enrolled logged_in(AuthFixture& auth, const std::string& name = "alice") {
    auto who = auth.student(name);
    who.refresh_token = auth.login(name).text("refresh_token");
    CHECK(auth.post("/login/v2", auth.totp(who), who.refresh_token).status == 200);
    return who;
}

test::AuthAnswer rotate(AuthFixture& auth, const std::string& token) {
    return auth.post("/auth/refresh?refresh_token=" + token);
}

}  // namespace

TEST_SUITE("nodes/auth/sessions") {
    TEST_CASE("/refresh gives an access token for a fresh code and keeps the refresh token") {
        AuthFixture auth;
        const auto alice = logged_in(auth);
        CHECK(auth.post("/refresh", auth.totp(alice), alice.refresh_token).status == 400);
        for (int i = 0; i < 2; ++i) {
            auth.clock.advance(std::chrono::seconds(60));
            const auto more = auth.post("/refresh", auth.totp(alice), alice.refresh_token);
            CHECK(more.status == 200);
            CHECK(more.body["expires_in"].integer() == 1800);
            CHECK(auth.get("/get/user", more.text("access_token")).status == 200);
        }
    }

    TEST_CASE("/refresh asks teachers without 2FA and administrators for no particular code") {
        AuthFixture auth;
        const auto tina = auth.enrol("tina", "teacher");
        const char* code = R"({"totp_code":"000000"})";
        CHECK(auth.post("/refresh", code, tina.refresh_token).body["expires_in"].integer() == 7200);
        const auto admin =
            auth.post("/login/admin", R"({"username":"admin","password":"admin123"})");
        CHECK(
            auth.post("/refresh", code, admin.text("refresh_token")).body["expires_in"].integer() ==
            28800);
    }

    TEST_CASE("rotation answers field by field, in the query and in the body") {
        AuthFixture auth;
        const auto alice = logged_in(auth);
        const auto first = rotate(auth, alice.refresh_token);
        CHECK(first.status == 200);
        CHECK(first.text("token_type") == "bearer");
        CHECK(auth.get("/get/user", first.text("access_token")).status == 200);
        const auto second = auth.post(
            "/auth/refresh", json::make_object("refresh_token", first.text("refresh_token")));
        CHECK(second.status == 200);
        CHECK(second.body["success"].boolean() == true);
        CHECK(second.text("refresh_token") == second.body["data"]["refresh_token"].string());
        CHECK(second.text("refresh_token") != first.text("refresh_token"));
        const auto refused =
            auth.post("/auth/refresh", json::make_object("refresh_token", "nonsense"));
        CHECK(refused.status == 401);
        CHECK(refused.body["success"].boolean() == false);
        CHECK(refused.text("error") == "Invalid refresh token");
    }

    TEST_CASE("a rotated token that comes back ends its family, and only that") {
        AuthFixture auth;
        const auto alice = logged_in(auth);
        const auto bella = logged_in(auth, "bella");
        const auto next = rotate(auth, alice.refresh_token).text("refresh_token");
        const auto last = rotate(auth, next).text("refresh_token");
        CHECK(rotate(auth, alice.refresh_token).status == 401);
        CHECK(rotate(auth, last).status == 401);
        CHECK(rotate(auth, bella.refresh_token).status == 200);
        CHECK(auth.count("SELECT count(*) FROM audit WHERE outcome = 'token_reused'") >= 1);
    }

    TEST_CASE(
        "of many rotations of one token at once at most one counts, then the family is over") {
        AuthFixture auth;
        const auto alice = logged_in(auth);
        const std::vector<AuthCall> same(
            5, {.path = "/auth/refresh?refresh_token=" + alice.refresh_token});
        std::string next;
        int won = 0;
        for (const auto& answer : auth.all(same)) {
            if (answer.status == 200) {
                ++won;
                next = answer.text("refresh_token");
            }
        }
        CHECK(won == 1);
        CHECK(rotate(auth, next).status == 401);
    }

    TEST_CASE("a login that stopped after the password cannot be rotated into a session") {
        AuthFixture auth;
        auth.student("alice");
        const auto half = auth.login("alice").text("refresh_token");
        CHECK(rotate(auth, half).status == 401);
        CHECK(auth.get("/check/2fa-status", half).status == 200);
    }

    TEST_CASE("logout is always fine, and over is over on every path") {
        AuthFixture auth;
        const auto alice = logged_in(auth);
        const auto out = auth.post("/logout", "", alice.refresh_token);
        CHECK(out.status == 200);
        CHECK(out.body["success"].boolean() == true);
        CHECK(out.text("message") == "Logged out successfully");
        CHECK(auth.post("/logout", "", alice.refresh_token).status == 200);
        CHECK(auth.post("/logout", "", "nonsense").status == 200);
        CHECK(rotate(auth, alice.refresh_token).status == 401);
    }

    TEST_CASE("logout with an access token ends all sessions of that user, and nobody else's") {
        AuthFixture auth;
        const auto alice = logged_in(auth);
        const auto bella = logged_in(auth, "bella");
        auth.clock.advance(std::chrono::seconds(60));
        const auto access =
            auth.post("/refresh", auth.totp(alice), alice.refresh_token).text("access_token");
        CHECK(auth.post("/logout", "", access).status == 200);
        CHECK(auth.get("/check/2fa-status", alice.refresh_token).status == 401);
        CHECK(auth.get("/check/2fa-status", bella.refresh_token).status == 200);
    }

    TEST_CASE("/get/user answers field by field for each kind") {
        AuthFixture auth;
        auth.enrol("tina", "teacher");
        const auto token = auth.login("tina").text("refresh_token");
        const auto teacher =
            auth.get("/get/user", auth.post("/login/no-2fa", "", token).text("access_token"));
        CHECK(teacher.status == 200);
        CHECK(teacher.body["user_id"].integer() == 1);
        CHECK(teacher.text("username") == "tina");
        CHECK(teacher.text("user_type") == "teacher");
        CHECK(teacher.body["is_active"].boolean() == true);
        CHECK(teacher.body["has_2fa"].boolean() == false);
        CHECK(teacher.text("created_at").ends_with("Z"));
        CHECK_FALSE(teacher.body["admin_id"].exists());
        const auto admin = auth.get("/get/user", auth.admin());
        CHECK(admin.body["admin_id"].integer() == 1);
        CHECK(admin.body["user_id"].integer() == 1);
        CHECK(admin.text("user_type") == "admin");
        CHECK(admin.body["is_active"].boolean() == true);
        CHECK(admin.text("created_at").ends_with("Z"));
    }

    TEST_CASE("access tokens die with their lifetime") {
        AuthFixture auth;
        const auto access = auth.admin();
        auth.clock.advance(std::chrono::seconds(28799));
        CHECK(auth.get("/get/user", access).status == 200);
        auth.clock.advance(std::chrono::seconds(1));
        CHECK(auth.get("/get/user", access).status == 401);
    }

    TEST_CASE("the key set has the public key that checks our tokens, and no shared secret") {
        AuthFixture shared;
        CHECK(shared.get("/.well-known/jwks.json").body.text() == R"({"keys":[]})");
        const auto key = crypto::PrivateKey::generate(crypto::KeyKind::ed25519).value();
        AuthFixture auth(
            [&](AuthFixture::Options& options) { options.jwt_private_key = key.to_pem(); });
        const auto published = auth.get("/.well-known/jwks.json").body["keys"];
        REQUIRE(published.size() == 1);
        CHECK(published[0]["alg"].string() == "EdDSA");
        CHECK(published[0]["kid"].string() == auth::jwk_thumbprint(key.public_key()));
        CHECK_FALSE(published[0]["d"].exists());
        const auto claims = auth::JwtVerifier::with_key(key.public_key())
                                .verify(auth.admin(), auth.clock.wall_now());
        REQUIRE(claims);
        CHECK(claims->principal.username == "admin");
        CHECK(auth.get("/get/user", auth.admin()).status == 200);
    }
}
