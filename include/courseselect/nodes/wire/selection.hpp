#pragma once
/// Selections on the wire: single ones (contract §2.3, §5, §6) and batches between nodes.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "courseselect/core/clock.hpp"
#include "courseselect/core/ids.hpp"
#include "courseselect/json/describe.hpp"

namespace courseselect::nodes::wire {

/// A task id in documented requests.
inline constexpr auto task_id_example = json::example("\"0b0f6a4e-5a0d-4a6e-9a51-6f1c2b3d4e5f\"");

/// Body of `/select/course` and `/deselect/course`.
struct Selection {
    core::StudentId student_id;
    core::CourseId course_id;
};

/// Why a selection is refused; the first reason is the one the contract names.
struct Reason {
    std::string code;     ///< stable, e.g. "course_full"
    std::string message;  ///< for the student
};

/// One task to be decided. `task_id` is a UUID; the same id is decided once.
struct DecisionTask {
    std::string task_id;
    core::StudentId student_id;
    core::CourseId course_id;
    std::string task_type;     ///< "select" or "deselect"
    bool redelivered = false;  ///< it may have been sent before: look for its record first
};
struct DecisionBatch {
    std::vector<DecisionTask> tasks;
};

/// What became of one task.
struct Decision {
    std::string task_id;
    bool accepted = false;
    std::string code;     ///< "accepted" or the first reason's code
    std::string message;  ///< for the student
    std::vector<Reason> reasons;
};
struct DecisionBatchAnswer {
    std::vector<Decision> decisions;  ///< in the order of the tasks
};

/// Body of `POST /queue/submit`, and one item of `POST /internal/queue/submit`.
struct QueueSubmission {
    core::StudentId student_id;
    core::CourseId course_id;
    std::string task_type;
    int priority = 0;
    std::optional<std::string> client_ref;      ///< idempotency key of the client
    std::optional<std::string> client_address;  ///< for the limit per address
};
struct QueueSubmissionBatch {
    std::vector<QueueSubmission> tasks;
};

/// Answer of `POST /queue/submit`.
struct QueueReceipt {
    bool success = true;
    std::string task_id;
    std::int64_t position = 0;
    std::int64_t estimated_time = 0;  ///< seconds
};

/// One item of the batch answer: a receipt, or an HTTP status with its text.
struct QueueOutcome {
    int status = 200;
    std::string detail;
    std::string task_id;
    std::int64_t position = 0;
    std::int64_t estimated_time = 0;
    std::optional<std::int64_t> retry_after;
};
struct QueueOutcomeBatch {
    std::vector<QueueOutcome> results;
};

/// Answer of `GET /queue/status`.
struct TaskStatus {
    std::string task_id;
    std::string status;
    std::string message;
    core::WallTime created_at;
    std::optional<core::WallTime> started_at;
    std::optional<core::WallTime> completed_at;
    std::optional<std::int64_t> position;
    std::vector<Reason> reasons;  ///< every reason of a refusal
};

/// Query of `GET /queue/status`.
struct TaskQuery {
    std::string task_id;
    std::optional<core::StudentId> student_id;  ///< others' tasks are "not found"
    int wait = 0;                               ///< seconds to wait for the end of the task
};

/// A course that stands in the way.
struct ConflictingCourse {
    core::CourseId course_id;
    std::string course_name;
};
/// Answer of `POST /internal/check`.
struct SelectionCheck {
    bool can_select = false;
    std::vector<Reason> reasons;
    std::vector<ConflictingCourse> time_conflicts;
};

/// One event of the data node's outbox.
struct SelectionEvent {
    std::int64_t sequence = 0;
    std::string kind;  ///< "select", "deselect" or "withdraw"
    core::StudentId student_id;
    core::CourseId course_id;
    bool accepted = false;
    std::string code;
    std::string message;                     ///< the first reason of a refusal
    std::optional<std::string> course_name;  ///< none: the course is gone
    core::WallTime decided_at;
};
struct SelectionEvents {
    std::vector<SelectionEvent> events;
    std::int64_t last = 0;  ///< sequence of the last decision there is
};
struct EventQuery {
    std::int64_t after = 0;
    int limit = 100;
};

}  // namespace courseselect::nodes::wire

