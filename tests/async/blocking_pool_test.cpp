#include "courseselect/async/blocking_pool.hpp"

#include <doctest/doctest.h>

#include <future>
#include <string>
#include <thread>

#include "support/run.hpp"

using namespace courseselect;

namespace {

async::Task<> hash_on(async::BlockingPool& pool, async::EventLoop& loop, bool& elsewhere,
                      bool& back) {
    const auto here = std::this_thread::get_id();
    auto work = [] { return std::this_thread::get_id(); };
    const auto there = co_await pool.run(loop, std::move(work));
    elsewhere = *there != here;
    back = std::this_thread::get_id() == here;
}

async::Task<> try_one(async::BlockingPool& pool, async::EventLoop& loop, std::string& reason) {
    auto work = [] { return 1; };
    const auto result = co_await pool.run(loop, std::move(work));
    reason = result ? "" : std::string(result.error().reason());
}

}  // namespace

TEST_SUITE("async/blocking_pool") {
    TEST_CASE("work runs on another thread and the caller goes on where it was") {
        async::EventLoop loop;
        async::BlockingPool pool(async::BlockingPool::Options{.threads = 1});
        bool elsewhere = false;
        bool back = false;
        test::run(loop, hash_on(pool, loop, elsewhere, back));
        CHECK(elsewhere);
        CHECK(back);
    }

    TEST_CASE("a full queue refuses at once, and everything accepted is done before the end") {
        int done = 0;
        std::promise<void> gate;
        std::promise<void> started;
        {
            async::BlockingPool pool(async::BlockingPool::Options{.threads = 1, .queued_max = 2});
            REQUIRE(pool.submit([&] {
                started.set_value();
                gate.get_future().wait();
                ++done;
            }));
            started.get_future().wait();
            REQUIRE(pool.submit([&] { ++done; }));
            REQUIRE(pool.submit([&] { ++done; }));
            CHECK(pool.queued() == 2);
            CHECK_FALSE(pool.submit([&] { ++done; }));
            async::EventLoop loop;
            std::string reason;
            test::run(loop, try_one(pool, loop, reason));
            CHECK(reason == "pool_full");
            gate.set_value();
        }
        CHECK(done == 3);
    }
}
