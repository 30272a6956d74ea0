#include "courseselect/nodes/auth/guess_guard.hpp"

#include <doctest/doctest.h>

#include <set>

#include "courseselect/json/example.hpp"
#include "fixture.hpp"

using namespace courseselect;
using test::AuthAnswer;
using test::AuthCall;
using test::AuthFixture;

namespace {

/// Three tries of a password, two of a code, and no limit by address worth the name.
void narrow_accounts(AuthFixture::Options& options) {
    options.guesses.password.free_attempts = 3;
    options.guesses.password.delay_first = std::chrono::seconds(10);
    options.guesses.totp.free_attempts = 2;
    options.guesses.totp.delay_first = std::chrono::milliseconds(4'500);
}

/// Refused for now, for so many seconds: the text rounds down, the header up (contract §1.5).
void check_wait(const AuthAnswer& answer, int text_seconds, int header_seconds) {
    CHECK(answer.status == 429);
    CHECK(answer.detail() ==
          "Rate limit exceeded. Please wait " + std::to_string(text_seconds) + " seconds.");
    CHECK(answer.header("Retry-After") == std::to_string(header_seconds));
}

/// Whether strangers, or thieves of a token, could try secrets here: logins, codes, tokens.
bool takes_a_secret(const api::RouteInfo& route) {
    static const std::set<std::string_view> proofs{"password", "old_password", "totp_code"};
    if (route.is_hidden || route.path.starts_with("/health") || route.path == "/metrics") {
        return false;
    }
    if (route.access == api::Access::refresh) {
        return true;
    }
    if (route.access == api::Access::open) {
        return route.method != net::http::Method::get;  // what everybody may read is no secret
    }
    return route.access == api::Access::bearer && route.body_type != nullptr &&
           std::any_of(route.body_type->fields.begin(), route.body_type->fields.end(),
                       [](const json::FieldInfo& field) { return proofs.contains(field.name); });
}

/// A request that gets past the declaration, with `token`.
AuthCall documented_call(const api::RouteInfo& route, const std::string& token) {
    AuthCall call{.method = route.method, .path = route.path, .token = token};
    call.body = route.body_example;
    if (route.body_type != nullptr && call.body.empty()) {
        json::append_example(call.body, *route.body_type);
    }
    return call;
}

}  // namespace

TEST_SUITE("nodes/auth/guess_guard") {
    TEST_CASE("every path where secrets can be tried is limited by address") {
        AuthFixture auth([](AuthFixture::Options& options) {
            options.guesses.address.bucket = {.capacity = 20, .refill_per_second = 0.01};
        });
        const auto tina = auth.enrol("tina", "teacher");
        const std::string access =
            auth.post("/login/no-2fa", "", tina.refresh_token).text("access_token");
        int paths = 0;
        for (const api::RouteInfo* route : auth.node->service().routes()) {
            if (!takes_a_secret(*route)) {
                continue;
            }
            AuthCall call = documented_call(
                *route, route->access == api::Access::bearer ? access : tina.refresh_token);
            call.address = "198.51.100." + std::to_string(++paths);
            CAPTURE(call.path);
            AuthCall spend{.path = "/auth/refresh?refresh_token=nonsense", .address = call.address};
            for (int i = 0; i < 20; ++i) {
                CHECK(auth.call(spend).status == 401);
            }
            CHECK(auth.call(call).status == 429);
        }
        CHECK(paths >= 20);
    }

    TEST_CASE("an account takes its free tries, then waits; the right password waits too") {
        AuthFixture auth(narrow_accounts);
        auth.enrol("tina", "teacher");
        for (int i = 0; i < 3; ++i) {
            CHECK(auth.login(i == 0 ? "tina" : "TINA", "wrong").status == 401);
        }
        check_wait(auth.login("tina"), 10, 10);
        auth.clock.advance(std::chrono::milliseconds(9'500));
        check_wait(auth.login("tina"), 0, 1);
        auth.clock.advance(std::chrono::milliseconds(500));
        CHECK(auth.login("tina", "wrong").status == 401);
        check_wait(auth.login("tina"), 20, 20);
        auth.clock.advance(std::chrono::seconds(20));
        CHECK(auth.login("tina").status == 200);
        for (int i = 0; i < 3; ++i) {
            CHECK(auth.login("tina", "wrong").status == 401);
        }
    }

    TEST_CASE("a name that nobody has is slowed down like one that somebody has") {
        AuthFixture auth(narrow_accounts);
        for (int i = 0; i < 3; ++i) {
            CHECK(auth.login("nobody", "wrong").detail() == "Invalid credentials");
        }
        check_wait(auth.login("nobody", "wrong"), 10, 10);
        CHECK(auth.login("somebody", "wrong").status == 401);
    }

    TEST_CASE("tries at once are charged before they are made") {
        AuthFixture auth(narrow_accounts);
        auth.enrol("tina", "teacher");
        const std::vector<AuthCall> same(
            10, {.path = "/login/v1", .body = R"({"username":"tina","password":"wrong"})"});
        const auto before = auth.node->state().passwords.computations();
        int tried = 0;
        for (const auto& answer : auth.all(same)) {
            tried += answer.status == 401 ? 1 : 0;
        }
        CHECK(tried == 3);
        CHECK(auth.node->state().passwords.computations() == before + 3);
    }

    TEST_CASE("2FA codes are limited by account, over all paths that take one") {
        AuthFixture auth(narrow_accounts);
        const auto alice = auth.student("alice");
        const auto token = auth.login("alice").text("refresh_token");
        CHECK(auth.post("/login/v2", auth.wrong_totp(alice), token).status == 400);
        CHECK(auth.post("/refresh", auth.wrong_totp(alice), token).status == 400);
        check_wait(auth.post("/login/v2", auth.totp(alice), token), 4, 5);
        check_wait(auth.post("/register/v2", auth.totp(alice), token), 4, 5);
        auth.clock.advance(std::chrono::milliseconds(4'500));
        CHECK(auth.post("/login/v2", auth.totp(alice), token).status == 200);
    }

    TEST_CASE("2FA tries of student 1 and teacher 1 are counted apart") {
        AuthFixture auth(narrow_accounts);
        const auto alice = auth.student("alice");
        const auto tina = auth.enrol("tina", "teacher");
        const auto token = auth.login("alice").text("refresh_token");
        for (int i = 0; i < 3; ++i) {
            auth.post("/login/v2", auth.wrong_totp(alice), token);
        }
        CHECK(auth.post("/login/v2", auth.totp(alice), token).status == 429);
        CHECK(auth.post("/login/v2", R"({"totp_code":"000000"})", tina.refresh_token).status ==
              200);
    }

    TEST_CASE("an address has a bucket for all paths together; another address has its own") {
        AuthFixture auth([](AuthFixture::Options& options) {
            options.guesses.address.bucket = {.capacity = 4, .refill_per_second = 0.25};
        });
        const AuthCall tries[] = {
            {.path = "/login/v1", .body = R"({"username":"a","password":"b"})"},
            {.path = "/login/admin", .body = R"({"username":"a","password":"b"})"},
            {.path = "/register/v1", .body = auth.registration("alice", "student", "nonsense")},
            {.path = "/auth/refresh?refresh_token=nonsense"}};
        for (const AuthCall& attempt : tries) {
            CHECK(auth.call(attempt).status != 429);
        }
        for (AuthCall attempt : tries) {
            check_wait(auth.call(attempt), 4, 4);
            attempt.address = "192.0.2.2";
            CHECK(auth.call(attempt).status != 429);
        }
        auth.clock.advance(std::chrono::milliseconds(500));
        check_wait(auth.call(tries[0]), 3, 4);
        auth.clock.advance(std::chrono::milliseconds(3'500));
        CHECK(auth.call(tries[0]).status == 401);
        check_wait(auth.call(tries[0]), 4, 4);
    }

    TEST_CASE("what the test files of clients do passes: a login a second, 4 registrations") {
        AuthFixture auth;
        const std::string code = auth.code("student", 1000);
        for (int second = 0; second < 20; ++second) {
            for (int i = 0; i < 4; ++i) {
                const auto name = "s" + std::to_string(second) + "-" + std::to_string(i);
                const auto made =
                    auth.post("/register/v1", auth.registration(name, "student", code));
                REQUIRE(made.status == 200);
                REQUIRE(auth.login(name).status == 200);
            }
            auth.clock.advance(std::chrono::seconds(1));
        }
    }

    TEST_CASE("limits can be switched off") {
        AuthFixture auth([](AuthFixture::Options& options) {
            options.guesses.enabled = false;
            options.guesses.password.free_attempts = 1;
            options.guesses.address.bucket = {.capacity = 1, .refill_per_second = 0.01};
        });
        for (int i = 0; i < 5; ++i) {
            CHECK(auth.login("nobody", "wrong").status == 401);
        }
    }
}
