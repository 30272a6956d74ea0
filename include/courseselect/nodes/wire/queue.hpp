#pragma once
/// The queue node's own answers (contract §6).

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "courseselect/core/clock.hpp"
#include "courseselect/core/ids.hpp"
#include "courseselect/json/describe.hpp"
#include "courseselect/nodes/wire/selection.hpp"

namespace courseselect::nodes::wire {

struct CancelQuery {
    std::string task_id;
    core::StudentId student_id;
};

struct QueueStats {
    std::int64_t pending_tasks = 0;
    std::int64_t processing_tasks = 0;
    std::int64_t completed_tasks_today = 0;
    std::int64_t failed_tasks_today = 0;
    double average_processing_time = 0;
    std::int64_t queue_length = 0;
};

struct StudentTasksQuery {
    core::StudentId student_id;
    std::optional<std::string> status_filter;
    int limit = 10;
};
struct StudentTask {
    std::string task_id;
    core::CourseId course_id;
    std::string task_type;
    std::string status;
    core::WallTime created_at;
    std::optional<core::WallTime> completed_at;
};
struct StudentTasks {
    std::vector<StudentTask> tasks;
};

/// "dead" are those that failed because they were tried too often.
struct TaskListQuery {
    std::optional<core::StudentId> student_id;
    std::optional<std::string> status_filter;
    std::optional<std::string> before;
    int limit = 50;
};
struct TaskIdQuery {
    std::string task_id;
};
struct TaskDetails {
    std::string task_id;
    core::StudentId student_id;
    core::CourseId course_id;
    std::string task_type;
    int priority = 0;
    std::string status;
    std::string message;
    int attempts = 0;
    bool given_up = false;
    core::WallTime created_at;
    std::optional<core::WallTime> started_at;
    std::optional<core::WallTime> completed_at;
};
struct TaskList {
    std::vector<TaskDetails> tasks;
    std::optional<std::string> next_before;
};

/// Without its database the queue says `error` and `database_connected: false`, and no figures.
struct QueueHealth {
    std::string status;
    std::optional<std::string> error;
    std::optional<std::string> queue_status;
    bool database_connected = true;
    std::optional<std::int64_t> pending_tasks;
    std::optional<std::int64_t> processing_tasks;
};

}  // namespace courseselect::nodes::wire

namespace courseselect::json {

namespace wire = nodes::wire;

template <>
struct Describe<wire::CancelQuery> {
    static constexpr auto fields() {
        return object(
            "CancelQuery", "Whose task.",
            field<&wire::CancelQuery::task_id>("task_id", length(1, 64), wire::task_id_example),
            field<&wire::CancelQuery::student_id>("student_id"));
    }
};
template <>
struct Describe<wire::QueueStats> {
    static constexpr auto fields() {
        using Q = wire::QueueStats;
        return object("QueueStats", "Figures of the queue; today is the UTC day.",
                      field<&Q::pending_tasks>("pending_tasks"),
                      field<&Q::processing_tasks>("processing_tasks"),
                      field<&Q::completed_tasks_today>("completed_tasks_today"),
                      field<&Q::failed_tasks_today>("failed_tasks_today"),
                      field<&Q::average_processing_time>("average_processing_time",
                                                         doc("Seconds, of the last 100.")),
                      field<&Q::queue_length>("queue_length"));
    }
};
template <>
struct Describe<wire::StudentTasksQuery> {
    static constexpr auto fields() {
        using Q = wire::StudentTasksQuery;
        return object(
            "StudentTasksQuery", "Whose tasks.", field<&Q::student_id>("student_id"),
            field<&Q::status_filter>("status_filter", empty_is_absent,
                                     one_of<"pending", "processing", "completed", "failed">),
            field<&Q::limit>("limit", between(1, 1000), optional_with_default));
    }
};
template <>
struct Describe<wire::StudentTask> {
    static constexpr auto fields() {
        using T = wire::StudentTask;
        return object("StudentTask", "A task of a student.", field<&T::task_id>("task_id"),
                      field<&T::course_id>("course_id"), field<&T::task_type>("task_type"),
                      field<&T::status>("status"), field<&T::created_at>("created_at"),
                      field<&T::completed_at>("completed_at"));
    }
};
template <>
struct Describe<wire::StudentTasks> {
    static constexpr auto fields() {
        return object("StudentTasks", "Newest first.", field<&wire::StudentTasks::tasks>("tasks"));
    }
};
template <>
struct Describe<wire::TaskListQuery> {
    static constexpr auto fields() {
        using Q = wire::TaskListQuery;
        return object(
            "TaskListQuery", "Which tasks.",
            field<&Q::student_id>("student_id", doc("Only this student's.")),
            field<&Q::status_filter>("status_filter", empty_is_absent,
                                     one_of<"pending", "processing", "completed", "failed", "dead">,
                                     doc("dead: failed after too many attempts.")),
            field<&Q::before>("before", length(1, 64),
                              doc("A task: only those that arrived before it.")),
            field<&Q::limit>("limit", between(1, 1000), optional_with_default));
    }
};
template <>
struct Describe<wire::TaskIdQuery> {
    static constexpr auto fields() {
        return object(
            "TaskIdQuery", "Which task.",
            field<&wire::TaskIdQuery::task_id>("task_id", length(1, 64), wire::task_id_example));
    }
};
template <>
struct Describe<wire::TaskDetails> {
    static constexpr auto fields() {
        using T = wire::TaskDetails;
        return object(
            "TaskDetails", "A task as operators see it.", field<&T::task_id>("task_id"),
            field<&T::student_id>("student_id"), field<&T::course_id>("course_id"),
            field<&T::task_type>("task_type"), field<&T::priority>("priority"),
            field<&T::status>("status"),
            field<&T::message>("message", doc("What the student is told.")),
            field<&T::attempts>("attempts", doc("Failed ones.")),
            field<&T::given_up>("given_up", doc("Failed because there were too many attempts.")),
            field<&T::created_at>("created_at"), field<&T::started_at>("started_at"),
            field<&T::completed_at>("completed_at"));
    }
};
template <>
struct Describe<wire::TaskList> {
    static constexpr auto fields() {
        using L = wire::TaskList;
        return object("TaskList", "A page of tasks, newest first.", field<&L::tasks>("tasks"),
                      field<&L::next_before>("next_before", doc("Null: there are no older ones.")));
    }
};
template <>
struct Describe<wire::QueueHealth> {
    static constexpr auto fields() {
        using Q = wire::QueueHealth;
        return object("QueueHealth", "How the queue is doing.",
                      field<&Q::status>("status", one_of<"healthy", "degraded", "unhealthy">),
                      field<&Q::error>("error", omit_empty),
                      field<&Q::queue_status>("queue_status", omit_empty),
                      field<&Q::database_connected>("database_connected"),
                      field<&Q::pending_tasks>("pending_tasks", omit_empty),
                      field<&Q::processing_tasks>("processing_tasks", omit_empty));
    }
};

}  // namespace courseselect::json
