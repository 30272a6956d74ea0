#pragma once
/// Between the wire's types and the domain's.

#include <vector>

#include "courseselect/core/result.hpp"
#include "courseselect/domain/course.hpp"
#include "courseselect/domain/decision.hpp"
#include "courseselect/domain/selection_rule.hpp"
#include "courseselect/domain/student.hpp"
#include "courseselect/domain/teacher.hpp"
#include "courseselect/nodes/control/settings.hpp"
#include "courseselect/nodes/wire/course.hpp"
#include "courseselect/nodes/wire/people.hpp"
#include "courseselect/nodes/wire/selection.hpp"

namespace courseselect::nodes::data {

[[nodiscard]] wire::Course to_wire(const domain::Course& course, std::uint32_t seats_taken);
[[nodiscard]] wire::Student to_wire(const domain::Student& student,
                                    std::vector<core::CourseId> courses);
[[nodiscard]] wire::Teacher to_wire(const domain::Teacher& teacher,
                                    std::vector<core::CourseId> courses);
[[nodiscard]] std::vector<wire::Reason> to_wire(const std::vector<domain::Reason>& reasons);

/// A new course without id. Errors: invalid_argument, naming the field (times, credits).
[[nodiscard]] core::Result<domain::Course> course_from(const wire::CourseFields& fields,
                                                       core::TeacherId teacher, core::WallTime now);
/// The course with the changes of `update`. Errors: as `course_from`.
[[nodiscard]] core::Result<domain::Course> changed_course(domain::Course course,
                                                          const wire::CourseUpdate& update,
                                                          core::WallTime now);

/// What the settings say of every selection, for the ledger.
[[nodiscard]] domain::LedgerLimits ledger_limits(const CourseSettings& settings);

}  // namespace courseselect::nodes::data
