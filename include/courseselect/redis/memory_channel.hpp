#pragma once
/// `MemoryChannel`: a channel within the process, for tests of what is built on one.

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "courseselect/async/event_loop.hpp"
#include "courseselect/redis/channel.hpp"

namespace courseselect::redis {

class MemoryChannel;

/// Stands for the server: hands every message to all channels that have joined. Can be away.
/// Ownership: must outlive its channels. Thread-safety: the loop's thread.
class MemoryBroker {
  public:
    explicit MemoryBroker(async::EventLoop& loop) : loop_(loop) {}
    ~MemoryBroker() { *is_alive_ = false; }
    MemoryBroker(const MemoryBroker&) = delete;
    MemoryBroker& operator=(const MemoryBroker&) = delete;

    /// False: everybody has lost it, and what was under way is gone. True: everybody joins again.
    void set_present(bool is_present);

  private:
    friend class MemoryChannel;
    void deliver(std::string message);

    async::EventLoop& loop_;
    std::vector<MemoryChannel*> channels_;
    bool is_present_ = true;
    unsigned presence_ = 0;  // messages of an earlier one are gone
    std::shared_ptr<bool> is_alive_ = std::make_shared<bool>(true);  // for what is posted
};

class MemoryChannel final : public Channel {
  public:
    explicit MemoryChannel(MemoryBroker& broker) : broker_(broker) {}
    ~MemoryChannel() override { stop(); }
    MemoryChannel(const MemoryChannel&) = delete;
    MemoryChannel& operator=(const MemoryChannel&) = delete;

    void start(ChannelObserver& observer) override;
    bool publish(std::string_view message) override;
    [[nodiscard]] bool is_joined() const override { return is_joined_; }
    void stop() override;

  private:
    friend class MemoryBroker;
    void join();
    void lose();

    MemoryBroker& broker_;
    ChannelObserver* observer_ = nullptr;
    bool is_joined_ = false;
};

}  // namespace courseselect::redis
