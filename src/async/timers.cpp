#include "courseselect/async/timers.hpp"

#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>
#include <chrono>

namespace courseselect::async {

/// Shared with its pending wait, which may outlive the `Timers`.
struct Timers::SystemTimer {
    explicit SystemTimer(EventLoop& loop, Timers& timers) : timer(loop.context()), owner(&timers) {}

    asio::steady_timer timer;
    Timers* owner;
    core::MonoTime armed_for{};  // by the injected clock; zero: not armed
};

Timers::Timers(EventLoop& loop, const core::Clock& clock)
    : clock_(clock), timer_(std::make_shared<SystemTimer>(loop, *this)) {}

Timers::~Timers() {
    timer_->owner = nullptr;
    timer_->timer.cancel();
}

Timers::Handle Timers::at(core::MonoTime when, core::UniqueFunction<void()> action) {
    const Handle handle{when, ++last_number_};
    waiting_.emplace(std::pair{when, handle.number}, std::move(action));
    arm();
    return handle;
}

void Timers::cancel(Handle& handle) {
    // The system's timer stays as it is: waking up once for nothing is cheaper than setting it.
    waiting_.erase({handle.when, handle.number});
    handle = {};
}

void Timers::run_due() {
    const core::MonoTime now = clock_.mono_now();
    while (!waiting_.empty() && waiting_.begin()->first.first <= now) {
        auto node = waiting_.extract(waiting_.begin());
        node.mapped()();
    }
    arm();
}

void Timers::clear() {
    const auto forgotten = std::exchange(waiting_, {});  // their destructors may look here
}

void Timers::arm() {
    if (waiting_.empty()) {
        return;
    }
    const core::MonoTime earliest = waiting_.begin()->first.first;
    if (timer_->armed_for != core::MonoTime{} && timer_->armed_for <= earliest) {
        return;
    }
    timer_->armed_for = earliest;
    timer_->timer.expires_after(earliest - clock_.mono_now());
    timer_->timer.async_wait([timer = timer_](const asio::error_code& error) {
        if (!error && timer->owner != nullptr) {
            timer->armed_for = {};
            timer->owner->run_due();
        }
    });
}

}  // namespace courseselect::async
