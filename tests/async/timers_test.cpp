#include "courseselect/async/timers.hpp"

#include <doctest/doctest.h>

#include <memory>
#include <string>

#include "courseselect/async/completion.hpp"
#include "support/run.hpp"

using namespace courseselect;
using namespace std::chrono_literals;

namespace {

struct World {
    core::ManualClock clock;
    async::EventLoop loop;
    async::Timers timers{loop, clock};
    std::string log;

    auto note(char letter) {
        return [this, letter] { log += letter; };
    }
    void advance(std::chrono::microseconds step) {
        clock.advance(step);
        timers.run_due();
    }
};

async::Task<> wait_for_the_system(async::Timers& timers, std::string& log) {
    async::Completion<bool> late;
    async::Timers::Handle never = timers.after(1h, [&log] { log += "never"; });
    const auto second = timers.after(2ms, [&] {
        log += "2";
        late.set(true);
    });
    const auto first = timers.after(1ms, [&log] { log += "1"; });
    CHECK(second);
    CHECK(first);
    co_await late;
    timers.cancel(never);
}

}  // namespace

TEST_SUITE("async/timers") {
    TEST_CASE("functions run at their times, in the order of the times") {
        World world;
        const auto b = world.timers.after(20ms, world.note('b'));
        const auto a = world.timers.after(10ms, world.note('a'));
        const auto c = world.timers.after(20ms, world.note('c'));
        CHECK(a);
        CHECK(b);
        CHECK(c);
        world.advance(9ms);
        CHECK(world.log.empty());
        world.advance(1ms);
        CHECK(world.log == "a");
        world.advance(1h);
        CHECK(world.log == "abc");
        CHECK(world.timers.waiting() == 0);
    }

    TEST_CASE("a cancelled function never runs, and cancelling twice is harmless") {
        World world;
        auto a = world.timers.after(1ms, world.note('a'));
        auto b = world.timers.after(1ms, world.note('b'));
        const auto copy = a;
        world.timers.cancel(a);
        CHECK_FALSE(a);
        world.timers.cancel(a);
        a = copy;
        world.timers.cancel(a);
        world.advance(1ms);
        CHECK(world.log == "b");
        world.timers.cancel(b);
        CHECK(world.log == "b");
    }

    TEST_CASE("a function may cancel another of the same moment, and start new ones") {
        World world;
        async::Timers::Handle other;
        async::Timers::Handle next;
        const auto first = world.timers.after(1ms, [&] {
            world.timers.cancel(other);
            next = world.timers.after(0ms, world.note('n'));
        });
        CHECK(first);
        other = world.timers.after(1ms, world.note('x'));
        world.advance(1ms);
        CHECK(world.log == "n");
    }

    TEST_CASE("clearing frees what the functions own") {
        World world;
        auto owned = std::make_shared<int>(1);
        const auto handle = world.timers.after(1ms, [owned] { CHECK(*owned == 2); });
        CHECK(handle);
        CHECK(owned.use_count() == 2);
        world.timers.clear();
        CHECK(owned.use_count() == 1);
        world.advance(1ms);
    }

    TEST_CASE("the loop calls them by itself, the earliest first") {
        core::SystemClock clock;
        async::EventLoop loop;
        async::Timers timers(loop, clock);
        std::string log;
        test::run(loop, wait_for_the_system(timers, log));
        CHECK(log == "12");
    }

    TEST_CASE("what waits when the timers are destroyed never runs") {
        core::SystemClock clock;
        async::EventLoop loop;
        std::string log;
        {
            async::Timers timers(loop, clock);
            const auto handle = timers.after(0ms, [&log] { log += "x"; });
            CHECK(handle);
        }
        loop.poll();
        CHECK(log.empty());
    }
}
