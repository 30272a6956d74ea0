#include "courseselect/core/clock.hpp"

#include <doctest/doctest.h>

#include <thread>

using namespace courseselect;
using namespace std::chrono_literals;

TEST_SUITE("core/clock") {
    TEST_CASE("a manual clock stands still until it is told to move") {
        const core::ManualClock clock(core::WallTime{5s});
        CHECK(clock.wall_now() == core::WallTime{5s});
        CHECK(clock.wall_now() == clock.wall_now());
        CHECK(clock.mono_now() == clock.mono_now());
    }

    TEST_CASE("advancing moves both times by the same step, to the microsecond") {
        core::ManualClock clock;
        const auto wall = clock.wall_now();
        const auto mono = clock.mono_now();
        clock.advance(1us);
        clock.advance(5s);
        CHECK(clock.wall_now() - wall == 5'000'001us);
        CHECK(clock.mono_now() - mono == 5'000'001us);
    }

    TEST_CASE("a manual clock may be moved and read by several threads") {
        core::ManualClock clock;
        const auto start = clock.mono_now();
        const auto move = [&clock] {
            for (int i = 0; i < 1000; ++i) {
                clock.advance(1ms);
            }
        };
        std::thread other(move);
        move();
        other.join();
        CHECK(clock.mono_now() - start == 2s);
    }

    TEST_CASE("monotonic time starts late enough to subtract an hour from it") {
        CHECK(core::ManualClock().mono_now() - 1h >= core::MonoTime{});
    }

    TEST_CASE("the system's monotonic clock never goes back") {
        const core::SystemClock clock;
        auto last = clock.mono_now();
        for (int i = 0; i < 1000; ++i) {
            const auto now = clock.mono_now();
            REQUIRE(now >= last);
            last = now;
        }
        CHECK(clock.wall_now() > core::WallTime{});
    }
}
