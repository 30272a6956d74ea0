#include "courseselect/async/task_group.hpp"

#include <coroutine>
#include <exception>
#include <utility>

#include "courseselect/core/check.hpp"

namespace courseselect::async {

/// A coroutine that starts at once and frees itself at its end.
struct TaskGroup::Detached {
    struct promise_type {
        Detached get_return_object() const noexcept { return {}; }
        std::suspend_never initial_suspend() const noexcept { return {}; }
        std::suspend_never final_suspend() const noexcept { return {}; }
        void return_void() const noexcept {}
        void unhandled_exception() const { std::terminate(); }
    };
};

TaskGroup::~TaskGroup() { COURSESELECT_CHECK(running_ == 0); }

TaskGroup::Detached TaskGroup::run(TaskGroup& group, Task<> task) {
    co_await std::move(task);
    task = Task<>();  // free the frame before the owner learns that it is gone
    --group.running_;
    if (group.running_ == 0) {
        group.finished_.notify_all();
    }
}

void TaskGroup::spawn(Task<> task) {
    ++running_;
    run(*this, std::move(task));
}

Task<> TaskGroup::join() {
    while (running_ > 0) {
        co_await finished_.wait();
    }
}

}  // namespace courseselect::async
