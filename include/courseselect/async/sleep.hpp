#pragma once
/// Waiting for time to pass.

#include <chrono>
#include <stop_token>

#include "courseselect/async/event_loop.hpp"
#include "courseselect/async/task.hpp"

namespace courseselect::async {

/// Waits on the loop. Returns true when the time has passed, false when `stop` was requested first
/// (from the loop's thread). Not for hot paths: each call makes a timer.
[[nodiscard]] Task<bool> sleep_for(EventLoop& loop, std::chrono::nanoseconds duration,
                                   std::stop_token stop = {});

/// Lets other ready work of the loop run first.
[[nodiscard]] Task<> yield(EventLoop& loop);

}  // namespace courseselect::async
