// The chat's store on PostgreSQL keeps the promises that SQLite's does.

#include "courseselect/repo/chat_store.hpp"

#include <doctest/doctest.h>

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
}
