#include "courseselect/async/sleep.hpp"

#include <doctest/doctest.h>

#include <string>

#include "support/run.hpp"

using namespace courseselect;
using namespace std::chrono_literals;

namespace {

async::Task<> sleep_and_note(async::EventLoop& loop, std::chrono::nanoseconds duration,
                             std::stop_token stop, std::string& log) {
    const bool passed = co_await async::sleep_for(loop, duration, stop);
    log += passed ? "passed " : "stopped ";
}

async::Task<> note_and_yield(async::EventLoop& loop, char who, std::string& log) {
    log += who;
    co_await async::yield(loop);
    log += who;
}

}  // namespace

TEST_SUITE("async/sleep") {
    TEST_CASE("a sleep without a stop passes, also of no time or less") {
        async::EventLoop loop;
        std::string log;
        for (const auto duration : {1ms, 0ms, -5ms}) {
            test::run(loop, sleep_and_note(loop, duration, {}, log));
        }
        CHECK(log == "passed passed passed ");
    }

    TEST_CASE("the shorter sleep ends first, whatever the order of the calls") {
        async::EventLoop loop;
        std::string log;
        async::TaskGroup group(loop);
        const auto nap = [](async::EventLoop& l, std::chrono::milliseconds time, char who,
                            std::string& out) -> async::Task<> {
            co_await async::sleep_for(l, time);
            out += who;
        };
        group.spawn(nap(loop, 20ms, 'b', log));
        group.spawn(nap(loop, 1ms, 'a', log));
        test::run(loop, group.join());
        CHECK(log == "ab");
    }

    TEST_CASE("a stop ends a sleep early") {
        async::EventLoop loop;
        std::string log;
        std::stop_source stop;
        async::TaskGroup group(loop);
        group.spawn(sleep_and_note(loop, 1h, stop.get_token(), log));
        CHECK(log.empty());
        stop.request_stop();
        test::run(loop, group.join());
        CHECK(log == "stopped ");
    }

    TEST_CASE("a sleep that begins after the stop does not begin") {
        async::EventLoop loop;
        std::string log;
        std::stop_source stop;
        stop.request_stop();
        async::TaskGroup group(loop);
        group.spawn(sleep_and_note(loop, 1h, stop.get_token(), log));
        CHECK(log == "stopped ");
        CHECK(group.running() == 0);
    }

    TEST_CASE("yielding lets other ready work run first") {
        async::EventLoop loop;
        std::string log;
        async::TaskGroup group(loop);
        group.spawn(note_and_yield(loop, 'a', log));
        group.spawn(note_and_yield(loop, 'b', log));
        CHECK(log == "ab");
        test::run(loop, group.join());
        CHECK(log == "abab");
    }
}
