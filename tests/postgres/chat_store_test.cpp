// The chat's store on PostgreSQL keeps the promises that SQLite's does.

#include "courseselect/repo/chat_store.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <thread>
#include <utility>

#include "postgres/support.hpp"
#include "repo/chat_store_contract.hpp"
#include "support/run.hpp"

using namespace courseselect;
using namespace courseselect::test::chat_store;
using test::PostgresFixture;

namespace {

async::Task<> with_postgres_store(async::EventLoop& loop, const core::Clock& clock, std::string url,
                                  async::Task<> (*check)(ChatStore&)) {
    auto database = PostgresFixture::open(url);
    auto store =
        repo::open_chat_store(loop, std::move(database), repo::ChatDialect::postgres, clock);
    REQUIRE(store);
    co_await check(**store);
    co_await (*store)->stop();
}

/// Appends until the answer to one of the commits is lost; how many there were in all.
async::Task<> append_until_lost(ChatStore& store, PostgresFixture& fixture, int& appended) {
    const auto ann = co_await store.add_user("ann", "hash", noon);
    REQUIRE(ann);
    fixture.hold_answers();
    for (bool is_lost = false; !is_lost;) {
        std::atomic<bool> is_done{false};
        std::thread breaker([&] { is_lost = fixture.lose_answer(is_done); });
        auto one = numbered(*ann, ++appended, 1);
        const auto ids = co_await store.append(std::move(one));
        is_done = true;
        breaker.join();
        REQUIRE(ids.has_value() != is_lost);
        CHECK((ids || ids.error().code() == core::Errc::outcome_unknown));
    }
    fixture.release_answers();
}

async::Task<> check_lost_commit(async::EventLoop& loop, const core::Clock& clock,
                                PostgresFixture& fixture) {
    postgres::PostgresOptions options;
    options.recovery_max = std::chrono::milliseconds{0};
    auto database = PostgresFixture::open(fixture.url, options);
    auto store =
        repo::open_chat_store(loop, std::move(database), repo::ChatDialect::postgres, clock);
    REQUIRE(store);
    int appended = 0;
    co_await append_until_lost(**store, fixture, appended);
    std::vector<repo::NewChatMessage> nothing;
    const auto later = co_await (*store)->append(std::move(nothing));
    REQUIRE(later);
    CHECK(later->empty());
    repo::ChatRange all;
    all.limit = 10'000;
    const auto page = co_await (*store)->history(all);
    REQUIRE(page);
    CHECK(page->messages.size() == static_cast<std::size_t>(appended));
    co_await (*store)->stop();
}

}  // namespace

TEST_SUITE("postgres/chat_store") {
    TEST_CASE("it keeps the promises of every chat store") {
        using Check = async::Task<> (*)(ChatStore&);
        for (const Check check : {&check_users, &check_messages, &check_ranges}) {
            const PostgresFixture fixture;
            async::EventLoop loop;
            const core::ManualClock clock;
            test::run(loop, with_postgres_store(loop, clock, fixture.url, check));
        }
    }

    TEST_CASE("messages and ids go on after it was closed and opened again") {
        const PostgresFixture fixture;
        async::EventLoop loop;
        const core::ManualClock clock;
        test::run(loop, with_postgres_store(loop, clock, fixture.url, &check_messages));
        test::run(loop, with_postgres_store(loop, clock, fixture.url, &check_reopened));
    }

    TEST_CASE("of a group that breaks a rule of the schema nothing is stored") {
        const PostgresFixture fixture;
        async::EventLoop loop;
        const core::ManualClock clock;
        test::run(loop, with_postgres_store(loop, clock, fixture.url, &check_foreign_sender));
    }

    TEST_CASE("a commit whose answer is lost is unknown, and found once the next is through") {
        PostgresFixture fixture;
        async::EventLoop loop;
        const core::ManualClock clock;
        test::run(loop, check_lost_commit(loop, clock, fixture));
    }
}
