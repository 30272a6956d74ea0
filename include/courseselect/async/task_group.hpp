#pragma once
/// `TaskGroup`: the owner of background coroutines. Nothing runs without an owner.

#include <cstddef>
#include <stop_token>

#include "courseselect/async/event.hpp"
#include "courseselect/async/event_loop.hpp"
#include "courseselect/async/task.hpp"

namespace courseselect::async {

/// Starts tasks inline and keeps count of them. At the end: `request_stop()`, then
/// `co_await join()`; every task must watch `stop_token()` or end when its resource is closed.
/// Destroying a group with running tasks is a bug and aborts.
/// An exception that leaves a task is a bug and ends the program.
/// Thread-safety: the loop's thread.
class TaskGroup {
  public:
    explicit TaskGroup(EventLoop& loop) : loop_(loop), finished_(loop) {}
    ~TaskGroup();
    TaskGroup(const TaskGroup&) = delete;
    TaskGroup& operator=(const TaskGroup&) = delete;

    /// Runs the task until it first suspends, then returns; the group owns its frame.
    void spawn(Task<> task);

    [[nodiscard]] std::stop_token stop_token() const { return stop_.get_token(); }
    void request_stop() { stop_.request_stop(); }
    [[nodiscard]] std::size_t running() const { return running_; }
    /// Waits until no task is left.
    [[nodiscard]] Task<> join();
    [[nodiscard]] EventLoop& loop() { return loop_; }

  private:
    struct Detached;
    static Detached run(TaskGroup& group, Task<> task);

    EventLoop& loop_;
    Event finished_;
    std::stop_source stop_;
    std::size_t running_ = 0;
};

}  // namespace courseselect::async
