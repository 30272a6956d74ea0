#pragma once
/// The event loop: one `asio::io_context`, run by one thread. Asio itself stays out of this header
/// so that files which only await our own functions compile quickly.

#include <chrono>
#include <memory>

#include "courseselect/core/function.hpp"

namespace asio {
class io_context;
}

namespace courseselect::async {

/// Everything built on a loop belongs to the thread that calls `run()`.
class EventLoop {
  public:
    EventLoop();
    ~EventLoop();
    EventLoop(const EventLoop&) = delete;
    EventLoop& operator=(const EventLoop&) = delete;

    /// Runs `work` on the loop's thread, later. Thread-safety: any thread.
    void post(core::UniqueFunction<void()> work);

    /// Runs until `stop()`; keeps waiting while there is nothing to do. Call from one thread.
    void run();
    /// Runs what is ready and returns at once; for tests.
    void poll();
    /// Lets `run()` return after the current handler; what is ready then waits for the next run.
    /// Before `run()` it is forgotten: post it instead. Thread-safety: any thread.
    void stop();

    [[nodiscard]] bool runs_in_this_thread() const;
    /// For the adapters that do socket and timer operations.
    [[nodiscard]] asio::io_context& context();

  private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace courseselect::async
