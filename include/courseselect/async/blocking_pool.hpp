#pragma once
/// `BlockingPool`: threads for work that must not run on an event loop (hashing, files, SQL reads).

#include <cstddef>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

#include "courseselect/async/completion.hpp"
#include "courseselect/async/event_loop.hpp"
#include "courseselect/async/task.hpp"
#include "courseselect/core/function.hpp"
#include "courseselect/core/result.hpp"

namespace courseselect::async {

/// A fixed number of threads and a bounded queue. A full queue refuses at once.
/// Thread-safety: `submit` from any thread; `run` from the thread of the loop it names.
class BlockingPool {
  public:
    struct Options {
        std::size_t threads = 2;
        std::size_t queued_max = 1024;
        /// Added to the threads' niceness, so that hashing does not starve the event loops.
        int niceness = 0;
    };

    explicit BlockingPool(Options options);
    /// Finishes what is queued, then joins the threads.
    ~BlockingPool();
    BlockingPool(const BlockingPool&) = delete;
    BlockingPool& operator=(const BlockingPool&) = delete;

    /// Queues `work`; false when the queue is full.
    [[nodiscard]] bool submit(core::UniqueFunction<void()> work);
    [[nodiscard]] std::size_t queued() const;

    /// Runs `function()` on the pool and resumes the caller on `loop` with its value (which must
    /// not be void). Errors: resource_exhausted when the queue is full. `function` must own what
    /// it uses and must not throw.
    template <class F, class T = std::invoke_result_t<F&>>
    [[nodiscard]] Task<core::Result<T>> run(EventLoop& loop, F function) {
        Completion<T> completion;
        const bool queued = submit([&loop, &completion, f = std::move(function)]() mutable {
            auto value = std::make_shared<std::optional<T>>(f());
            loop.post([&completion, value] { completion.set(std::move(**value)); });
        });
        if (!queued) {
            co_return core::Error(core::Errc::resource_exhausted, "pool_full",
                                  "The server is busy, try again shortly");
        }
        T value = co_await completion;
        co_return std::move(value);
    }

  private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace courseselect::async
