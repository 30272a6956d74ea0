#pragma once
/// The teacher node's routes around a course: videos, quizzes, reviews.

#include "courseselect/api/service.hpp"
#include "courseselect/nodes/classroom_gate.hpp"

namespace courseselect::nodes::teacher {

/// Teachers act on courses of theirs, admins on all; else 403 `Not authorized to <action> this
/// course`. `gate` must outlive the service.
void add_classroom_routes(api::Service& service, ClassroomGate& gate);

}  // namespace courseselect::nodes::teacher
