#include "courseselect/repo/chat_store.hpp"

#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <vector>

#include "courseselect/repo/chat_memory_store.hpp"
#include "repo/chat_store_contract.hpp"
#include "support/run.hpp"
#include "support/temp_dir.hpp"

using namespace courseselect;
using namespace courseselect::test::chat_store;

namespace {

async::Task<> with_sql_store(async::EventLoop& loop, const core::Clock& clock, std::string url,
                             async::Task<> (*check)(ChatStore&)) {
    auto store = repo::open_chat_store(loop, {.database_url = url}, clock);
    REQUIRE(store);
    co_await check(**store);
    co_await (*store)->stop();
}

}  // namespace

TEST_SUITE("repo/chat_store") {
    TEST_CASE("both stores keep the same promises") {
        using Check = async::Task<> (*)(ChatStore&);
        for (const Check check : {&check_users, &check_messages, &check_ranges}) {
            async::EventLoop loop;
            repo::MemoryChatStore memory(loop);
            test::run(loop, check(memory));
            const core::ManualClock clock;
            test::run(loop, with_sql_store(loop, clock, "sqlite://", check));
        }
    }

    TEST_CASE("messages and ids go on after the database was closed and opened again") {
        const test::TempDir directory;
        const std::string url = "sqlite:///" + directory.file("chat.db");
        async::EventLoop loop;
        const core::ManualClock clock;
        test::run(loop, with_sql_store(loop, clock, url, &check_messages));
        test::run(loop, with_sql_store(loop, clock, url, &check_reopened));
    }

    TEST_CASE("of a group that breaks a rule of the schema nothing is stored") {
        async::EventLoop loop;
        const core::ManualClock clock;
        test::run(loop, with_sql_store(loop, clock, "sqlite://", &check_foreign_sender));
    }

    TEST_CASE("a database that cannot be opened is an error with a remedy") {
        async::EventLoop loop;
        const core::ManualClock clock;
        const auto store =
            repo::open_chat_store(loop, {.database_url = "papyrus:///scroll"}, clock);
        REQUIRE_FALSE(store);
        CHECK(store.error().reason() == "unknown_engine");
    }
}
