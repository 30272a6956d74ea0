#include "courseselect/nodes/auth/two_factor.hpp"

#include <doctest/doctest.h>

#include "fixture.hpp"

using namespace courseselect;
using test::AuthFixture;

namespace {

/// bob asks for a secret; what he gets becomes his.
test::Enrolled with_new_secret(AuthFixture& auth, test::Enrolled who) {
    const auto begun = auth.post("/setup/2fa/v1", "", who.refresh_token);
    CHECK(begun.status == 200);
    who.totp_secret = core::Secret(begun.text("totp_secret"));
    return who;
}

std::string confirmation(const AuthFixture& auth, const test::Enrolled& who, int steps = 0) {
    return json::make_object("totp_secret", std::string(who.totp_secret.reveal()), "totp_code",
                             auth.digits(who, steps));
}

}  // namespace

TEST_SUITE("nodes/auth/two_factor") {
    TEST_CASE("a secret is handed out, confirmed, and then asked for at login") {
        AuthFixture auth;
        auto bob = auth.enrol("bob");
        bob.refresh_token = auth.login("bob").text("refresh_token");
        const auto begun = auth.post("/setup/2fa/v1", "", bob.refresh_token);
        CHECK(begun.status == 200);
        CHECK(begun.body.members().size() == 3);
        CHECK(begun.text("totp_secret").size() == 32);
        CHECK(begun.text("totp_uri").starts_with("otpauth://totp/Course%20Selection:bob?secret="));
        CHECK_FALSE(begun.text("message").empty());
        CHECK(auth.get("/check/2fa-status", bob.refresh_token).body["has_2fa"].boolean() == false);
        bob.totp_secret = core::Secret(begun.text("totp_secret"));
        const auto done = auth.post("/setup/2fa/v2", confirmation(auth, bob), bob.refresh_token);
        CHECK(done.status == 200);
        CHECK(done.body["success"].boolean() == true);
        CHECK_FALSE(done.text("message").empty());
        CHECK(auth.get("/check/2fa-status", bob.refresh_token).body["has_2fa"].boolean() == true);
    }

    TEST_CASE("the code that confirmed may serve for one login right after, no more") {
        AuthFixture auth;
        auto bob = with_new_secret(auth, auth.enrol("bob"));
        CHECK(auth.post("/setup/2fa/v2", confirmation(auth, bob), bob.refresh_token).status == 200);
        const auto token = auth.login("bob").text("refresh_token");
        CHECK(auth.post("/login/v2", auth.totp(bob), token).status == 200);
        const auto again = auth.login("bob").text("refresh_token");
        CHECK(auth.post("/login/v2", auth.totp(bob), again).detail() == "Invalid 2FA code");
    }

    TEST_CASE("one step before and after is accepted, two are not") {
        for (const int steps : {-2, -1, 0, 1, 2}) {
            CAPTURE(steps);
            AuthFixture auth;
            const auto alice = auth.student("alice");
            const auto token = auth.login("alice").text("refresh_token");
            const auto answer = auth.post("/login/v2", auth.totp(alice, steps), token);
            CHECK(answer.status == (steps >= -1 && steps <= 1 ? 200 : 400));
            const bool is_near = steps >= -1 && steps <= 1;
            CHECK(auth.get("/get/user", answer.text("access_token")).status ==
                  (is_near ? 200 : 422));
        }
    }

    TEST_CASE("a used code kills the codes before it, and of all that race only one wins") {
        AuthFixture auth;
        const auto alice = auth.student("alice");
        const auto token = auth.login("alice").text("refresh_token");
        CHECK(auth.post("/login/v2", auth.totp(alice, 1), token).status == 200);
        CHECK(auth.post("/login/v2", auth.totp(alice, 0), token).status == 400);
        auth.clock.advance(std::chrono::seconds(60));
        const std::vector<test::AuthCall> same(
            6, {.path = "/login/v2", .body = auth.totp(alice), .token = token});
        int won = 0;
        for (const auto& answer : auth.all(same)) {
            won += answer.status == 200 ? 1 : 0;
        }
        CHECK(won == 1);
    }

    TEST_CASE("only the secret handed out last can be confirmed") {
        AuthFixture auth;
        const auto first = auth.enrol("bob");
        const auto second = with_new_secret(auth, first);
        CHECK(auth.post("/setup/2fa/v2", confirmation(auth, first), first.refresh_token).status ==
              400);
        auto own = first;
        own.totp_secret = courseselect::auth::make_totp_secret(auth.random);
        CHECK(auth.post("/setup/2fa/v2", confirmation(auth, own), first.refresh_token).detail() ==
              "Invalid 2FA code");
        CHECK(auth.post("/setup/2fa/v2", confirmation(auth, second), first.refresh_token).status ==
              200);
    }
}
