#include "courseselect/nodes/auth/housekeeping.hpp"

#include <doctest/doctest.h>

#include "courseselect/async/sleep.hpp"
#include "fixture.hpp"

using namespace courseselect;
using test::AuthFixture;

namespace {

constexpr const char* stored_tokens = "SELECT count(*) FROM refresh_tokens";

std::int64_t purge_now(AuthFixture& auth) {
    struct Purge {
        static async::Task<> run(nodes::accounts::AuthNode& node, std::int64_t& rows) {
            auto purged = co_await node.purge();
            CHECK(purged.has_value());
            rows = std::move(purged).value_or(-1);
        }
    };
    std::int64_t rows = 0;
    test::run(auth.loop, Purge::run(*auth.node, rows));
    return rows;
}

/// Lets the node work until only `left` tokens are stored; the watchdog of `run` ends the wait.
async::Task<> until_stored(AuthFixture& auth, std::int64_t left) {
    while (auth.count(stored_tokens) > left) {
        co_await async::yield(auth.loop);
    }
}

}  // namespace

TEST_SUITE("nodes/auth/housekeeping") {
    TEST_CASE("expired refresh tokens are forgotten at their very end, living ones are kept") {
        AuthFixture auth;
        for (int i = 0; i < 3; ++i) {
            auth.admin();
        }
        auth.clock.advance(std::chrono::seconds(604'800 - 1));
        auth.admin();
        CHECK(purge_now(auth) == 0);
        auth.clock.advance(std::chrono::seconds(1));
        CHECK(purge_now(auth) == 3);
        CHECK(auth.count(stored_tokens) == 1);
    }

    TEST_CASE("more than a batch is forgotten batch by batch") {
        AuthFixture auth([](AuthFixture::Options& options) { options.purge.batch = 2; });
        for (int i = 0; i < 5; ++i) {
            auth.admin();
        }
        auth.clock.advance(std::chrono::hours(24 * 7));
        CHECK(purge_now(auth) == 5);
        CHECK(auth.count(stored_tokens) == 0);
    }

    TEST_CASE("the node forgets by itself, whoever logs in or not") {
        AuthFixture auth([](AuthFixture::Options& options) {
            options.purge.every = std::chrono::milliseconds(1);
        });
        auth.enrol("tina", "teacher");
        auth.admin();
        CHECK(auth.count(stored_tokens) >= 2);
        auth.clock.advance(std::chrono::hours(24 * 7));
        test::run(auth.loop, until_stored(auth, 0));
        CHECK(auth.count(stored_tokens) == 0);
    }

    TEST_CASE("a purge that fails is an error, and the next one works") {
        AuthFixture auth;
        auth.admin();
        struct Purge {
            static async::Task<> run(nodes::accounts::AuthNode& node, bool& failed) {
                const auto purged = co_await node.purge();
                failed = !purged.has_value();
            }
        };
        bool failed = false;
        // What the node does at its start may meet the fault instead.
        for (int tries = 0; !failed && tries < 100; ++tries) {
            auth.faults.statement = 1;
            test::run(auth.loop, Purge::run(*auth.node, failed));
        }
        CHECK(failed);
        auth.clock.advance(std::chrono::hours(24 * 7));
        CHECK(purge_now(auth) == 1);
    }
}
