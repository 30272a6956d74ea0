#pragma once
/// `Event`: wakes every coroutine that waits for it. Single-threaded.

#include <coroutine>
#include <utility>
#include <vector>

#include "courseselect/async/event_loop.hpp"

namespace courseselect::async {

/// `co_await event.wait()` suspends until the next `notify_all()`. Waiters are resumed from the
/// loop, not inside `notify_all()`, so notifying is safe anywhere on the loop's thread. There is
/// no memory: a notification without waiters is lost, so re-check your condition in a loop.
/// Destroying an event with waiters is a bug: notify and let them leave first.
class Event {
  public:
    explicit Event(EventLoop& loop) : loop_(loop) {}
    Event(const Event&) = delete;
    Event& operator=(const Event&) = delete;

    struct Awaiter {
        Event& event;
        [[nodiscard]] bool await_ready() const noexcept { return false; }
        void await_suspend(std::coroutine_handle<> waiter) { event.waiters_.push_back(waiter); }
        void await_resume() const noexcept {}
    };
    [[nodiscard]] Awaiter wait() { return Awaiter{*this}; }

    void notify_all() {
        if (waiters_.empty()) {
            return;
        }
        loop_.post([waiters = std::exchange(waiters_, {})] {
            for (const auto waiter : waiters) {
                waiter.resume();
            }
        });
    }

  private:
    EventLoop& loop_;
    std::vector<std::coroutine_handle<>> waiters_;
};

}  // namespace courseselect::async
