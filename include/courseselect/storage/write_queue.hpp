#pragma once
/// `WriteQueue`: the one writer of a database, many closures to a transaction.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

#include "courseselect/async/completion.hpp"
#include "courseselect/async/event_loop.hpp"
#include "courseselect/async/task.hpp"
#include "courseselect/core/result.hpp"
#include "courseselect/metrics/counter.hpp"
#include "courseselect/metrics/histogram.hpp"
#include "courseselect/storage/connection.hpp"

namespace courseselect::storage {

namespace detail {

/// A closure on its way: queued, executed on the writer's thread, finished on the loop.
class WriteJob {
  public:
    virtual ~WriteJob() = default;
    /// Runs the closure; false when it failed and its writes must be undone.
    [[nodiscard]] virtual bool execute(Connection& connection) = 0;
    /// Replaces the outcome: nothing of the job was kept.
    virtual void fail(const core::Error& error) = 0;
    /// On the loop, after the commit. May destroy the job.
    virtual void finish() = 0;

    WriteJob* next = nullptr;
};

template <class F>
class ClosureJob : public WriteJob {
  public:
    using Outcome = std::invoke_result_t<F&, Connection&>;

    explicit ClosureJob(F closure) : closure_(std::move(closure)) {}
    bool execute(Connection& connection) final {
        try {
            outcome_.emplace(closure_(connection));
        } catch (const std::exception& error) {
            outcome_.emplace(core::Error(core::Errc::internal, "write_threw", error.what()));
        }
        return outcome_->has_value();
    }
    void fail(const core::Error& error) final { outcome_.emplace(core::Error(error)); }

  protected:
    F closure_;
    std::optional<Outcome> outcome_;
};

/// Lives in the frame of the coroutine that awaits it: queueing allocates nothing.
template <class F>
class AwaitedJob final : public ClosureJob<F> {
  public:
    using ClosureJob<F>::ClosureJob;
    void finish() override { completion.set(std::move(*this->outcome_)); }

    async::Completion<typename ClosureJob<F>::Outcome> completion;
};

template <class F, class Done>
class CallbackJob final : public ClosureJob<F> {
  public:
    CallbackJob(F closure, Done done) : ClosureJob<F>(std::move(closure)), done_(std::move(done)) {}
    void finish() override {
        const std::unique_ptr<CallbackJob> self(this);
        done_(std::move(*this->outcome_));
    }

  private:
    Done done_;
};

}  // namespace detail

struct WriteQueueOptions {
    std::size_t queued_max = 8'192;  ///< closures waiting; more are refused
    std::size_t group_max = 512;     ///< closures in one transaction
};

/// True values, for `/health`.
struct WriteQueueStatistics {
    std::size_t queue_size = 0;       ///< closures waiting for the writer
    std::size_t pending_results = 0;  ///< committed or failed, not yet told to the loop
    bool worker_alive = false;
    bool queue_enabled = false;
    std::uint64_t closures = 0;  ///< executed since start
    std::uint64_t groups = 0;    ///< transactions since start
};

/// How the writer fares, for `/metrics`. Written by its thread, read by any.
struct WriteQueueFigures {
    metrics::Histogram group_sizes{metrics::sizes};      ///< closures in a transaction
    metrics::Histogram group_times{metrics::durations};  ///< from its begin to its commit
    metrics::Counter failed_groups;  ///< transactions that were lost, with all their closures
};

/// One thread runs closures `Result<T>(Connection&)` in order of arrival. What arrived while the
/// last commit ran goes into the next transaction: no timer, one flush for all. Each closure of a
/// group runs in a savepoint, so a failing one is undone alone. Results are told after the commit,
/// all of a group in one post to the loop. If the commit fails, every member gets unavailable
/// (`commit_failed`), nothing of the group is kept; or outcome_unknown: all of it is, or nothing.
///
/// A closure must own what it uses, runs on the writer's thread, and must not begin or end
/// transactions. Do not call back into the queue from it.
/// Errors of the queue itself: resource_exhausted `write_queue_full`; unavailable
/// `write_queue_stopped`.
/// Thread-safety: `run` and `submit` on the loop's thread; `statistics` any thread.
class WriteQueue {
  public:
    /// `database` and `loop` must outlive the queue.
    WriteQueue(async::EventLoop& loop, std::unique_ptr<Connection> writer,
               WriteQueueOptions options = {});
    /// Finishes what is queued. The loop must still exist; results it has not yet delivered are
    /// delivered when it next runs.
    ~WriteQueue();
    WriteQueue(const WriteQueue&) = delete;
    WriteQueue& operator=(const WriteQueue&) = delete;

    /// Runs `closure` on the writer and returns what it returned, once that is durable.
    template <class F>
    [[nodiscard]] async::Task<std::invoke_result_t<F&, Connection&>> run(F closure) {
        detail::AwaitedJob<F> job(std::move(closure));
        const auto refusal = enqueue(job);
        if (refusal) {
            co_return *refusal;
        }
        auto outcome = co_await job.completion;
        co_return std::move(outcome);
    }

    /// The same with a callback `done(Result<T>)` on the loop. When the queue refuses, `done` is
    /// called at once, inside this call.
    template <class F, class Done>
    void submit(F closure, Done done) {
        auto job =
            std::make_unique<detail::CallbackJob<F, Done>>(std::move(closure), std::move(done));
        if (const auto refusal = enqueue(*job)) {
            job->fail(*refusal);
            job.release()->finish();
        } else {
            static_cast<void>(job.release());  // finish() takes it back
        }
    }

    /// Refuses new closures, finishes those queued, tells their results and ends the thread.
    [[nodiscard]] async::Task<> stop();

    [[nodiscard]] WriteQueueStatistics statistics() const;
    /// Valid as long as the queue. Thread-safety: any thread.
    [[nodiscard]] const WriteQueueFigures& figures() const;

  private:
    struct State;
    [[nodiscard]] std::optional<core::Error> enqueue(detail::WriteJob& job);

    std::shared_ptr<State> state_;
};

}  // namespace courseselect::storage
