#include "courseselect/async/event.hpp"

#include <doctest/doctest.h>

#include "support/run.hpp"

using namespace courseselect;

namespace {

async::Task<> wait_until(async::Event& event, const bool& ready, int& woken) {
    while (!ready) {
        co_await event.wait();
    }
    ++woken;
}

async::Task<> wait_once(async::Event& event, int& woken) {
    co_await event.wait();
    ++woken;
}

async::Task<> wait_twice(async::Event& event, int& woken) {
    co_await event.wait();
    ++woken;
    co_await event.wait();
    ++woken;
}

}  // namespace

TEST_SUITE("async/event") {
    TEST_CASE("it wakes all its waiters and they check their condition again") {
        async::EventLoop loop;
        async::Event event(loop);
        bool ready = false;
        int woken = 0;
        async::TaskGroup group(loop);
        group.spawn(wait_until(event, ready, woken));
        group.spawn(wait_until(event, ready, woken));
        event.notify_all();
        loop.poll();
        CHECK(woken == 0);
        ready = true;
        event.notify_all();
        loop.poll();
        CHECK(woken == 2);
        CHECK(group.running() == 0);
    }

    TEST_CASE("waiters are resumed from the loop, not inside the notification") {
        async::EventLoop loop;
        async::Event event(loop);
        int woken = 0;
        async::TaskGroup group(loop);
        group.spawn(wait_once(event, woken));
        event.notify_all();
        CHECK(woken == 0);
        loop.poll();
        CHECK(woken == 1);
    }

    TEST_CASE("a notification without waiters is lost") {
        async::EventLoop loop;
        async::Event event(loop);
        event.notify_all();
        int woken = 0;
        async::TaskGroup group(loop);
        group.spawn(wait_once(event, woken));
        loop.poll();
        CHECK(woken == 0);
        event.notify_all();
        loop.poll();
        CHECK(woken == 1);
    }

    TEST_CASE("who waits again waits for the next notification") {
        async::EventLoop loop;
        async::Event event(loop);
        int woken = 0;
        async::TaskGroup group(loop);
        group.spawn(wait_twice(event, woken));
        event.notify_all();
        event.notify_all();  // the waiter has not run yet, so this one finds nobody
        loop.poll();
        CHECK(woken == 1);
        event.notify_all();
        loop.poll();
        CHECK(woken == 2);
    }
}
