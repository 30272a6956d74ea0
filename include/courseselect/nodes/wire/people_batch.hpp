#pragma once
/// Many students or courses in one call to the data node, for the auth node.

#include <cstdint>
#include <string>
#include <vector>

#include "courseselect/core/ids.hpp"
#include "courseselect/json/describe.hpp"

namespace courseselect::nodes::wire {

inline constexpr std::size_t batch_max = 1000;

/// Body of `POST /internal/students/lookup`.
struct StudentLookup {
    std::vector<core::StudentId> student_ids;
};
struct StudentTags {
    core::StudentId student_id;
    std::vector<std::string> student_tags;
};
/// Those that exist, in the order asked for. Also the body of `POST /internal/students/tags`, which
/// adds tags to those that students have already.
struct StudentTagsList {
    std::vector<StudentTags> students;
};
/// What became of one entry.
struct TagsMerged {
    core::StudentId student_id;
    std::vector<std::string> tags_added;  ///< those that are new
    std::int64_t total_tags = 0;
    std::string error;  ///< empty: done
};
/// One for each entry, in order.
struct TagsMergedList {
    std::vector<TagsMerged> students;
};

/// `POST /internal/courses/assign-teacher`.
struct TeacherAssignment {
    std::vector<core::CourseId> course_ids;
    core::TeacherId teacher_id;
};
struct AssignmentFault {
    core::CourseId course_id;
    std::string error;
};
/// Its answer, and that of `POST /admin/courses/batch-assign-teacher` (contract §3.5).
struct TeacherAssigned {
    bool success = true;
    std::int64_t updated_count = 0;
    std::int64_t error_count = 0;
    std::vector<core::CourseId> updated;
    std::vector<AssignmentFault> errors;
};

}  // namespace courseselect::nodes::wire

namespace courseselect::json {

namespace wire = nodes::wire;

template <>
struct Describe<wire::StudentLookup> {
    static constexpr auto fields() {
        return object(
            "StudentLookup", "Whose tags.",
            field<&wire::StudentLookup::student_ids>("student_ids", items(0, wire::batch_max)));
    }
};
template <>
struct Describe<wire::StudentTags> {
    static constexpr auto fields() {
        using S = wire::StudentTags;
        return object("StudentTags", "A student's tags.", field<&S::student_id>("student_id"),
                      field<&S::student_tags>("student_tags", each(length(1, 100))));
    }
};
template <>
struct Describe<wire::StudentTagsList> {
    static constexpr auto fields() {
        return object(
            "StudentTagsList", "Students with tags.",
            field<&wire::StudentTagsList::students>("students", items(0, wire::batch_max)));
    }
};
template <>
struct Describe<wire::TagsMerged> {
    static constexpr auto fields() {
        using T = wire::TagsMerged;
        return object("TagsMerged", "What became of a student's tags.",
                      field<&T::student_id>("student_id"), field<&T::tags_added>("tags_added"),
                      field<&T::total_tags>("total_tags"),
                      field<&T::error>("error", doc("Empty: done.")));
    }
};
template <>
struct Describe<wire::TagsMergedList> {
    static constexpr auto fields() {
        return object("TagsMergedList", "In the order asked for.",
                      field<&wire::TagsMergedList::students>("students"));
    }
};
template <>
struct Describe<wire::TeacherAssignment> {
    static constexpr auto fields() {
        using T = wire::TeacherAssignment;
        return object("TeacherAssignment", "Courses, and who teaches them from now on.",
                      field<&T::course_ids>("course_ids", items(1, wire::batch_max)),
                      field<&T::teacher_id>("teacher_id"));
    }
};
template <>
struct Describe<wire::AssignmentFault> {
    static constexpr auto fields() {
        using A = wire::AssignmentFault;
        return object("AssignmentFault", "A course that was left alone.",
                      field<&A::course_id>("course_id"), field<&A::error>("error"));
    }
};
template <>
struct Describe<wire::TeacherAssigned> {
    static constexpr auto fields() {
        using T = wire::TeacherAssigned;
        return object("TeacherAssigned", "Which courses the teacher has now.",
                      field<&T::success>("success"), field<&T::updated_count>("updated_count"),
                      field<&T::error_count>("error_count"), field<&T::updated>("updated"),
                      field<&T::errors>("errors"));
    }
};

}  // namespace courseselect::json
