#include "memory_task_store.hpp"

#include <iterator>

namespace courseselect::queue {

async::Task<core::Result<std::vector<Inserted>>> MemoryTaskStore::insert(std::vector<Task> tasks) {
    std::vector<Inserted> outcome;
    for (Task& task : tasks) {
        outcome.emplace_back();
        if (task.client_ref) {
            const auto [ref, is_new] =
                refs_.try_emplace(std::pair(task.student, *task.client_ref), task.sequence);
            if (!is_new) {
                outcome.back().existing = tasks_.at(ref->second);
                continue;
            }
        }
        const std::int64_t sequence = task.sequence;
        tasks_.emplace(sequence, std::move(task));
    }
    co_return outcome;
}

async::Task<core::Result<>> MemoryTaskStore::finish(std::vector<Task> tasks, bool dead) {
    for (Task& task : tasks) {
        if (dead) {
            dead_.insert(task.sequence);
        }
        tasks_[task.sequence] = std::move(task);
    }
    co_return core::Result<>();
}

async::Task<core::Result<>> MemoryTaskStore::save_attempt(Task task) {
    tasks_[task.sequence].attempts = task.attempts;
    co_return core::Result<>();
}

async::Task<core::Result<std::vector<Task>>> MemoryTaskStore::load(
    std::vector<std::int64_t> sequences) {
    std::vector<Task> found;
    for (const std::int64_t sequence : sequences) {
        if (const auto task = tasks_.find(sequence); task != tasks_.end()) {
            found.push_back(task->second);
        }
    }
    co_return found;
}

async::Task<core::Result<std::vector<Task>>> MemoryTaskStore::dead_letters(std::size_t limit) {
    std::vector<Task> found;
    for (auto dead = dead_.rbegin(); dead != dead_.rend() && found.size() < limit; ++dead) {
        found.push_back(tasks_.at(*dead));
    }
    co_return found;
}

async::Task<core::Result<PurgeStep>> MemoryTaskStore::purge(core::WallTime before,
                                                            std::int64_t cursor, std::size_t step) {
    PurgeStep result;
    auto place = tasks_.upper_bound(cursor);
    for (std::size_t seen = 0; seen < step; ++seen) {
        if (place == tasks_.end() || std::next(place) == tasks_.end() ||
            place->second.created_at >= before) {
            result.done = true;
            break;
        }
        const Task& task = place->second;
        result.cursor = task.sequence;
        if (!task.is_finished()) {
            ++place;
            continue;
        }
        result.deleted.emplace_back(task.sequence, task.student);
        if (task.client_ref) {
            refs_.erase({task.student, *task.client_ref});
        }
        dead_.erase(task.sequence);
        place = tasks_.erase(place);
    }
    co_return result;
}

}  // namespace courseselect::queue
