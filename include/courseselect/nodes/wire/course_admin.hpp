#pragma once
/// Courses as administrators change them (contract §3.5).

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "courseselect/nodes/wire/course.hpp"
#include "courseselect/nodes/wire/people_batch.hpp"

namespace courseselect::nodes::wire {

/// Query of `GET /admin/courses`.
struct AdminCourseQuery {
    int page = 1;
    int page_size = 20;
    std::optional<std::string> search;
    std::optional<std::string> course_type;
};
/// Bodies of `POST /admin/course/update` and `/delete`; what is missing is a 400.
struct AdminCourseUpdate : CourseUpdate {
    std::optional<core::CourseId> course_id;
};
struct AdminCourseRef {
    std::optional<core::CourseId> course_id;
};
/// Body of `POST /admin/courses/batch-assign-teacher`; what is missing is a 400.
struct AdminTeacherAssignment {
    std::optional<std::vector<core::CourseId>> course_ids;
    std::optional<core::TeacherId> teacher_id;
};

}  // namespace courseselect::nodes::wire

namespace courseselect::json {

template <>
struct Describe<wire::AdminCourseQuery> {
    static constexpr auto fields() {
        using C = wire::AdminCourseQuery;
        return object("AdminCourseQuery", "Which courses, and which page of them.",
                      field<&C::page>("page", between(1, 1'000'000), optional_with_default),
                      field<&C::page_size>("page_size", between(1, 1'000), optional_with_default),
                      field<&C::search>("search", length_max(200), empty_is_absent,
                                        doc("Part of name, location or notes.")),
                      field<&C::course_type>("course_type", length_max(50), empty_is_absent));
    }
};
template <>
struct Describe<wire::AdminCourseUpdate> {
    static constexpr auto fields() {
        return object("AdminCourseUpdate", "Changes of a course; what is left out stays.",
                      field<&wire::AdminCourseUpdate::course_id>("course_id", example("1")),
                      include<wire::CourseUpdate>());
    }
};
template <>
struct Describe<wire::AdminCourseRef> {
    static constexpr auto fields() {
        return object("AdminCourseRef", "One course.",
                      field<&wire::AdminCourseRef::course_id>("course_id", example("1")));
    }
};
template <>
struct Describe<wire::AdminTeacherAssignment> {
    static constexpr auto fields() {
        using T = wire::AdminTeacherAssignment;
        return object(
            "AdminTeacherAssignment", "Courses, and who teaches them from now on.",
            field<&T::course_ids>("course_ids", items(0, wire::batch_max), example("[1,2]")),
            field<&T::teacher_id>("teacher_id", example("1")));
    }
};

}  // namespace courseselect::json
