#pragma once
/// `Completion<T>`: one value, set once, awaited once, on one thread.

#include <coroutine>
#include <optional>
#include <utility>

#include "courseselect/core/check.hpp"

namespace courseselect::async {

/// The bridge from callbacks to coroutines. It must outlive both sides; the usual place is the
/// frame of the coroutine that awaits it. `set` resumes the waiter inline: make it the last thing
/// the caller does with data the waiter may destroy.
/// Thread-safety: the loop's thread (another thread posts to the loop and sets it there).
template <class T>
class Completion {
  public:
    Completion() = default;
    Completion(const Completion&) = delete;
    Completion& operator=(const Completion&) = delete;

    void set(T value) {
        COURSESELECT_CHECK(!value_.has_value());
        value_.emplace(std::move(value));
        if (waiter_) {
            std::exchange(waiter_, nullptr).resume();
        }
    }
    [[nodiscard]] bool is_set() const { return value_.has_value(); }

    [[nodiscard]] bool await_ready() const noexcept { return value_.has_value(); }
    void await_suspend(std::coroutine_handle<> waiter) noexcept { waiter_ = waiter; }
    [[nodiscard]] T await_resume() { return std::move(*value_); }

  private:
    std::optional<T> value_;
    std::coroutine_handle<> waiter_;
};

}  // namespace courseselect::async
