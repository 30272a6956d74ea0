#pragma once
/// `Batcher`: gathers what many coroutines ask for into few calls. Whatever arrives while a call is
/// under way goes into the next one; there is no timer, so a lone request never waits.

#include <cstddef>
#include <deque>
#include <iterator>
#include <utility>
#include <vector>

#include "courseselect/async/completion.hpp"
#include "courseselect/async/event_loop.hpp"
#include "courseselect/async/task.hpp"
#include "courseselect/async/task_group.hpp"
#include "courseselect/core/function.hpp"
#include "courseselect/core/result.hpp"

namespace courseselect::async {

struct BatcherOptions {
    std::size_t batch_max = 512;       ///< items in one call; one larger submission goes alone
    std::size_t in_flight_max = 1;     ///< calls under way; 1 keeps the order of arrival
    std::size_t waiting_max = 20'000;  ///< items not yet sent; more are refused
};

/// Thread-safety: the loop's thread. `stop()` must be awaited before destruction.
template <class In, class Out>
class Batcher {
  public:
    /// Answers a batch with exactly one `Out` per item, in order, or an error for all of them.
    using Send = core::UniqueFunction<Task<core::Result<std::vector<Out>>>(std::vector<In>)>;

    Batcher(EventLoop& loop, BatcherOptions options, Send send)
        : loop_(loop), options_(options), send_(std::move(send)), calls_(loop) {}
    Batcher(const Batcher&) = delete;
    Batcher& operator=(const Batcher&) = delete;

    /// Sends `items` together, in order. Errors: resource_exhausted (reason "batcher_full") when
    /// too many wait, cancelled after `stop()`, and whatever the call answers.
    [[nodiscard]] Task<core::Result<std::vector<Out>>> submit_all(std::vector<In> items) {
        if (stopped_) {
            co_return core::Error(core::Errc::cancelled, "stopping", "The service is stopping");
        }
        if (waiting_items_ + items.size() > options_.waiting_max) {
            co_return core::Error(core::Errc::resource_exhausted, "batcher_full",
                                  "Too many requests are waiting, try again shortly");
        }
        Completion<core::Result<std::vector<Out>>> done;
        waiting_items_ += items.size();
        waiting_.push_back(Entry{std::move(items), &done});
        schedule();
        auto result = co_await done;
        co_return result;
    }

    /// Sends one item.
    [[nodiscard]] Task<core::Result<Out>> submit(In item) {
        std::vector<In> items;
        items.push_back(std::move(item));
        auto results = co_await submit_all(std::move(items));
        if (!results) {
            co_return std::move(results).error();
        }
        co_return std::move(results->front());
    }

    [[nodiscard]] std::size_t waiting() const { return waiting_items_; }

    /// Refuses new items, sends what waits, and returns when the last call is answered.
    [[nodiscard]] Task<> stop() {
        stopped_ = true;
        while (calls_.running() > 0 || !waiting_.empty()) {
            co_await yield_or_join();
        }
    }

  private:
    struct Entry {
        std::vector<In> items;
        Completion<core::Result<std::vector<Out>>>* done;
    };

    /// Starts calls at the end of this turn of the loop, so that all requests of one turn travel
    /// together.
    void schedule() {
        if (!scheduled_ && calls_.running() < options_.in_flight_max) {
            scheduled_ = true;
            calls_.spawn(start_calls());
        }
    }

    Task<> start_calls() {
        Completion<bool> turn;
        loop_.post([&turn] { turn.set(true); });
        co_await turn;
        scheduled_ = false;
        // This coroutine itself is one of the calls under way; it carries batches until none wait.
        while (!waiting_.empty()) {
            if (waiting_.size() > 1 && calls_.running() < options_.in_flight_max) {
                schedule();
            }
            std::vector<Entry> batch = take_batch();
            co_await call(std::move(batch));
        }
    }

    std::vector<Entry> take_batch() {
        std::vector<Entry> batch;
        std::size_t count = 0;
        while (!waiting_.empty() &&
               (batch.empty() || count + waiting_.front().items.size() <= options_.batch_max)) {
            count += waiting_.front().items.size();
            batch.push_back(std::move(waiting_.front()));
            waiting_.pop_front();
        }
        waiting_items_ -= count;
        return batch;
    }

    Task<> call(std::vector<Entry> batch) {
        std::vector<In> items;
        std::vector<std::size_t> sizes;
        for (Entry& entry : batch) {
            sizes.push_back(entry.items.size());
            std::move(entry.items.begin(), entry.items.end(), std::back_inserter(items));
        }
        auto results = co_await send_(std::move(items));
        std::size_t at = 0;
        for (std::size_t i = 0; i < batch.size(); ++i) {
            if (!results) {
                const core::Error& error = results.error();
                batch[i].done->set(core::Error(error));
                continue;
            }
            const auto first = results->begin() + static_cast<std::ptrdiff_t>(at);
            const auto last = first + static_cast<std::ptrdiff_t>(sizes[i]);
            at += sizes[i];
            batch[i].done->set(
                std::vector<Out>(std::make_move_iterator(first), std::make_move_iterator(last)));
        }
    }

    Task<> yield_or_join() {
        if (calls_.running() > 0) {
            co_await calls_.join();
        } else {
            schedule();
        }
    }

    EventLoop& loop_;
    const BatcherOptions options_;
    Send send_;
    std::deque<Entry> waiting_;
    std::size_t waiting_items_ = 0;
    bool scheduled_ = false;
    bool stopped_ = false;
    TaskGroup calls_;
};

}  // namespace courseselect::async
