#pragma once
/// `Publisher`: tells the realtime server what happens in a node, from the node's outbox.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "courseselect/async/event.hpp"
#include "courseselect/async/task.hpp"
#include "courseselect/async/task_group.hpp"
#include "courseselect/core/result.hpp"
#include "courseselect/metrics/counter.hpp"
#include "courseselect/metrics/registry.hpp"
#include "courseselect/net/http/client.hpp"
#include "courseselect/nodes/node.hpp"
#include "courseselect/nodes/wire/events.hpp"

namespace courseselect::nodes::events {

/// A part of an outbox, in order.
struct Page {
    std::vector<wire::NodeEvent> events;
    /// How far it looked: the sequence to go on from. Equal to where it began when there is
    /// nothing new.
    std::int64_t last = 0;
};

/// Events in order, each with a sequence that grows and is never used again.
/// Thread-safety: the runtime's loop.
class Outbox {
  public:
    virtual ~Outbox() = default;
    /// The source's name for the receiver, which keeps one cursor a name.
    [[nodiscard]] virtual std::string name() const = 0;
    /// The events after a sequence, at most `limit`.
    [[nodiscard]] virtual async::Task<core::Result<Page>> read(std::int64_t after,
                                                               std::size_t limit) = 0;
    /// The youngest sequence.
    [[nodiscard]] virtual async::Task<core::Result<std::int64_t>> end() = 0;
};

struct PublisherOptions {
    std::size_t batch_max = 500;  ///< events in one call
    std::chrono::milliseconds call_timeout{5'000};
    std::chrono::milliseconds retry_min{100};    ///< after a call that failed; doubles up to
    std::chrono::milliseconds retry_max{1'000};  ///< this
    /// Before it stops it tries once more to tell what is left, for so long; 0: it does not. For
    /// outboxes that do not outlive the process.
    std::chrono::milliseconds farewell{0};
};

/// Sends what is in the outbox as it comes, batch after batch, each until the receiver has dealt
/// with it. The receiver keeps the cursor, for good, so neither a restart of this side nor of that
/// side loses or repeats an event. A receiver that knows nothing of the outbox begins at its
/// present end: nobody was listening before.
/// While the receiver cannot be reached nothing is read and nothing grows.
/// Ownership: owns outbox and client. Thread-safety: the runtime's loop.
class Publisher {
  public:
    Publisher(Runtime runtime, std::unique_ptr<Outbox> outbox,
              std::unique_ptr<net::http::Client> realtime, std::string internal_token,
              PublisherOptions options = {});
    ~Publisher();
    Publisher(const Publisher&) = delete;
    Publisher& operator=(const Publisher&) = delete;

    void start();
    [[nodiscard]] async::Task<> stop();
    /// There may be something new. Cheap: call it after every commit.
    void wake() {
        has_news_ = true;
        news_.notify_all();
    }

    void collect(metrics::Scrape& scrape) const;

  private:
    static async::Task<> run(Publisher& self);
    /// Learns where to go on.
    [[nodiscard]] async::Task<core::Result<>> introduce();
    /// Sends one batch. True when there may be more.
    [[nodiscard]] async::Task<core::Result<bool>> send_news(std::chrono::milliseconds timeout);
    [[nodiscard]] async::Task<core::Result<>> post(wire::EventBatch batch,
                                                   std::chrono::milliseconds timeout);
    [[nodiscard]] async::Task<core::Result<bool>> step();
    void note(const core::Result<bool>& sent);

    Runtime runtime_;
    std::unique_ptr<Outbox> outbox_;
    std::unique_ptr<net::http::Client> realtime_;
    std::string internal_token_;
    const PublisherOptions options_;
    std::optional<std::int64_t> cursor_;  ///< unset: not introduced yet
    bool has_news_ = true;
    bool is_reachable_ = false;
    async::Event news_;
    metrics::Counter told_;
    metrics::Counter failed_calls_;
    async::TaskGroup tasks_;
};

}  // namespace courseselect::nodes::events
