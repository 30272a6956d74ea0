#pragma once
/// `Mutex`: one coroutine at a time, in order of arrival. Single-threaded; may be held across
/// `co_await`.

#include <coroutine>
#include <deque>
#include <utility>

#include "courseselect/async/event_loop.hpp"

namespace courseselect::async {

/// Guards state that must not change between the awaits of one coroutine. Waiters get the lock
/// first come, first served, and are resumed from the loop.
/// Thread-safety: the loop's thread.
class Mutex {
  public:
    explicit Mutex(EventLoop& loop) : loop_(loop) {}
    Mutex(const Mutex&) = delete;
    Mutex& operator=(const Mutex&) = delete;

    /// Holds the lock until destroyed.
    class [[nodiscard]] Guard {
      public:
        explicit Guard(Mutex& mutex) : mutex_(&mutex) {}
        Guard(Guard&& other) noexcept : mutex_(std::exchange(other.mutex_, nullptr)) {}
        Guard& operator=(Guard&&) = delete;
        ~Guard() {
            if (mutex_ != nullptr) {
                mutex_->unlock();
            }
        }

      private:
        Mutex* mutex_;
    };

    struct Awaiter {
        Mutex& mutex;
        [[nodiscard]] bool await_ready() const noexcept {
            return !std::exchange(mutex.locked_, true);
        }
        void await_suspend(std::coroutine_handle<> waiter) { mutex.waiters_.push_back(waiter); }
        [[nodiscard]] Guard await_resume() const { return Guard(mutex); }
    };
    /// `const auto guard = co_await mutex.lock();`
    [[nodiscard]] Awaiter lock() { return Awaiter{*this}; }

  private:
    void unlock() {
        if (waiters_.empty()) {
            locked_ = false;
            return;
        }
        // The lock passes straight to the next waiter, so nobody can slip in between.
        const auto next = waiters_.front();
        waiters_.pop_front();
        loop_.post([next] { next.resume(); });
    }

    EventLoop& loop_;
    std::deque<std::coroutine_handle<>> waiters_;
    bool locked_ = false;
};

}  // namespace courseselect::async
