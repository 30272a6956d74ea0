#pragma once
/// Enrolments and decisions: what one batch of the selection engine writes.
/// All functions run inside the caller's transaction, on the writer or a reader.

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "courseselect/core/clock.hpp"
#include "courseselect/core/ids.hpp"
#include "courseselect/core/result.hpp"
#include "courseselect/core/uuid.hpp"
#include "courseselect/storage/connection.hpp"

namespace courseselect::repo {

/// `withdraw`: a seat freed because its course or student was deleted.
enum class DecisionKind : std::uint8_t { select, deselect, withdraw };

[[nodiscard]] std::string_view decision_kind_name(DecisionKind kind);

/// One row of `decisions`, the audit of everything that was ever asked and answered.
struct DecisionRecord {
    std::int64_t sequence = 0;  ///< order of commit; given by the database
    core::Uuid task_id;
    DecisionKind kind = DecisionKind::select;
    core::StudentId student;
    core::CourseId course;
    bool accepted = false;
    std::string code;            ///< "accepted", or the first reason's code
    std::string reasons = "[]";  ///< JSON: [{"code","message"}]
    core::WallTime decided_at;
};

/// Writes a batch: every record into `decisions`, accepted ones also into `enrolments`, and each
/// course's counter once.
/// Errors: conflict `unique_violation` when a task id is recorded already (nothing may be kept
/// then: let the closure fail), or `check_violation` when a seat would be sold twice.
[[nodiscard]] core::Result<> store_decisions(storage::Connection& connection,
                                             std::span<const DecisionRecord> records);

/// The records of those task ids that have one.
[[nodiscard]] core::Result<std::map<core::Uuid, DecisionRecord>> find_decisions(
    storage::Connection& connection, std::span<const core::Uuid> task_ids);

/// Records after `sequence`, in order, at most `limit`: the outbox's consumers call this.
[[nodiscard]] core::Result<std::vector<DecisionRecord>> decisions_after(
    storage::Connection& connection, std::int64_t sequence, std::int64_t limit);

/// The sequence of the last record; 0: there is none.
[[nodiscard]] core::Result<std::int64_t> last_decision(storage::Connection& connection);

struct Enrolment {
    core::StudentId student;
    core::CourseId course;
};
/// Every enrolment, for loading the ledger; by student, then course.
[[nodiscard]] core::Result<std::vector<Enrolment>> load_enrolments(storage::Connection& connection);

}  // namespace courseselect::repo
