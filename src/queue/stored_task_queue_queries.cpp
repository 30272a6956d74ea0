/// What `StoredTaskQueue` answers and how it waits; the changes are in stored_task_queue.cpp.

#include <algorithm>
#include <utility>

#include "courseselect/async/sleep.hpp"
#include "memory_task_store.hpp"
#include "stored_task_queue.hpp"

namespace courseselect::queue {

/// One coroutine that waits; `done` tells it whether what it waits for happened.
struct WaitState {
    async::Completion<bool> done;
    std::stop_source timer;

    void end(bool happened) {
        if (!done.is_set()) {
            done.set(happened);
        }
    }
};

Task* StoredTaskQueue::find(const core::Uuid& id) {
    const auto found = tasks_.find(codec_.sequence_of(id));
    return found != tasks_.end() && found->second.id == id ? &found->second : nullptr;
}

Task* StoredTaskQueue::find_open(const core::Uuid& id) {
    Task* const task = find(id);
    const bool open = task != nullptr && !task->is_finished() && !writing_.contains(task->sequence);
    return open ? task : nullptr;
}

Task StoredTaskQueue::current(Task task) const {
    if (!task.is_finished()) {
        task.status =
            index_.is_processing(task.sequence) ? TaskStatus::processing : TaskStatus::pending;
    }
    return task;
}

TaskView StoredTaskQueue::view_of(const Task& task) const {
    return TaskView{current(task), index_.position(task.sequence)};
}

async::Task<core::Result<std::optional<TaskView>>> StoredTaskQueue::status(core::Uuid task_id) {
    expire_leases();
    if (const Task* const task = find(task_id)) {
        co_return std::optional(view_of(*task));
    }
    std::vector<std::int64_t> wanted{codec_.sequence_of(task_id)};
    if (wanted.front() <= 0 || wanted.front() > last_sequence_) {
        co_return std::optional<TaskView>();
    }
    COURSESELECT_CO_TRY(const auto loaded, co_await store_->load(std::move(wanted)));
    if (loaded.empty() || loaded.front().id != task_id || !loaded.front().is_finished()) {
        co_return std::optional<TaskView>();
    }
    co_return std::optional(view_of(loaded.front()));
}

async::Task<core::Result<std::optional<TaskView>>> StoredTaskQueue::wait(
    core::Uuid task_id, std::chrono::milliseconds at_most) {
    const Task* const task = find(task_id);
    const bool may_wait = task != nullptr && !task->is_finished() && !waits_ended_ &&
                          at_most.count() > 0 && waiters_.size() < options_.waiters_max;
    if (may_wait) {
        const std::int64_t sequence = task->sequence;
        const auto waiter = std::make_shared<WaitState>();
        waiters_.emplace(sequence, waiter);
        background_.spawn(end_wait(loop_, waiter, at_most));
        auto& done = waiter->done;
        const bool finished = co_await done;
        waiter->timer.request_stop();
        if (!finished) {
            const auto [first, last] = waiters_.equal_range(sequence);
            const auto own = std::find_if(
                first, last, [&waiter](const auto& entry) { return entry.second == waiter; });
            if (own != last) {
                waiters_.erase(own);
            }
        }
    }
    co_return co_await status(task_id);
}

async::Task<> StoredTaskQueue::wait_for_work(std::chrono::milliseconds at_most) {
    expire_leases();
    if (index_.has_ready() || closing_ || at_most.count() <= 0) {
        co_return;
    }
    if (const auto due = index_.next_due()) {
        const auto until = std::chrono::ceil<std::chrono::milliseconds>(*due - clock_.mono_now());
        at_most = std::clamp(until, std::chrono::milliseconds(1), at_most);
    }
    const auto waiter = std::make_shared<WaitState>();
    dispatcher_ = waiter;
    background_.spawn(end_wait(loop_, waiter, at_most));
    auto& done = waiter->done;
    co_await done;
    waiter->timer.request_stop();
    if (dispatcher_ == waiter) {
        dispatcher_.reset();
    }
}

async::Task<> StoredTaskQueue::end_wait(async::EventLoop& loop, Waiter waiter,
                                        std::chrono::milliseconds at_most) {
    const bool passed = co_await async::sleep_for(loop, at_most, waiter->timer.get_token());
    if (passed) {
        waiter->end(false);
    }
}

void StoredTaskQueue::wake(const Waiter& waiter) {
    loop_.post([waiter] { waiter->end(true); });
}

void StoredTaskQueue::wake_dispatcher() {
    if (dispatcher_ && index_.has_ready()) {
        wake(std::exchange(dispatcher_, nullptr));
    }
}

async::Task<core::Result<TaskPage>> StoredTaskQueue::list(TaskFilter filter, std::size_t limit) {
    std::int64_t before = last_sequence_ + 1;
    if (filter.before) {
        before = codec_.sequence_of(*filter.before);
        if (before <= 0 || before > last_sequence_) {
            co_return core::Error(core::Errc::invalid_argument, "before", "there is no such task");
        }
    }
    limit = std::min(limit, options_.list_max);
    const std::size_t step = filter.status ? options_.list_max : limit;
    TaskPage page;
    for (std::size_t seen = 0; page.tasks.size() < limit && seen < options_.list_scan_max;) {
        COURSESELECT_CO_TRY(auto tasks, co_await older(filter, before, step));
        for (Task& task : tasks) {
            before = task.sequence;
            page.next_before = task.id;
            const bool is_wanted = (!filter.status || task.status == *filter.status) &&
                                   (!filter.given_up_only || task.given_up);
            if (is_wanted) {
                page.tasks.push_back(std::move(task));
            }
            if (page.tasks.size() == limit) {
                co_return page;
            }
        }
        if (tasks.size() < step) {
            page.next_before.reset();
            break;
        }
        seen += tasks.size();
    }
    co_return page;
}

async::Task<core::Result<std::vector<Task>>> StoredTaskQueue::older(TaskFilter filter,
                                                                    std::int64_t before,
                                                                    std::size_t limit) {
    if (filter.student) {
        std::vector<std::int64_t> wanted;
        if (const auto known = history_.find(*filter.student); known != history_.end()) {
            const auto& history = known->second;
            auto end = std::lower_bound(history.begin(), history.end(), before);
            while (end != history.begin() && wanted.size() < limit) {
                wanted.push_back(*--end);
            }
        }
        co_return co_await gather(std::move(wanted));
    }
    COURSESELECT_CO_TRY(auto tasks, co_await store_->older(before, filter.given_up_only, limit));
    for (Task& task : tasks) {
        const auto known = tasks_.find(task.sequence);
        task = current(known != tasks_.end() ? known->second : std::move(task));
    }
    co_return tasks;
}

async::Task<core::Result<std::vector<Task>>> StoredTaskQueue::gather(
    std::vector<std::int64_t> sequences) {
    std::vector<Task> found;
    std::vector<std::int64_t> missing;
    for (const std::int64_t sequence : sequences) {
        if (const auto known = tasks_.find(sequence); known != tasks_.end()) {
            found.push_back(current(known->second));
        } else {
            missing.push_back(sequence);
        }
    }
    if (!missing.empty()) {
        COURSESELECT_CO_TRY(auto loaded, co_await store_->load(std::move(missing)));
        std::move(loaded.begin(), loaded.end(), std::back_inserter(found));
    }
    std::sort(found.begin(), found.end(),
              [](const Task& a, const Task& b) { return a.sequence > b.sequence; });
    co_return found;
}

QueueStatistics StoredTaskQueue::statistics() {
    expire_leases();
    metrics_.turn_day(clock_.wall_now());
    return {.pending_tasks = index_.pending(),
            .processing_tasks = index_.processing(),
            .completed_tasks_today = metrics_.completed_today(),
            .failed_tasks_today = metrics_.failed_today(),
            .average_processing_time = metrics_.average_seconds(),
            .queue_length = index_.size()};
}

async::Task<core::Result<std::size_t>> StoredTaskQueue::purge(core::WallTime before) {
    std::size_t deleted = 0;
    std::int64_t cursor = 0;
    while (true) {
        COURSESELECT_CO_TRY(const auto step,
                            co_await store_->purge(before, cursor, options_.purge_step));
        forget(step);
        deleted += step.deleted.size();
        cursor = step.cursor;
        if (step.done) {
            break;
        }
    }
    co_return deleted;
}

void StoredTaskQueue::forget(const PurgeStep& step) {
    for (const auto& [sequence, student] : step.deleted) {
        tasks_.erase(sequence);
        const auto known = history_.find(student);
        if (known == history_.end()) {
            continue;
        }
        std::erase(known->second, sequence);
        if (known->second.empty()) {
            history_.erase(known);
        }
    }
}

void StoredTaskQueue::end_waits() {
    waits_ended_ = true;
    for (const auto& entry : waiters_) {
        wake(entry.second);
    }
    waiters_.clear();
}

async::Task<> StoredTaskQueue::close() {
    closing_ = true;
    end_waits();
    if (dispatcher_) {
        wake(std::exchange(dispatcher_, nullptr));
    }
    co_await background_.join();
}

std::unique_ptr<TaskQueue> make_memory_task_queue(async::EventLoop& loop, const core::Clock& clock,
                                                  RandomBytes random, TaskQueueOptions options) {
    return std::make_unique<StoredTaskQueue>(loop, clock, std::make_unique<MemoryTaskStore>(),
                                             StoredTasks{}, std::move(random), options);
}

}  // namespace courseselect::queue
