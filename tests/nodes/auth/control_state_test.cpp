#include "courseselect/nodes/auth/control_state.hpp"

#include <doctest/doctest.h>

#include "courseselect/async/task_group.hpp"
#include "support/run.hpp"

using namespace courseselect;
using nodes::accounts::ControlState;

namespace {

async::Task<> wait_once(ControlState& control, std::uint64_t seen, int& heard) {
    const bool changed = co_await control.wait_for_change(seen, std::chrono::hours(1));
    heard += changed ? 1 : 0;
}

async::Task<> join(async::TaskGroup& group) { co_await group.join(); }

}  // namespace

TEST_SUITE("nodes/auth/control_state") {
    TEST_CASE("everybody who waits hears the bell, and nobody who comes later") {
        async::EventLoop loop;
        ControlState control(loop, {});
        async::TaskGroup group(loop);
        int heard = 0;
        group.spawn(wait_once(control, control.changes(), heard));
        group.spawn(wait_once(control, control.changes(), heard));
        control.announce();
        test::run(loop, join(group));
        CHECK(heard == 2);
        CHECK(control.changes() == 1);
    }

    TEST_CASE("a ring between look and wait is not missed") {
        async::EventLoop loop;
        ControlState control(loop, {});
        async::TaskGroup group(loop);
        const std::uint64_t seen = control.changes();
        nodes::Settings settings;
        settings.queue.attempts_max = 3;
        control.replace(settings, 1);
        int heard = 0;
        group.spawn(wait_once(control, seen, heard));
        test::run(loop, join(group));
        CHECK(heard == 1);
        CHECK(control.version() == 1);
        CHECK(control.settings() == settings);
    }

    TEST_CASE("closed, it lets everybody go, now and later") {
        async::EventLoop loop;
        ControlState control(loop, {});
        async::TaskGroup group(loop);
        int heard = 0;
        group.spawn(wait_once(control, control.changes(), heard));
        control.close();
        group.spawn(wait_once(control, control.changes(), heard));
        test::run(loop, join(group));
        CHECK(heard == 0);
    }
}
