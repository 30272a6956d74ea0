#include "courseselect/async/task_group.hpp"

#include <doctest/doctest.h>

#include <csignal>
#include <memory>
#include <stdexcept>

#include "support/death.hpp"
#include "support/run.hpp"

using namespace courseselect;
using namespace std::chrono_literals;

namespace {

async::Task<> hold(std::shared_ptr<int> value, async::EventLoop& loop, std::stop_token stop) {
    *value = 1;
    const bool passed = co_await async::sleep_for(loop, 1h, stop);
    *value = passed ? 2 : 3;
}

async::Task<> count_up(int& count) {
    ++count;
    co_return;
}

async::Task<> fail() {
    throw std::runtime_error("nobody catches this");
    co_return;
}

/// Notes, as the first thing after the join, who still holds `value`.
async::Task<> join_and_look(async::TaskGroup& group, const std::shared_ptr<int>& value,
                            long& holders) {
    co_await group.join();
    holders = value.use_count();
}

}  // namespace

TEST_SUITE("async/task_group") {
    TEST_CASE("a task starts inside the call and may end there") {
        async::EventLoop loop;
        async::TaskGroup group(loop);
        int count = 0;
        for (int i = 0; i < 1000; ++i) {
            group.spawn(count_up(count));
        }
        CHECK(count == 1000);
        CHECK(group.running() == 0);
    }

    TEST_CASE("a stop request reaches the tasks and the group can be joined") {
        async::EventLoop loop;
        const auto value = std::make_shared<int>(0);
        async::TaskGroup group(loop);
        CHECK_FALSE(group.stop_token().stop_requested());
        group.spawn(hold(value, loop, group.stop_token()));
        CHECK(*value == 1);
        CHECK(group.running() == 1);
        group.request_stop();
        test::run(loop, group.join());
        CHECK(*value == 3);
        CHECK(group.running() == 0);
    }

    TEST_CASE("a task's frame is gone before the join returns") {
        async::EventLoop loop;
        const auto value = std::make_shared<int>(0);
        async::TaskGroup group(loop);
        group.spawn(hold(value, loop, group.stop_token()));
        CHECK(value.use_count() == 2);
        group.request_stop();
        long holders = 0;
        test::run(loop, join_and_look(group, value, holders));
        CHECK(holders == 1);
    }

    TEST_CASE("joining an idle group returns at once, and it may be used again") {
        async::EventLoop loop;
        async::TaskGroup group(loop);
        test::run(loop, group.join());
        int count = 0;
        group.spawn(count_up(count));
        test::run(loop, group.join());
        CHECK(count == 1);
        CHECK(&group.loop() == &loop);
    }

    TEST_CASE("destroying a group with a running task aborts") {
        CHECK(test::fails_a_check([] {
            async::EventLoop loop;
            async::TaskGroup group(loop);
            group.spawn(hold(std::make_shared<int>(0), loop, group.stop_token()));
        }));
    }

    TEST_CASE("an exception that leaves a task ends the program") {
        const auto death = test::death_of([] {
            async::EventLoop loop;
            async::TaskGroup group(loop);
            group.spawn(fail());
        });
        CHECK(death.signal == SIGABRT);
        CHECK(death.error.find("nobody catches this") != std::string::npos);
    }
}
