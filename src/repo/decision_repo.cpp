#include "courseselect/repo/decision_repo.hpp"

#include <fmt/format.h>

#include <optional>

namespace courseselect::repo {
namespace {

using storage::Connection;
using storage::Row;

constexpr std::string_view decision_columns =
    "SELECT sequence, task_id, kind, student_id, course_id, accepted, code, reasons, decided_at "
    "FROM decisions ";

DecisionKind decision_kind(std::string_view name) {
    return name == "select"     ? DecisionKind::select
           : name == "deselect" ? DecisionKind::deselect
                                : DecisionKind::withdraw;
}

DecisionRecord decision_from(const Row& row) {
    return DecisionRecord{.sequence = row.get<std::int64_t>(0),
                          .task_id = core::Uuid{row.get<std::array<std::uint8_t, 16>>(1)},
                          .kind = decision_kind(row.get<std::string_view>(2)),
                          .student = row.get<core::StudentId>(3),
                          .course = row.get<core::CourseId>(4),
                          .accepted = row.get<bool>(5),
                          .code = row.get<std::string>(6),
                          .reasons = row.get<std::string>(7),
                          .decided_at = row.get<core::WallTime>(8)};
}

/// Moves one seat; a statement that touches no row means ledger and database disagree.
core::Result<> move_seat(Connection& connection, const DecisionRecord& record) {
    if (record.kind == DecisionKind::select) {
        COURSESELECT_TRY_OK(connection.execute(
            "INSERT INTO enrolments (student_id, course_id, enrolled_at) VALUES (?, ?, ?)",
            record.student, record.course, record.decided_at));
        return {};
    }
    COURSESELECT_TRY(
        const auto removed,
        connection.execute("DELETE FROM enrolments WHERE student_id = ? AND course_id = ?",
                           record.student, record.course));
    if (removed != 1) {
        return core::Error(core::Errc::data_corrupt, "enrolment_missing",
                           fmt::format("student {} is not enrolled in course {}",
                                       record.student.value(), record.course.value()));
    }
    return {};
}

}  // namespace

std::string_view decision_kind_name(DecisionKind kind) {
    switch (kind) {
        case DecisionKind::select: return "select";
        case DecisionKind::deselect: return "deselect";
        case DecisionKind::withdraw: return "withdraw";
    }
    return "";
}

core::Result<> store_decisions(Connection& connection, std::span<const DecisionRecord> records) {
    std::map<core::CourseId, std::int64_t> seats;
    for (const DecisionRecord& record : records) {
        COURSESELECT_TRY_OK(connection.execute(
            "INSERT INTO decisions (task_id, kind, student_id, course_id, accepted, code, reasons, "
            "decided_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            record.task_id.bytes, decision_kind_name(record.kind), record.student, record.course,
            record.accepted, record.code, record.reasons, record.decided_at));
        if (record.accepted) {
            COURSESELECT_TRY_OK(move_seat(connection, record));
            seats[record.course] += record.kind == DecisionKind::select ? 1 : -1;
        }
    }
    for (const auto& [course, change] : seats) {
        if (change != 0) {
            COURSESELECT_TRY_OK(connection.execute(
                "UPDATE courses SET enrolled = enrolled + ? WHERE course_id = ?", change, course));
        }
    }
    return {};
}

core::Result<std::map<core::Uuid, DecisionRecord>> find_decisions(
    Connection& connection, std::span<const core::Uuid> task_ids) {
    static const std::string sql = std::string(decision_columns) + "WHERE task_id = ?";
    std::map<core::Uuid, DecisionRecord> found;
    for (const core::Uuid& id : task_ids) {
        COURSESELECT_TRY(auto record, connection.one(sql, decision_from, id.bytes));
        if (record) {
            found.emplace(id, *std::move(record));
        }
    }
    return found;
}

core::Result<std::vector<DecisionRecord>> decisions_after(Connection& connection,
                                                          std::int64_t sequence,
                                                          std::int64_t limit) {
    static const std::string sql =
        std::string(decision_columns) + "WHERE sequence > ? ORDER BY sequence LIMIT ?";
    return connection.all(sql, decision_from, sequence, limit);
}

core::Result<std::int64_t> last_decision(Connection& connection) {
    const auto number = [](const Row& row) { return row.get<std::int64_t>(0); };
    COURSESELECT_TRY(const auto last,
                     connection.one("SELECT COALESCE(max(sequence), 0) FROM decisions", number));
    return last.value_or(0);
}

core::Result<std::vector<Enrolment>> load_enrolments(Connection& connection) {
    const auto map = [](const Row& row) {
        return Enrolment{row.get<core::StudentId>(0), row.get<core::CourseId>(1)};
    };
    return connection.all(
        "SELECT student_id, course_id FROM enrolments ORDER BY student_id, course_id", map);
}

}  // namespace courseselect::repo