namespace courseselect::json {

namespace wire = nodes::wire;

inline constexpr auto selection_kind = one_of<"select", "deselect">;

template <>
struct Describe<wire::Selection> {
    static constexpr auto fields() {
        return object("Selection", "A student and a course.",
                      field<&wire::Selection::student_id>("student_id", example("1")),
                      field<&wire::Selection::course_id>("course_id", example("1")));
    }
};
template <>
struct Describe<wire::Reason> {
    static constexpr auto fields() {
        return object("Reason", "Why a selection is refused.",
                      field<&wire::Reason::code>("code", example("\"course_full\"")),
                      field<&wire::Reason::message>("message", example("\"Course is full\"")));
    }
};
template <>
struct Describe<wire::DecisionTask> {
    static constexpr auto fields() {
        using T = wire::DecisionTask;
        return object(
            "DecisionTask", "A task to be decided.",
            field<&T::task_id>("task_id", length(36, 36), doc("A UUID."), wire::task_id_example),
            field<&T::student_id>("student_id"), field<&T::course_id>("course_id"),
            field<&T::task_type>("task_type", selection_kind),
            field<&T::redelivered>("redelivered", optional_with_default));
    }
};
template <>
struct Describe<wire::DecisionBatch> {
    static constexpr auto fields() {
        return object("DecisionBatch", "Tasks, decided in this order.",
                      field<&wire::DecisionBatch::tasks>("tasks", items(1, 1000)));
    }
};
template <>
struct Describe<wire::Decision> {
    static constexpr auto fields() {
        using T = wire::Decision;
        return object("Decision", "What became of a task.", field<&T::task_id>("task_id"),
                      field<&T::accepted>("accepted"), field<&T::code>("code"),
                      field<&T::message>("message"), field<&T::reasons>("reasons"));
    }
};
template <>
struct Describe<wire::DecisionBatchAnswer> {
    static constexpr auto fields() {
        return object("DecisionBatchAnswer", "Decisions in the order of the tasks.",
                      field<&wire::DecisionBatchAnswer::decisions>("decisions"));
    }
};
template <>
struct Describe<wire::QueueSubmission> {
    static constexpr auto fields() {
        using T = wire::QueueSubmission;
        return object("QueueSubmission", "A selection to be queued.",
                      field<&T::student_id>("student_id", example("1")),
                      field<&T::course_id>("course_id", example("1")),
                      field<&T::task_type>("task_type", selection_kind, example("\"select\"")),
                      field<&T::priority>("priority", between(-1000, 1000), optional_with_default,
                                          doc("Higher goes first.")),
                      field<&T::client_ref>("client_ref", length(1, 128), omit_empty,
                                            doc("The same key gives the same task.")),
                      field<&T::client_address>("client_address", length_max(64), omit_empty));
    }
};
template <>
struct Describe<wire::QueueSubmissionBatch> {
    static constexpr auto fields() {
        return object("QueueSubmissionBatch", "Selections to be queued, in this order.",
                      field<&wire::QueueSubmissionBatch::tasks>("tasks", items(1, 1000)));
    }
};
template <>
struct Describe<wire::QueueReceipt> {
    static constexpr auto fields() {
        using T = wire::QueueReceipt;
        return object("QueueReceipt", "The task is stored and will be decided.",
                      field<&T::success>("success"), field<&T::task_id>("task_id"),
                      field<&T::position>("position"),
                      field<&T::estimated_time>("estimated_time", doc("Seconds.")));
    }
};
template <>
struct Describe<wire::QueueOutcome> {
    static constexpr auto fields() {
        using T = wire::QueueOutcome;
        return object("QueueOutcome", "A receipt, or why there is none.",
                      field<&T::status>("status", doc("HTTP status of this item.")),
                      field<&T::detail>("detail", optional_with_default),
                      field<&T::task_id>("task_id", optional_with_default),
                      field<&T::position>("position", optional_with_default),
                      field<&T::estimated_time>("estimated_time", optional_with_default),
                      field<&T::retry_after>("retry_after", omit_empty));
    }
};
template <>
struct Describe<wire::QueueOutcomeBatch> {
    static constexpr auto fields() {
        return object("QueueOutcomeBatch", "One outcome for each task, in order.",
                      field<&wire::QueueOutcomeBatch::results>("results"));
    }
};
template <>
struct Describe<wire::TaskStatus> {
    static constexpr auto fields() {
        using T = wire::TaskStatus;
        return object(
            "TaskStatus", "Where a task stands.", field<&T::task_id>("task_id"),
            field<&T::status>("status", one_of<"pending", "processing", "completed", "failed">),
            field<&T::message>("message"), field<&T::created_at>("created_at"),
            field<&T::started_at>("started_at"), field<&T::completed_at>("completed_at"),
            field<&T::position>("position", doc("From 1, only while pending.")),
            field<&T::reasons>("reasons", optional_with_default,
                               doc("Every reason of a refusal.")));
    }
};
template <>
struct Describe<wire::TaskQuery> {
    static constexpr auto fields() {
        using T = wire::TaskQuery;
        return object("TaskQuery", "Which task.",
                      field<&T::task_id>("task_id", length(1, 64), wire::task_id_example),
                      field<&T::student_id>("student_id", empty_is_absent,
                                            doc("Only if it is this student's task.")),
                      field<&T::wait>("wait", between(0, 25), optional_with_default,
                                      doc("Seconds to wait for the decision.")));
    }
};
template <>
struct Describe<wire::ConflictingCourse> {
    static constexpr auto fields() {
        using C = wire::ConflictingCourse;
        return object("ConflictingCourse", "A course at the same time.",
                      field<&C::course_id>("course_id"), field<&C::course_name>("course_name"));
    }
};
template <>
struct Describe<wire::SelectionCheck> {
    static constexpr auto fields() {
        using C = wire::SelectionCheck;
        return object("SelectionCheck", "What a selection would be answered.",
                      field<&C::can_select>("can_select"), field<&C::reasons>("reasons"),
                      field<&C::time_conflicts>("time_conflicts"));
    }
};
template <>
struct Describe<wire::SelectionEvent> {
    static constexpr auto fields() {
        using T = wire::SelectionEvent;
        return object("SelectionEvent", "A decision, in order of commit.",
                      field<&T::sequence>("sequence"), field<&T::kind>("kind"),
                      field<&T::student_id>("student_id"), field<&T::course_id>("course_id"),
                      field<&T::accepted>("accepted"), field<&T::code>("code"),
                      field<&T::message>("message", optional_with_default,
                                         doc("The first reason of a refusal.")),
                      field<&T::course_name>("course_name", doc("Null: the course is gone.")),
                      field<&T::decided_at>("decided_at"));
    }
};
template <>
struct Describe<wire::SelectionEvents> {
    static constexpr auto fields() {
        using T = wire::SelectionEvents;
        return object("SelectionEvents", "Decisions after the sequence asked for.",
                      field<&T::events>("events"),
                      field<&T::last>("last", optional_with_default,
                                      doc("Sequence of the last decision there is.")));
    }
};
template <>
struct Describe<wire::EventQuery> {
    static constexpr auto fields() {
        return object(
            "EventQuery", "A consumer's cursor.",
            field<&wire::EventQuery::after>("after", at_least(0), optional_with_default),
            field<&wire::EventQuery::limit>("limit", between(1, 1000), optional_with_default));
    }
};

}  // namespace courseselect::json
