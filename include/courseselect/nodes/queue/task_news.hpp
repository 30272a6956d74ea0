#pragma once
/// What students are told of their tasks while they wait.

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <utility>

#include "courseselect/core/uuid.hpp"
#include "courseselect/nodes/events/publisher.hpp"
#include "courseselect/queue/task.hpp"

namespace courseselect::nodes::queue {

/// The news of this process, kept until the realtime server has them. They are not durable: a task
/// itself is, and its student can always ask `/student/queue/status`.
/// Limits: `kept_max` events; the oldest are dropped.
/// Thread-safety: the runtime's loop.
class TaskNews {
  public:
    /// @param epoch  another at each start, so that sequences may begin again
    explicit TaskNews(std::string epoch, std::size_t kept_max = 20'000)
        : epoch_(std::move(epoch)), kept_max_(kept_max) {}

    /// A task was stored and waits at that place.
    void queued(core::StudentId student, const core::Uuid& task, std::size_t position);
    /// What became of it; `reason` is told when it failed.
    void finished(core::StudentId student, const core::Uuid& task, bool success,
                  const std::string& reason);
    /// Called for each event. Without a listener nothing is kept.
    void on_news(std::function<void()> wake) { wake_ = std::move(wake); }

    [[nodiscard]] const std::string& epoch() const { return epoch_; }
    /// Forgets what is not after `after`, and returns at most `limit` events behind it.
    [[nodiscard]] events::Page take(std::int64_t after, std::size_t limit);
    [[nodiscard]] std::size_t size() const { return kept_.size(); }

  private:
    void add(core::StudentId student, std::string data);

    std::string epoch_;
    std::size_t kept_max_;
    std::int64_t last_ = 0;
    std::deque<wire::NodeEvent> kept_;
    std::function<void()> wake_;
};

/// `TaskNews` for a publisher; borrows it.
class TaskOutbox final : public events::Outbox {
  public:
    explicit TaskOutbox(TaskNews& news) : news_(news) {}

    [[nodiscard]] std::string name() const override { return "queue." + news_.epoch(); }
    [[nodiscard]] async::Task<core::Result<events::Page>> read(std::int64_t after,
                                                               std::size_t limit) override {
        co_return news_.take(after, limit);
    }
    /// Everything of this process is news to a receiver that has not heard of it.
    [[nodiscard]] async::Task<core::Result<std::int64_t>> end() override { co_return 0; }

  private:
    TaskNews& news_;
};

}  // namespace courseselect::nodes::queue
