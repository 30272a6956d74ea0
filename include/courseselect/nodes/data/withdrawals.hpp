#pragma once
/// Seats that are freed because their course or student goes away.

#include <vector>

#include "courseselect/nodes/data/data_state.hpp"
#include "courseselect/repo/decision_repo.hpp"

namespace courseselect::nodes::data {

/// A record for each student of the course. The gate must be held.
[[nodiscard]] std::vector<repo::DecisionRecord> withdraw_course(DataState& state,
                                                                core::CourseId course);
/// A record for each course of the student. The gate must be held.
[[nodiscard]] std::vector<repo::DecisionRecord> withdraw_student(DataState& state,
                                                                 core::StudentId student);

}  // namespace courseselect::nodes::data
