#include "courseselect/async/task.hpp"

#include <doctest/doctest.h>

#include <memory>
#include <stdexcept>
#include <string>

#include "courseselect/async/completion.hpp"
#include "courseselect/async/event.hpp"
#include "courseselect/async/sleep.hpp"
#include "courseselect/async/task_group.hpp"
#include "courseselect/core/result.hpp"
#include "support/run.hpp"

using namespace courseselect;
using namespace std::chrono_literals;

namespace {

async::Task<int> twice(int value) { co_return 2 * value; }

async::Task<core::Result<int>> checked(int value) {
    if (value < 0) {
        co_return core::Error(core::Errc::invalid_argument, "negative");
    }
    co_return value;
}

async::Task<core::Result<int>> sum(int a, int b) {
    COURSESELECT_CO_TRY(const int x, co_await checked(a));
    COURSESELECT_CO_TRY(const int y, co_await checked(b));
    co_return x + y;
}

async::Task<> many_inline(int count, long& total) {
    for (int i = 0; i < count; ++i) {
        const int value = co_await twice(i);
        total += value;
    }
}

async::Task<> throws() {
    throw std::runtime_error("boom");
    co_return;
}

async::Task<> catches(std::string& seen) {
    try {
        co_await throws();
    } catch (const std::runtime_error& error) {
        seen = error.what();
    }
}

async::Task<> waits(async::Event& event, const bool& ready, int& woken) {
    while (!ready) {
        co_await event.wait();
    }
    ++woken;
}

async::Task<> holds(std::shared_ptr<int> value, async::EventLoop& loop, std::stop_token stop) {
    *value = 1;
    const bool passed = co_await async::sleep_for(loop, 1h, stop);
    *value = passed ? 2 : 3;
}

}  // namespace

TEST_SUITE("async/task") {
    TEST_CASE("a million children that finish inline neither suspend nor grow the stack") {
        async::EventLoop loop;
        long total = 0;
        test::run(loop, many_inline(1'000'000, total));
        CHECK(total == 999'999'000'000L);
    }

    TEST_CASE("COURSESELECT_CO_TRY hands errors up and values down") {
        async::EventLoop loop;
        int good = 0;
        std::string bad;
        auto body = [](int& g, std::string& b) -> async::Task<> {
            const auto first = co_await sum(1, 2);
            g = *first;
            const auto second = co_await sum(1, -2);
            b = second.error().detail();
        };
        test::run(loop, body(good, bad));
        CHECK(good == 3);
        CHECK(bad == "negative");
    }

    TEST_CASE("an exception passes through an await") {
        async::EventLoop loop;
        std::string seen;
        test::run(loop, catches(seen));
        CHECK(seen == "boom");
    }

    TEST_CASE("an event wakes all its waiters and they check their condition again") {
        async::EventLoop loop;
        async::Event event(loop);
        bool ready = false;
        int woken = 0;
        async::TaskGroup group(loop);
        group.spawn(waits(event, ready, woken));
        group.spawn(waits(event, ready, woken));
        event.notify_all();
        loop.poll();
        CHECK(woken == 0);
        ready = true;
        event.notify_all();
        loop.poll();
        CHECK(woken == 2);
        CHECK(group.running() == 0);
    }

    TEST_CASE("a stop request ends a sleep early and the group can be joined") {
        async::EventLoop loop;
        auto value = std::make_shared<int>(0);
        async::TaskGroup group(loop);
        group.spawn(holds(value, loop, group.stop_token()));
        CHECK(*value == 1);
        group.request_stop();
        test::run(loop, group.join());
        CHECK(*value == 3);
        CHECK(value.use_count() == 1);
    }

    TEST_CASE("a completion set before the await does not suspend") {
        async::EventLoop loop;
        async::Completion<int> completion;
        completion.set(7);
        int got = 0;
        auto body = [](async::Completion<int>& c, int& out) -> async::Task<> { out = co_await c; };
        test::run(loop, body(completion, got));
        CHECK(got == 7);
    }

    TEST_CASE("a body that hangs is reported, not waited for") {
        async::EventLoop loop;
        auto* never = new async::Event(loop);
        auto body = [](async::Event& event) -> async::Task<> { co_await event.wait(); };
        CHECK_THROWS_AS(test::run(loop, body(*never), 0s), test::TimedOut);
        never->notify_all();
        loop.poll();
        delete never;
    }
}
