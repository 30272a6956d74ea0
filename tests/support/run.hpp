#pragma once
/// Runs a coroutine test to its end on a loop, and fails instead of hanging.

#include <chrono>
#include <memory>
#include <stdexcept>
#include <utility>
#include <vector>

#include "courseselect/async/event_loop.hpp"
#include "courseselect/async/sleep.hpp"
#include "courseselect/async/task.hpp"
#include "courseselect/async/task_group.hpp"

namespace courseselect::test {

namespace detail {
/// `done` is shared: a body that was given up on may still end, after `run` has returned.
inline async::Task<> finish(async::EventLoop& loop, async::Task<> body,
                            std::shared_ptr<bool> done) {
    co_await std::move(body);
    *done = true;
    loop.stop();
}
inline async::Task<> watchdog(async::EventLoop& loop, std::chrono::seconds limit,
                              std::stop_token stop) {
    const bool passed = co_await async::sleep_for(loop, limit, stop);
    if (passed) {
        loop.stop();
    }
}
}  // namespace detail

/// Thrown when a test body does not end in time. The body's frame is left behind on purpose, within
/// reach of leak checkers.
struct TimedOut : std::runtime_error {
    TimedOut() : std::runtime_error("the test body did not finish in time") {}
};

/// Runs `body` on `loop` until it ends; throws `TimedOut` after `limit`.
inline void run(async::EventLoop& loop, async::Task<> body,
                std::chrono::seconds limit = std::chrono::seconds{30}) {
    const auto done = std::make_shared<bool>(false);
    auto* group = new async::TaskGroup(loop);
    async::TaskGroup guard(loop);
    group->spawn(detail::finish(loop, std::move(body), done));
    if (!*done) {
        guard.spawn(detail::watchdog(loop, limit, guard.stop_token()));
        loop.run();
        guard.request_stop();
        while (guard.running() > 0) {
            loop.poll();
        }
    }
    if (!*done) {
        static auto* const left_behind = new std::vector<async::TaskGroup*>();
        left_behind->push_back(group);
        throw TimedOut();
    }
    delete group;
}

}  // namespace courseselect::test
