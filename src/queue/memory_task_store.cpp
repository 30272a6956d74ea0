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

async::Task<core::Result<>> MemoryTaskStore::finish(std::vector<Task> tasks) {
    for (Task& task : tasks) {
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

async::Task<core::Result<std::vector<Task>>> MemoryTaskStore::older(std::int64_t before,
                                                                    bool given_up_only,
                                                                    std::size_t limit) {
    std::vector<Task> found;
    auto place = tasks_.lower_bound(before);
    while (place != tasks_.begin() && found.size() < limit) {
        --place;
        if (!given_up_only || place->second.given_up) {
            found.push_back(place->second);
        }
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
        place = tasks_.erase(place);
    }
    co_return result;
}

}  // namespace courseselect::queue
