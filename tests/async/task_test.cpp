#include "courseselect/async/task.hpp"

#include <doctest/doctest.h>

#include <memory>
#include <stdexcept>
#include <string>

#include "courseselect/async/event.hpp"
#include "courseselect/async/sleep.hpp"
#include "courseselect/async/task_group.hpp"
#include "courseselect/core/result.hpp"
#include "support/death.hpp"
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

async::Task<> set_one(std::shared_ptr<int> value) {
    *value = 1;
    co_return;
}

async::Task<> await_nothing() {
    async::Task<> nothing;
    co_await std::move(nothing);
}

async::Task<std::unique_ptr<int>> boxed_later(async::EventLoop& loop, int number) {
    co_await async::yield(loop);
    co_return std::make_unique<int>(number);
}

async::Task<> await_boxed(async::EventLoop& loop, std::unique_ptr<int>& out) {
    auto box = co_await boxed_later(loop, 5);
    out = std::move(box);
}

async::Task<int> throw_later(async::EventLoop& loop) {
    co_await async::yield(loop);
    throw std::runtime_error("late");
}

async::Task<> catch_late(async::EventLoop& loop, std::string& seen) {
    try {
        const int unused = co_await throw_later(loop);
        seen = std::to_string(unused);
    } catch (const std::runtime_error& error) {
        seen = error.what();
    }
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

    TEST_CASE("a task that nobody awaits never runs, and frees what it was given") {
        const auto held = std::make_shared<int>(0);
        {
            const auto task = set_one(held);
            CHECK(held.use_count() == 2);
        }
        CHECK(held.use_count() == 1);
        CHECK(*held == 0);
    }

    TEST_CASE("assigning over a task frees it, and a moved-from one is empty") {
        const auto held = std::make_shared<int>(0);
        auto first = set_one(held);
        async::Task<> second = std::move(first);
        CHECK(held.use_count() == 2);
        second = async::Task<>();
        CHECK(held.use_count() == 1);
    }

    TEST_CASE("awaiting an empty task aborts") {
        CHECK(test::fails_a_check([] {
            async::EventLoop loop;
            test::run(loop, await_nothing());
        }));
    }

    TEST_CASE("a child that suspends resumes its parent with its value") {
        async::EventLoop loop;
        std::unique_ptr<int> got;
        test::run(loop, await_boxed(loop, got));
        REQUIRE(got);
        CHECK(*got == 5);
    }

    TEST_CASE("an exception after a suspension reaches the parent too") {
        async::EventLoop loop;
        std::string seen;
        test::run(loop, catch_late(loop, seen));
        CHECK(seen == "late");
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
