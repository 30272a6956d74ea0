#pragma once
/// The outbox's words for a course that changed.

#include "courseselect/domain/course.hpp"
#include "courseselect/nodes/data/data_state.hpp"
#include "courseselect/repo/classroom.hpp"

namespace courseselect::nodes::data {

/// The fields of `wire::Course` that are another after the change, with their new values; without
/// `updated_at`, which always is.
[[nodiscard]] repo::ClassroomEvent course_event(const DataState& state,
                                                const domain::Course& before,
                                                const domain::Course& after);
/// `{"is_active":false,"deleted":true}`.
[[nodiscard]] repo::ClassroomEvent course_gone_event(const DataState& state, core::CourseId id);

}  // namespace courseselect::nodes::data
