#pragma once
/// What the queue keeps: tasks, what is submitted, and what becomes of them.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "courseselect/core/clock.hpp"
#include "courseselect/core/ids.hpp"
#include "courseselect/core/uuid.hpp"

namespace courseselect::queue {

enum class TaskType : std::uint8_t { select, deselect };

/// Contract §6. A cancelled task has failed with the message `Cancelled by user`.
enum class TaskStatus : std::uint8_t { pending, processing, completed, failed };

[[nodiscard]] constexpr std::string_view name_of(TaskType type) {
    return type == TaskType::select ? "select" : "deselect";
}
[[nodiscard]] constexpr std::string_view name_of(TaskStatus status) {
    constexpr std::string_view names[] = {"pending", "processing", "completed", "failed"};
    return names[static_cast<std::size_t>(status)];
}
[[nodiscard]] constexpr std::optional<TaskStatus> parse_task_status(std::string_view text) {
    for (const TaskStatus status :
         {TaskStatus::pending, TaskStatus::processing, TaskStatus::completed, TaskStatus::failed}) {
        if (name_of(status) == text) {
            return status;
        }
    }
    return std::nullopt;
}

/// A wish on its way in.
struct NewTask {
    core::StudentId student;
    core::CourseId course;
    TaskType type = TaskType::select;
    int priority = 0;  ///< higher first; -100 to 100
    /// Idempotency key, 1 to 128 bytes: the same key of a student gives the same task for as long
    /// as that task is kept (`purge`, at least a day).
    std::optional<std::string> client_ref{};
};

/// The receipt for a task, given once it is durable.
struct Submitted {
    core::Uuid task_id;
    /// Pending tasks of the same or higher priority, this one counted; 0 when it is a duplicate
    /// that is no longer pending.
    std::size_t position = 0;
    bool duplicate = false;  ///< the key was used before; `task_id` is that task
};

/// A task as it stands.
struct Task {
    core::Uuid id;
    std::int64_t sequence = 0;  ///< order of arrival
    core::StudentId student;
    core::CourseId course;
    TaskType type = TaskType::select;
    int priority = 0;
    TaskStatus status = TaskStatus::pending;
    std::string message;       ///< for the student, once finished
    std::string reasons_json;  ///< array of every reason of a refusal; "[]" if there is none
    int attempts = 0;          ///< failed ones, see `TaskQueue::retry`
    bool given_up = false;     ///< failed because there were too many attempts: a dead letter
    /// It may have been handed out before (lease ran out, retry, restart): whoever runs it must
    /// look for its own record of the id first. Such a task can no longer be cancelled.
    bool redelivered = false;
    core::WallTime created_at;
    std::optional<core::WallTime> started_at;
    std::optional<core::WallTime> completed_at;
    std::optional<std::string> client_ref;

    [[nodiscard]] bool is_finished() const {
        return status == TaskStatus::completed || status == TaskStatus::failed;
    }
};

/// What became of a task that ran.
struct Finished {
    core::Uuid task_id;
    bool success = false;  ///< completed, or failed (refused)
    std::string message;
    std::string reasons_json = "[]";
};

/// A task and its place: `position` counts from 1 and is set only while pending.
struct TaskView {
    Task task;
    std::optional<std::size_t> position;
};

/// Which tasks `TaskQueue::list` shows: those for which all that is set holds.
struct TaskFilter {
    std::optional<core::StudentId> student{};
    std::optional<TaskStatus> status{};
    bool given_up_only = false;
    /// A task's id: only tasks that arrived before it.
    std::optional<core::Uuid> before{};
};

/// Tasks, newest first. It may be shorter than asked for, even empty, while there are more.
struct TaskPage {
    std::vector<Task> tasks;
    /// For the next page; unset: there are no older tasks.
    std::optional<core::Uuid> next_before;
};

/// What `retry` did.
enum class RetryOutcome : std::uint8_t {
    scheduled,    ///< it will be handed out again after a pause
    dead_letter,  ///< too many attempts: failed for good, `given_up`
    not_running,  ///< unknown or finished meanwhile
};

/// What `cancel` did.
struct CancelOutcome {
    enum class Kind : std::uint8_t { cancelled, not_found, not_cancellable };
    Kind kind = Kind::not_found;
    TaskStatus status = TaskStatus::failed;  ///< why it is not cancellable
};

/// Contract §6, `/queue/stats`. "Today" is the UTC day.
struct QueueStatistics {
    std::size_t pending_tasks = 0;
    std::size_t processing_tasks = 0;
    std::size_t completed_tasks_today = 0;
    std::size_t failed_tasks_today = 0;
    double average_processing_time = 0;  ///< seconds, of the last 100 finished tasks that ran
    std::size_t queue_length = 0;        ///< tasks not yet finished
};

}  // namespace courseselect::queue
