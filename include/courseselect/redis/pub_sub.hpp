#pragma once
/// `PubSub`: a channel on a Redis server.

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "courseselect/async/event_loop.hpp"
#include "courseselect/core/clock.hpp"
#include "courseselect/redis/address.hpp"
#include "courseselect/redis/channel.hpp"

namespace courseselect::redis {

struct PubSubOptions {
    Address address;
    std::string channel;                            ///< the name; what comes on it is trusted
    std::chrono::milliseconds join_timeout{2'000};  ///< then the attempt is given up
    /// Each sends a sign of life into the channel this often, and is itself lost when it has heard
    /// nothing, its own signs included, for three times as long.
    std::chrono::milliseconds heartbeat{1'000};
    std::chrono::milliseconds retry_min{100};  ///< before the next attempt; doubles up to
    std::chrono::milliseconds retry_max{2'000};
    /// Published and not taken by the server. Beyond: lost.
    std::size_t unsent_bytes_max = 16 * 1024 * 1024;
};

/// Two connections, as Redis wants it: one listens, one publishes. A message is with the kernel
/// when `publish` returns, unless the server is slow.
/// Ownership: borrows loop and clock. Thread-safety: the loop's thread.
/// Source: Redis protocol specification (RESP2), commands AUTH, SUBSCRIBE, PUBLISH.
class PubSub final : public Channel {
  public:
    PubSub(async::EventLoop& loop, const core::Clock& clock, PubSubOptions options);
    ~PubSub() override;
    PubSub(const PubSub&) = delete;
    PubSub& operator=(const PubSub&) = delete;

    void start(ChannelObserver& observer) override;
    bool publish(std::string_view message) override;
    [[nodiscard]] bool is_joined() const override;
    void stop() override;
    /// Why the last attempt failed, or the channel was lost; empty before that. For the log.
    [[nodiscard]] const std::string& problem() const;

  private:
    class State;
    std::shared_ptr<State> state_;
};

}  // namespace courseselect::redis
