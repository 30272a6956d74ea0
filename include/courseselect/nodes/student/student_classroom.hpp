#pragma once
/// The student node's routes around a course: reviews, videos, quizzes.

#include "courseselect/api/service.hpp"
#include "courseselect/nodes/classroom_gate.hpp"

namespace courseselect::nodes::student {

/// For students who have a seat in the course; else 403 `Not enrolled in this course`.
/// `gate` must outlive the service.
void add_classroom_routes(api::Service& service, ClassroomGate& gate);

}  // namespace courseselect::nodes::student
