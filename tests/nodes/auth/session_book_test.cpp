#include "courseselect/nodes/auth/session_book.hpp"

#include <doctest/doctest.h>

#include "courseselect/repo/auth_control.hpp"
#include "fixture.hpp"

using namespace courseselect;
using test::AuthFixture;

namespace {

constexpr const char* sessions = "SELECT count(*) FROM sessions";
constexpr const char* ended = "SELECT count(*) FROM revocations WHERE is_session = 1";

void idle_after(AuthFixture::Options& options) {
    options.settings.security.session_idle_seconds = 3'600;
}

}  // namespace

TEST_SUITE("nodes/auth/session_book") {
    TEST_CASE("a newer login ends the older one, and the other nodes can hear of it") {
        AuthFixture auth;
        const auto ann = auth.student("ann");
        CHECK(auth.count(sessions) == 2);  // hers and the administrator's
        CHECK(auth.login("ann").status == 200);
        CHECK(auth.count(sessions) == 2);
        CHECK(auth.count(ended) == 1);
        CHECK(auth.post("/check/2fa-status", "", ann.refresh_token).status == 405);
        CHECK(auth.get("/check/2fa-status", ann.refresh_token).status == 401);
    }

    TEST_CASE("as many sessions live as the settings allow, and the oldest goes first") {
        AuthFixture auth([](AuthFixture::Options& options) {
            options.settings.security.sessions_per_user_max = 2;
        });
        const auto ann = auth.student("ann");
        auth.clock.advance(std::chrono::seconds(1));
        const std::string second = auth.login("ann").text("refresh_token");
        CHECK(auth.get("/check/2fa-status", ann.refresh_token).status == 200);
        auth.clock.advance(std::chrono::seconds(1));
        const std::string third = auth.login("ann").text("refresh_token");
        CHECK(auth.get("/check/2fa-status", ann.refresh_token).status == 401);
        CHECK(auth.get("/check/2fa-status", second).status == 200);
        CHECK(auth.get("/check/2fa-status", third).status == 200);
    }

    TEST_CASE("administrators are logged in at several places, at 32 of them") {
        AuthFixture auth;
        for (std::size_t i = 0; i <= nodes::accounts::SessionBook::admin_sessions_max; ++i) {
            CHECK_FALSE(auth.admin().empty());
            auth.clock.advance(std::chrono::seconds(1));
        }
        CHECK(auth.count(sessions) == 32);
        CHECK(auth.count(ended) == 1);
    }

    TEST_CASE("a session that nobody used for an hour is over at its very end") {
        AuthFixture auth(idle_after);
        const auto ann = auth.student("ann");
        auth.clock.advance(std::chrono::seconds(3'599));
        CHECK(auth.post("/login/v2", auth.totp(ann), ann.refresh_token).status == 200);
        auth.clock.advance(std::chrono::seconds(3'599));
        CHECK(auth.post("/login/v2", auth.totp(ann), ann.refresh_token).status == 200);
        auth.clock.advance(std::chrono::seconds(3'600));
        const auto late = auth.post("/login/v2", auth.totp(ann), ann.refresh_token);
        CHECK(late.status == 401);
        CHECK(late.detail() == "Invalid refresh token");
    }

    TEST_CASE("idle sessions are forgotten without telling anybody: tokens die by themselves") {
        AuthFixture auth(idle_after);
        auth.student("ann");
        auth.clock.advance(std::chrono::seconds(3'601));
        struct Purge {
            static async::Task<> run(nodes::accounts::AuthNode& node) {
                const auto purged = co_await node.purge();
                CHECK(purged.has_value());
            }
        };
        test::run(auth.loop, Purge::run(*auth.node));
        CHECK(auth.count(sessions) == 1);  // the administrator's
        auth.clock.advance(std::chrono::hours(24));
        test::run(auth.loop, Purge::run(*auth.node));
        CHECK(auth.count(sessions) == 0);
        CHECK(auth.count(ended) == 0);
    }

    TEST_CASE("an administrator's session is renewed for a day after its last use") {
        AuthFixture auth(idle_after);
        const std::string login = R"({"username":"admin","password":"admin123"})";
        std::string token = auth.post("/login/admin", login).text("refresh_token");
        const auto renew = [&](std::chrono::seconds later) {
            auth.clock.advance(later);
            const auto next = auth.post("/auth/refresh", json::make_object("refresh_token", token));
            token = next.text("refresh_token");
            return next.status;
        };
        CHECK(renew(std::chrono::hours(24) - std::chrono::seconds(1)) == 200);
        CHECK(renew(std::chrono::hours(24) - std::chrono::seconds(1)) == 200);
        CHECK(renew(std::chrono::hours(24)) == 401);
    }

    TEST_CASE("a refresh token that was replaced already ends its whole session") {
        AuthFixture auth;
        const auto ann = auth.student("ann");
        const std::string body = json::make_object("refresh_token", ann.refresh_token);
        const std::string next = auth.post("/auth/refresh", body).text("refresh_token");
        CHECK_FALSE(next.empty());
        CHECK(auth.post("/auth/refresh", body).status == 401);
        CHECK(auth.get("/check/2fa-status", next).status == 401);
        CHECK(auth.count(ended) == 1);
    }

    TEST_CASE("logging out with an access token ends its session and no other") {
        AuthFixture auth;
        const std::string first = auth.admin();
        const std::string second = auth.admin();
        CHECK(auth.post("/logout", "", first).status == 200);
        CHECK(auth.count(ended) == 1);
        CHECK(auth.count(sessions) == 1);
        CHECK(auth.get("/get/user", first).status == 401);
        CHECK(auth.get("/get/user", second).status == 200);
        CHECK(auth.count("SELECT count(*) FROM refresh_tokens") == 1);
    }
}
