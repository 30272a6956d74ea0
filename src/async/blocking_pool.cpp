#include "courseselect/async/blocking_pool.hpp"

#include <unistd.h>

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <vector>

namespace courseselect::async {

struct BlockingPool::State {
    explicit State(Options o) : options(o) {}

    void work() {
        if (options.niceness != 0) {
            // On Linux niceness belongs to the calling thread; failing to lower it is harmless.
            [[maybe_unused]] const int ignored = ::nice(options.niceness);
        }
        std::unique_lock lock(mutex);
        while (true) {
            wake.wait(lock, [this] { return closing || !queue.empty(); });
            if (queue.empty()) {
                return;
            }
            auto job = std::move(queue.front());
            queue.pop_front();
            lock.unlock();
            job();
            job = nullptr;
            lock.lock();
        }
    }

    const Options options;
    mutable std::mutex mutex;
    std::condition_variable wake;
    std::deque<core::UniqueFunction<void()>> queue;
    bool closing = false;
    std::vector<std::thread> threads;
};

BlockingPool::BlockingPool(Options options) : state_(std::make_unique<State>(options)) {
    for (std::size_t i = 0; i < options.threads; ++i) {
        state_->threads.emplace_back([state = state_.get()] { state->work(); });
    }
}

BlockingPool::~BlockingPool() {
    {
        const std::lock_guard lock(state_->mutex);
        state_->closing = true;
    }
    state_->wake.notify_all();
    for (auto& thread : state_->threads) {
        thread.join();
    }
}

bool BlockingPool::submit(core::UniqueFunction<void()> work) {
    {
        const std::lock_guard lock(state_->mutex);
        if (state_->queue.size() >= state_->options.queued_max) {
            return false;
        }
        state_->queue.push_back(std::move(work));
    }
    state_->wake.notify_one();
    return true;
}

std::size_t BlockingPool::queued() const {
    const std::lock_guard lock(state_->mutex);
    return state_->queue.size();
}

}  // namespace courseselect::async
