#pragma once
/// `Relay`: several realtime servers tell the same, each to its own clients.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "courseselect/async/task.hpp"
#include "courseselect/async/task_group.hpp"
#include "courseselect/core/function.hpp"
#include "courseselect/json/value.hpp"
#include "courseselect/metrics/counter.hpp"
#include "courseselect/metrics/registry.hpp"
#include "courseselect/nodes/node.hpp"
#include "courseselect/nodes/realtime/announcer.hpp"
#include "courseselect/nodes/realtime/visitor.hpp"
#include "courseselect/nodes/wire/events.hpp"
#include "courseselect/realtime/namespace.hpp"
#include "courseselect/redis/channel.hpp"

namespace courseselect::nodes::realtime {

struct RelayOptions {
    /// How long batches are kept for servers that have lost the channel, or were restarted.
    std::chrono::seconds window{120};
    std::size_t batches_max = 10'000;               ///< kept; the oldest are forgotten
    std::size_t kept_bytes_max = 32 * 1024 * 1024;  ///< likewise
    std::size_t incoming_max = 10'000;  ///< batches to be taken in; beyond: asked for again
};

/// Sits between what tells and the rooms. Without a channel, or while it is lost, a server tells
/// its own clients alone.
///
/// - News of clients (`tell`, `announce`) reach the clients here at once, and those of the others
/// over the
///   channel; they are not kept. A chat (`tell_in_order`) is told by everybody, its own server
///   included, when it comes back over the channel: so its order is the same for all.
/// - Batches of nodes are shared before they are stored here, and every server deals with them as
///   if the node had sent them: the cursors of the sources, stored with what is told, make each
///   server tell each event once. A batch names the cursor it follows on, so a server notices that
///   it has missed one, and says where it stands ("hello"); whoever took the missing batches from
///   the node then sends them again.
/// - Who has moved to another server hears nothing twice: servers say who has come in ("here"), and
///   when they meet, who is in; the others give up the places that were left there before.
///
/// Ownership: borrows everything but the channel. Thread-safety: the runtime's loop.
class Relay final : private redis::ChannelObserver {
  public:
    /// @param channel  null: alone
    Relay(Runtime runtime, courseselect::realtime::Namespace& nsp, Announcer& announcer,
          std::unique_ptr<redis::Channel> channel, RelayOptions options);
    ~Relay();
    Relay(const Relay&) = delete;
    Relay& operator=(const Relay&) = delete;

    void start();
    [[nodiscard]] async::Task<> stop();

    /// @param payload  one JSON value
    void tell(std::string_view room, std::string_view event, const std::string& payload);
    /// Tells a room who has come into it, as `realtime::Broadcast::announce`.
    void announce(std::string_view room, std::string_view event,
                  const std::vector<courseselect::realtime::Arrival>& arrivals);
    void tell_in_order(std::string_view room, std::string_view event, const std::string& payload);
    /// A visitor is in these rooms here.
    void say_here(const Visitor& visitor, std::vector<std::string> rooms);
    /// Is told of users who are in rooms of other servers, and since when.
    using Elsewhere = core::UniqueFunction<void(
        const std::string& user, const std::vector<std::string>& rooms, core::WallTime since)>;
    void when_elsewhere(Elsewhere call) { elsewhere_ = std::move(call); }
    [[nodiscard]] bool is_joined() const { return channel_ && channel_->is_joined(); }

    void collect(metrics::Scrape& scrape) const;

  private:
    struct Kept {
        wire::EventBatch batch;
        std::string text;
        std::int64_t previous;
        core::MonoTime at;
    };
    struct Incoming {
        wire::EventBatch batch;
        std::int64_t previous;
    };
    struct Said {
        std::uint64_t number;
        std::string room;
        std::string event;
        std::string payload;
    };

    void on_joined() override;
    void on_lost() override;
    void on_message(std::string_view message) override;

    void share(const wire::EventBatch& batch, std::int64_t previous);
    void on_told(const json::Value& message, bool is_own);
    void on_batch(const json::Value& message);
    void on_hello(const json::Value& message);
    void on_here(const json::Value& message);
    void say_who_is_here();
    void say_hello(bool is_answer);
    void send_batch(const std::string& batch_text, std::int64_t previous);
    void on_arrivals(const json::Value& message);
    void tell_here(std::string_view room, std::string_view event, const std::string& payload);
    [[nodiscard]] std::string told_text(std::string_view room, std::string_view event,
                                        const std::string& payload, std::uint64_t number) const;
    [[nodiscard]] static std::string person_text(const Visitor& visitor,
                                                 std::vector<std::string> rooms);
    [[nodiscard]] std::string here_text(const std::vector<std::string>& people) const;
    void forget_old();
    static async::Task<> take_in(Relay& self);

    Runtime runtime_;
    courseselect::realtime::Namespace& nsp_;
    Announcer& announcer_;
    const std::unique_ptr<redis::Channel> channel_;
    const RelayOptions options_;
    const std::string name_;  ///< of this process, among the others
    std::deque<Said> said_;   ///< in order, not heard back yet
    std::uint64_t last_said_ = 0;
    std::deque<Kept> kept_;
    std::size_t kept_bytes_ = 0;
    std::deque<Incoming> incoming_;
    Elsewhere elsewhere_;
    bool is_taking_in_ = false;
    core::MonoTime ask_again_at_{};  ///< for what was missed
    metrics::Counter shared_;
    metrics::Counter received_;
    metrics::Counter gaps_;
    async::TaskGroup tasks_;
};

}  // namespace courseselect::nodes::realtime
