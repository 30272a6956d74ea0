#pragma once
/// `TaskQueue`: durable tasks in order, each handed out until somebody says what became of it.

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "courseselect/async/event_loop.hpp"
#include "courseselect/async/task.hpp"
#include "courseselect/core/clock.hpp"
#include "courseselect/core/function.hpp"
#include "courseselect/core/result.hpp"
#include "courseselect/queue/task.hpp"

namespace courseselect::queue {

/// Sixteen random bytes for a task id; injected.
using RandomBytes = core::UniqueFunction<std::array<std::uint8_t, 16>()>;

/// How long a task may take and how often it is tried; may change at run time.
struct Patience {
    std::chrono::milliseconds lease{30'000};  ///< until a task that was taken is given out again
    int attempts_max = 8;                     ///< failed attempts until dead letter
    std::chrono::milliseconds retry_delay_min{100};     ///< doubles per attempt, with jitter ...
    std::chrono::milliseconds retry_delay_max{30'000};  ///< ... up to this
};

struct TaskQueueOptions {
    std::size_t pending_max = 500'000;  ///< unfinished tasks; more are refused
    std::size_t batch_max = 1'000;      ///< items of one submit, take or complete
    std::size_t client_ref_bytes_max = 128;
    int priority_max = 100;  ///< and its negative is the least
    Patience patience;
    std::size_t finished_cached_max = 100'000;  ///< recent results kept in memory
    std::size_t waiters_max = 20'000;           ///< long polls; more get the current state at once
    std::size_t list_max = 1'000;               ///< tasks in one listing
    std::size_t list_scan_max = 10'000;         ///< tasks looked at for one listing
    std::size_t purge_step = 1'000;             ///< rows deleted in one transaction
};

/// Order: higher priority first, then arrival. Of one student at most one task is handed out at a
/// time, and tasks of the same priority strictly in order of arrival, also across retries.
///
/// Durability: `submit`, `complete`, `retry`, `cancel` return after the commit. What is handed out
/// is remembered in memory only, which saves a write per task: after a crash every unfinished task
/// is pending again and marked `redelivered`, so whoever runs tasks must be idempotent on their id.
///
/// Errors of all coroutines: those of the storage (unavailable, resource_exhausted
/// `write_queue_full`); nothing has changed then.
/// Thread-safety: the loop's thread.
class TaskQueue {
  public:
    virtual ~TaskQueue() = default;

    /// Stores the tasks in one transaction; one answer for each, in order.
    /// Errors for one item: invalid_argument (`priority`, `client_ref`, `ids`), conflict
    /// `client_ref_reused` (the key belongs to a task with other content), resource_exhausted
    /// `queue_full`. For the call: invalid_argument `batch_too_large`.
    [[nodiscard]] virtual async::Task<core::Result<std::vector<core::Result<Submitted>>>> submit(
        std::vector<NewTask> tasks) = 0;

    /// Hands out up to `limit` tasks that may run now; they are `processing` until their lease
    /// ends.
    [[nodiscard]] virtual std::vector<Task> take(std::size_t limit) = 0;
    /// Waits until `take` may have something, or `at_most` has passed (which covers leases and
    /// retries that fall due). One waiter: the dispatcher.
    [[nodiscard]] virtual async::Task<> wait_for_work(std::chrono::milliseconds at_most) = 0;

    /// Records what became of tasks, in one transaction, and wakes whoever waits for them. Unknown
    /// and already finished tasks are skipped, so it may be repeated.
    [[nodiscard]] virtual async::Task<core::Result<>> complete(std::vector<Finished> finished) = 0;
    /// A task could not be run (`reason` goes to the dead letter): again later, or never.
    [[nodiscard]] virtual async::Task<core::Result<RetryOutcome>> retry(core::Uuid task_id,
                                                                        std::string reason) = 0;
    /// Gives tasks back whose call brought no answer: they keep their place, no attempt is counted,
    /// and `take` may return them at once. `may_have_run`: the call may have arrived, so they are
    /// handed out as redelivered and can no longer be cancelled; else (the data node is away) all
    /// is as if they had not been taken.
    virtual void give_back(const std::vector<core::Uuid>& task_ids, bool may_have_run) = 0;
    /// Cancels a pending task that was never handed out; it will not run.
    [[nodiscard]] virtual async::Task<core::Result<CancelOutcome>> cancel(
        core::Uuid task_id, core::StudentId student) = 0;

    [[nodiscard]] virtual async::Task<core::Result<std::optional<TaskView>>> status(
        core::Uuid task_id) = 0;
    /// Long poll: like `status`, but waits up to `at_most` for the task to finish.
    [[nodiscard]] virtual async::Task<core::Result<std::optional<TaskView>>> wait(
        core::Uuid task_id, std::chrono::milliseconds at_most) = 0;
    /// Newest first, at most `limit` (and `list_max`). The message of what is given up is the
    /// reason of its last attempt. Errors: invalid_argument `before` (no id of this queue).
    [[nodiscard]] virtual async::Task<core::Result<TaskPage>> list(TaskFilter filter,
                                                                   std::size_t limit) = 0;
    [[nodiscard]] virtual QueueStatistics statistics() = 0;

    /// Deletes finished tasks created before `before` (at least a day ago, see
    /// `NewTask::client_ref`), in bounded steps. Returns their number.
    [[nodiscard]] virtual async::Task<core::Result<std::size_t>> purge(core::WallTime before) = 0;

    /// From now on these; leases that run keep their end.
    virtual void set_patience(const Patience& patience) = 0;

    /// Ends the long polls under way and lets no new ones wait: each says at once how its task
    /// stands. Everything else goes on, so that what is accepted is still carried out.
    virtual void end_waits() = 0;
    /// Ends every wait; await it before destruction. The storage is left to its owner.
    [[nodiscard]] virtual async::Task<> close() = 0;
};

/// Forgets everything when destroyed; for tests and trials. The references must outlive it.
[[nodiscard]] std::unique_ptr<TaskQueue> make_memory_task_queue(async::EventLoop& loop,
                                                                const core::Clock& clock,
                                                                RandomBytes random,
                                                                TaskQueueOptions options = {});

}  // namespace courseselect::queue
