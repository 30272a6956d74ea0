#pragma once
/// `Task<T>`: a lazily started coroutine that belongs to one thread.
///
/// It starts when awaited and runs inline: a task that never suspends costs its frame and nothing
/// else. A parent whose child finished inline does not suspend, so loops over such children do not
/// grow the stack (symmetric transfer is not reliable in g++ 12, so it is not used).
/// There is no `await_transform` in the promise: that avoids the worst of g++ 12's faults.

#include <coroutine>
#include <cstdint>
#include <exception>
#include <optional>
#include <type_traits>
#include <utility>

#include "courseselect/core/check.hpp"

namespace courseselect::async {

template <class T = void>
class Task;

namespace detail {

/// Where a task stands; tells its end whether somebody has to be resumed.
enum class TaskState : std::uint8_t { starting, suspended, done };

class PromiseBase {
  public:
    struct FinalAwaiter {
        [[nodiscard]] bool await_ready() const noexcept { return false; }
        template <class Promise>
        void await_suspend(std::coroutine_handle<Promise> self) const noexcept {
            PromiseBase& promise = self.promise();
            const TaskState before = std::exchange(promise.state_, TaskState::done);
            if (before == TaskState::suspended) {
                promise.continuation_.resume();  // may destroy this frame
            }
        }
        void await_resume() const noexcept {}
    };

    [[nodiscard]] std::suspend_always initial_suspend() const noexcept { return {}; }
    [[nodiscard]] FinalAwaiter final_suspend() const noexcept { return {}; }
    void unhandled_exception() { exception_ = std::current_exception(); }

    void rethrow_if_failed() {
        if (exception_) {
            std::rethrow_exception(std::exchange(exception_, nullptr));
        }
    }

    std::coroutine_handle<> continuation_;
    std::exception_ptr exception_;
    TaskState state_ = TaskState::starting;
};

template <class T>
class Promise final : public PromiseBase {
  public:
    Task<T> get_return_object();
    template <class U>
    requires std::is_constructible_v<T, U&&>
    void return_value(U&& value) { value_.emplace(std::forward<U>(value)); }
    T take() {
        rethrow_if_failed();
        return std::move(*value_);
    }

  private:
    std::optional<T> value_;
};

template <>
class Promise<void> final : public PromiseBase {
  public:
    Task<void> get_return_object();
    void return_void() const noexcept {}
    void take() { rethrow_if_failed(); }
};

}  // namespace detail

/// Owns a coroutine frame. Await it once (`co_await std::move(task)` or `co_await call()`), or give
/// it to a `TaskGroup`. A task that is destroyed without being awaited never runs.
/// Thread-safety: the thread it was started on; whatever resumes it does so there.
template <class T>
class [[nodiscard]] Task {
  public:
    using promise_type = detail::Promise<T>;
    using Handle = std::coroutine_handle<promise_type>;

    Task() = default;
    explicit Task(Handle handle) : handle_(handle) {}
    Task(Task&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
    Task& operator=(Task&& other) noexcept {
        if (this != &other) {
            destroy();
            handle_ = std::exchange(other.handle_, nullptr);
        }
        return *this;
    }
    ~Task() { destroy(); }

    struct Awaiter {
        Handle handle;
        [[nodiscard]] bool await_ready() const noexcept { return false; }
        [[nodiscard]] bool await_suspend(std::coroutine_handle<> parent) const {
            auto& promise = handle.promise();
            promise.continuation_ = parent;
            handle.resume();
            if (promise.state_ == detail::TaskState::done) {
                return false;  // finished inline: go straight on
            }
            promise.state_ = detail::TaskState::suspended;
            return true;
        }
        T await_resume() const { return handle.promise().take(); }
    };

    [[nodiscard]] Awaiter operator co_await() const& noexcept { return awaiter(); }
    [[nodiscard]] Awaiter operator co_await() const&& noexcept { return awaiter(); }

  private:
    [[nodiscard]] Awaiter awaiter() const noexcept {
        COURSESELECT_CHECK(handle_ != nullptr);
        return Awaiter{handle_};
    }
    void destroy() {
        if (handle_) {
            std::exchange(handle_, nullptr).destroy();
        }
    }

    Handle handle_;
};

template <class T>
Task<T> detail::Promise<T>::get_return_object() {
    return Task<T>(std::coroutine_handle<Promise>::from_promise(*this));
}
inline Task<void> detail::Promise<void>::get_return_object() {
    return Task<void>(std::coroutine_handle<Promise>::from_promise(*this));
}

}  // namespace courseselect::async
