#include "courseselect/async/sleep.hpp"

#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>

#include "courseselect/async/completion.hpp"

namespace courseselect::async {

Task<bool> sleep_for(EventLoop& loop, std::chrono::nanoseconds duration, std::stop_token stop) {
    if (stop.stop_requested()) {
        co_return false;
    }
    Completion<bool> passed;
    asio::steady_timer timer(loop.context(), duration);
    timer.async_wait([&passed](const asio::error_code& error) { passed.set(!error); });
    const std::stop_callback on_stop(stop, [&timer] { timer.cancel(); });
    const bool result = co_await passed;
    co_return result && !stop.stop_requested();
}

Task<> yield(EventLoop& loop) {
    Completion<bool> turn;
    loop.post([&turn] { turn.set(true); });
    co_await turn;
}

}  // namespace courseselect::async
