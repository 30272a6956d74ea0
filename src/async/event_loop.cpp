#include "courseselect/async/event_loop.hpp"

#include <asio/executor_work_guard.hpp>
#include <asio/io_context.hpp>
#include <asio/post.hpp>
#include <utility>

namespace courseselect::async {

struct EventLoop::State {
    // Sockets and timers are used in the loop's thread alone, so Asio need not lock each of them;
    // posting and stopping come from other threads and stay locked.
    asio::io_context context{ASIO_CONCURRENCY_HINT_UNSAFE_IO};
    asio::executor_work_guard<asio::io_context::executor_type> guard{context.get_executor()};
};

EventLoop::EventLoop() : state_(std::make_unique<State>()) {}
EventLoop::~EventLoop() = default;

void EventLoop::post(core::UniqueFunction<void()> work) {
    asio::post(state_->context, std::move(work));
}
void EventLoop::run() {
    state_->context.restart();
    state_->context.run();
}
void EventLoop::poll() {
    state_->context.restart();
    state_->context.poll();
}
void EventLoop::stop() { state_->context.stop(); }
bool EventLoop::runs_in_this_thread() const {
    return state_->context.get_executor().running_in_this_thread();
}
asio::io_context& EventLoop::context() { return state_->context; }

}  // namespace courseselect::async
