#pragma once
/// `ReaderPool`: a bounded number of read-only connections, each used by one thread at a time.

#include <cstddef>
#include <memory>
#include <mutex>
#include <type_traits>
#include <utility>
#include <vector>

#include "courseselect/async/blocking_pool.hpp"
#include "courseselect/async/event_loop.hpp"
#include "courseselect/async/task.hpp"
#include "courseselect/core/result.hpp"
#include "courseselect/storage/database.hpp"

namespace courseselect::storage {

struct ReaderPoolOptions {
    std::size_t connections = 2;
    std::size_t queued_max = 1'024;  ///< reads waiting; more are refused
};

/// Runs closures `Result<T>(Connection&)` that only read, off the loop, each on one snapshot.
/// Thread-safety: the loop's thread.
class ReaderPool {
  public:
    /// `database` and `loop` must outlive the pool.
    [[nodiscard]] static core::Result<std::unique_ptr<ReaderPool>> open(
        async::EventLoop& loop, Database& database, ReaderPoolOptions options = {});

    /// Runs `closure` on a reader's thread and returns what it returned. It must own what it uses.
    /// Errors: resource_exhausted `pool_full`; and those of `Connection`.
    template <class F>
    [[nodiscard]] async::Task<std::invoke_result_t<F&, Connection&>> read(F closure) {
        auto work = [this, f = std::move(closure)]() mutable { return on_reader(f); };
        auto outcome = co_await threads_.run(loop_, std::move(work));
        if (!outcome) {
            co_return std::move(outcome).error();
        }
        co_return *std::move(outcome);
    }

    /// Reads that wait for a thread. Thread-safety: any thread.
    [[nodiscard]] std::size_t queued() const { return threads_.queued(); }

  private:
    ReaderPool(async::EventLoop& loop, ReaderPoolOptions options,
               std::vector<std::unique_ptr<Connection>> connections)
        : loop_(loop),
          idle_(std::move(connections)),
          threads_({.threads = options.connections, .queued_max = options.queued_max}) {}

    template <class F>
    std::invoke_result_t<F&, Connection&> on_reader(F& closure) {
        std::unique_ptr<Connection> connection = borrow();
        auto outcome = connection->read_transaction(closure);
        give_back(std::move(connection));
        return outcome;
    }
    /// There are as many connections as threads, so one is always idle.
    [[nodiscard]] std::unique_ptr<Connection> borrow();
    void give_back(std::unique_ptr<Connection> connection);

    async::EventLoop& loop_;
    std::mutex mutex_;
    std::vector<std::unique_ptr<Connection>> idle_;
    async::BlockingPool threads_;  // last: its threads end before the connections do
};

}  // namespace courseselect::storage
