#include "courseselect/nodes/data/withdrawals.hpp"

namespace courseselect::nodes::data {
namespace {

repo::DecisionRecord withdrawal(DataState& state, core::StudentId student, core::CourseId course) {
    return repo::DecisionRecord{.task_id = core::make_uuid_v4(state.runtime.random.array<16>()),
                                .kind = repo::DecisionKind::withdraw,
                                .student = student,
                                .course = course,
                                .accepted = true,
                                .code = "accepted",
                                .reasons = "[]",
                                .decided_at = state.runtime.clock.wall_now()};
}

}  // namespace

std::vector<repo::DecisionRecord> withdraw_course(DataState& state, core::CourseId course) {
    std::vector<repo::DecisionRecord> records;
    for (const core::StudentId student : state.ledger.students_of(course)) {
        records.push_back(withdrawal(state, student, course));
    }
    return records;
}

std::vector<repo::DecisionRecord> withdraw_student(DataState& state, core::StudentId student) {
    std::vector<repo::DecisionRecord> records;
    for (const core::CourseId course : state.ledger.courses_of(student)) {
        records.push_back(withdrawal(state, student, course));
    }
    return records;
}

}  // namespace courseselect::nodes::data
