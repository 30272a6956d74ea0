#pragma once
/// Carries tasks from the queue to the data node, and results back.

#include <chrono>
#include <cstddef>
#include <functional>
#include <stop_token>
#include <utility>
#include <vector>

#include "courseselect/async/task.hpp"
#include "courseselect/async/task_group.hpp"
#include "courseselect/metrics/counter.hpp"
#include "courseselect/metrics/histogram.hpp"
#include "courseselect/metrics/registry.hpp"
#include "courseselect/net/http/client.hpp"
#include "courseselect/nodes/node.hpp"
#include "courseselect/nodes/wire/selection.hpp"
#include "courseselect/queue/task_queue.hpp"

namespace courseselect::nodes::queue {

struct DispatcherOptions {
    std::size_t batch_max = 500;                   ///< tasks in one call
    std::chrono::milliseconds time_limit{30'000};  ///< of one call, and so of its tasks
    std::chrono::milliseconds pause_min{20};       ///< after a call that could not be made ...
    std::chrono::milliseconds pause_max{1'000};    ///< ... doubling up to this
    std::size_t completions_max = 4;  ///< results being stored while the next call runs
};

/// One call is under way at a time, because two could overtake each other on the way and the first
/// to come must be the first to be served. While it runs, tasks gather for the next.
///
/// A call whose outcome is unknown is made again with the same task ids, marked as redelivered: the
/// data node answers from its records. Tasks the data node refuses to look at (a fault of ours) are
/// sent one by one. Those, and tasks without a decision within the time limit, are retried with
/// pauses and end as dead letters; a data node that is away or restarts costs no attempt.
/// Thread-safety: the runtime's loop.
class Dispatcher {
  public:
    Dispatcher(Runtime runtime, courseselect::queue::TaskQueue& tasks, net::http::Client& data_node,
               std::string internal_token, DispatcherOptions options = {});

    /// Called for every task whose end is stored.
    using OnFinished = std::function<void(const courseselect::queue::Task&, bool success,
                                          const std::string& message)>;
    void on_finished(OnFinished listener) { on_finished_ = std::move(listener); }

    /// For the next calls.
    void set_time_limit(std::chrono::milliseconds limit) { options_.time_limit = limit; }

    /// Runs until `stop` is requested; then finishes the call under way and stores its results.
    [[nodiscard]] async::Task<> run(std::stop_token stop);

    /// Decisions a second, lately; for the estimate of waiting times. At least 1.
    [[nodiscard]] double rate() const { return rate_; }
    void collect(metrics::Scrape& scrape) const;

  private:
    using Tasks = std::vector<courseselect::queue::Task>;
    /// `away`: it did not arrive; `lost`: it may have; `late`: so it may, and the time is over.
    enum class Sent : std::uint8_t { done, away, lost, refused, late };

    [[nodiscard]] async::Task<Sent> send(const Tasks& tasks);
    [[nodiscard]] async::Task<> send_one_by_one(const Tasks& tasks, std::stop_token stop);
    /// An attempt has failed: again later, or never.
    [[nodiscard]] async::Task<> count_attempt(Tasks tasks, std::string reason);
    [[nodiscard]] async::Task<> pause(std::stop_token stop);
    [[nodiscard]] async::Task<> store(Tasks tasks,
                                      std::vector<courseselect::queue::Finished> finished);
    void give_back(const Tasks& tasks, bool may_have_run);
    void measure(std::size_t decided);

    Runtime runtime_;
    courseselect::queue::TaskQueue& tasks_;
    net::http::Client& data_node_;
    std::string internal_token_;
    DispatcherOptions options_;
    OnFinished on_finished_;
    async::TaskGroup completions_;
    async::Event completion_ended_;
    std::chrono::milliseconds pause_;
    core::MonoTime measured_at_;
    std::size_t decided_since_ = 0;
    double rate_ = 1'000;
    metrics::Histogram batch_sizes_{metrics::sizes};
    metrics::Histogram decision_times_{metrics::durations};
    metrics::Counter sent_[5];  ///< by `Sent`
};

}  // namespace courseselect::nodes::queue
