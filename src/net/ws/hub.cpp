// What WebSocket connections of one loop share: when and in which order they are written to.

#include <algorithm>
#include <utility>

#include "courseselect/net/ws/connection.hpp"

namespace courseselect::net::ws {

std::shared_ptr<Hub> Hub::make(async::EventLoop& loop, const core::Clock& clock, Options options) {
    return std::shared_ptr<Hub>(new Hub(loop, clock, options));
}

Hub::Hub(async::EventLoop& loop, const core::Clock& clock, Options options)
    : loop_(loop),
      options_(options),
      timers_(loop, clock),
      read_buffer_(new char[options.read_bytes_max]) {}

ConnectionPointer Hub::adopt(std::unique_ptr<Stream> stream, std::unique_ptr<Handler> handler,
                             Role role) {
    auto connection = std::make_shared<Connection>(shared_from_this(), std::move(stream),
                                                   std::move(handler), role);
    connection->start();
    return connection;
}

void Hub::end() {
    timers_.clear();
    fresh_.clear();  // they hold the hub, as it holds them
    waiting_.clear();
    calls_.clear();
}

void Hub::when_written(core::UniqueFunction<void()> call) {
    calls_.push_back(std::move(call));
    flush_soon(nullptr);
}

void Hub::flush_soon(ConnectionPointer connection) {
    fresh_.push_back(std::move(connection));
    post_flush();
}

void Hub::flush_in_turn(ConnectionPointer connection) {
    waiting_.push_back(std::move(connection));
    post_flush();
}

void Hub::post_flush() {
    if (!std::exchange(is_flush_posted_, true)) {
        loop_.post([self = shared_from_this()] { self->flush(); });
    }
}

/// What one turn may write. Who has nothing left to be written costs nothing.
class Hub::TurnBudget {
  public:
    explicit TurnBudget(const Hub& hub)
        : hub_(hub),
          writes_end_(hub.stats_.writes + hub.options_.writes_per_turn_max),
          bytes_end_(hub.stats_.bytes_sent + hub.options_.write_bytes_per_turn_max) {}

    [[nodiscard]] bool allows(const Connection& connection) const {
        return connection.unsent_ == 0 ||
               (hub_.stats_.writes < writes_end_ && hub_.stats_.bytes_sent < bytes_end_);
    }

  private:
    const Hub& hub_;
    const std::uint64_t writes_end_;
    const std::uint64_t bytes_end_;
};

void Hub::flush() {
    is_flush_posted_ = false;
    flush_fresh();
    flush_waiting();
    if (!waiting_.empty()) {
        post_flush();
    }
}

/// What was sent in this turn, if it is little. The rest waits, and so do calls while something of
/// what was sent before them does.
void Hub::flush_fresh() {
    const TurnBudget budget(*this);
    flushing_.swap(fresh_);
    send_together(flushing_, options_.written_first_bytes_max);
    for (ConnectionPointer& connection : flushing_) {
        const bool may_go = connection ? budget.allows(*connection) &&
                                             connection->unsent_ <= options_.written_first_bytes_max
                                       : waiting_.empty();
        if (!may_go) {
            waiting_.push_back(std::move(connection));
        } else if (connection) {
            connection->flush_now();
        } else {
            run_next_call();
        }
    }
    flushing_.clear();
}

void Hub::flush_waiting() {
    const TurnBudget budget(*this);
    send_together(waiting_, options_.write_bytes_per_turn_max);
    while (!waiting_.empty() && (!waiting_.front() || budget.allows(*waiting_.front()))) {
        const ConnectionPointer connection = std::move(waiting_.front());
        waiting_.pop_front();
        if (connection) {
            connection->flush_now();
        } else {
            run_next_call();
        }
    }
}

/// What the first of them have to send, as far as one call of the system can and within what a
/// turn may write. They are settled before any of them goes on: that may close another.
template <class Connections>
void Hub::send_together(const Connections& connections, std::size_t bytes_each_max) {
    sends_.clear();
    std::size_t bytes = 0;
    const std::size_t end = std::min(connections.size(), options_.writes_per_turn_max);
    for (std::size_t i = 0; i < end && bytes < options_.write_bytes_per_turn_max; ++i) {
        if (connections[i] && connections[i]->unsent_ <= bytes_each_max) {
            const BatchedSend send = connections[i]->offer();
            if (send.descriptor >= 0) {
                bytes += send.bytes.size();
                sends_.push_back(send);
                sends_.back().place = i;
            }
        }
    }
    if (sends_.size() < SendBatch::worth_it) {
        return;
    }
    batch_.run(sends_);
    for (const BatchedSend& send : sends_) {
        connections[send.place]->settle(send.result);
    }
}

void Hub::run_next_call() {
    core::UniqueFunction<void()> call = std::move(calls_.front());
    calls_.pop_front();
    call();
}

}  // namespace courseselect::net::ws
