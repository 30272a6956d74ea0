#pragma once
/// `TaskStore`: where a task queue keeps its tasks. Orders nothing and decides nothing.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "courseselect/async/task.hpp"
#include "courseselect/core/result.hpp"
#include "courseselect/queue/task.hpp"

namespace courseselect::queue {

/// What became of an inserted task: stored, or the one that already has its key.
struct Inserted {
    std::optional<Task> existing;  ///< only id, sequence, course and type are filled in
};

/// The stored tasks of one step of a purge.
struct PurgeStep {
    std::vector<std::pair<std::int64_t, core::StudentId>> deleted;
    std::int64_t cursor = 0;  ///< where the next step goes on
    bool done = false;
};

/// What a queue is rebuilt from at start.
struct StoredTasks {
    std::uint64_t id_key = 0;
    std::int64_t last_sequence = 0;
    std::vector<std::pair<std::int64_t, core::StudentId>> all;  ///< by sequence
    std::vector<Task> unfinished;                               ///< by sequence
    std::size_t completed_today = 0;
    std::size_t failed_today = 0;
};

/// Every call is one transaction. Errors: those of the storage; nothing has changed then.
/// Thread-safety: the loop's thread.
class TaskStore {
  public:
    virtual ~TaskStore() = default;

    [[nodiscard]] virtual async::Task<core::Result<std::vector<Inserted>>> insert(
        std::vector<Task> tasks) = 0;
    /// Records finished tasks.
    [[nodiscard]] virtual async::Task<core::Result<>> finish(std::vector<Task> tasks) = 0;
    [[nodiscard]] virtual async::Task<core::Result<>> save_attempt(Task task) = 0;
    /// The tasks with these sequences, as far as they exist, in any order.
    [[nodiscard]] virtual async::Task<core::Result<std::vector<Task>>> load(
        std::vector<std::int64_t> sequences) = 0;
    /// Tasks with a sequence below `before`, newest first.
    [[nodiscard]] virtual async::Task<core::Result<std::vector<Task>>> older(std::int64_t before,
                                                                             bool given_up_only,
                                                                             std::size_t limit) = 0;
    /// Looks at `step` tasks after `cursor` and deletes the finished ones created before `before`;
    /// the newest task always stays, so that no sequence is used twice.
    [[nodiscard]] virtual async::Task<core::Result<PurgeStep>> purge(core::WallTime before,
                                                                     std::int64_t cursor,
                                                                     std::size_t step) = 0;
};

}  // namespace courseselect::queue
