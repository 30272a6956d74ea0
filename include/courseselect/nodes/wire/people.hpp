#pragma once
/// Students, teachers and tags on the wire (contract §2.1, §2.2, §2.4).

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "courseselect/core/clock.hpp"
#include "courseselect/core/ids.hpp"
#include "courseselect/json/describe.hpp"

namespace courseselect::nodes::wire {

struct Student {
    core::StudentId student_id;
    std::string student_name;
    std::vector<core::CourseId> student_courses;
    std::vector<std::string> student_tags;
    core::WallTime created_at;
    core::WallTime updated_at;
};
struct Teacher {
    core::TeacherId teacher_id;
    std::string teacher_name;
    std::vector<core::CourseId> teacher_courses;
    core::WallTime created_at;
    core::WallTime updated_at;
};

/// Body of `POST /add/student`.
struct StudentCreate {
    std::string student_name;
    std::vector<std::string> student_tags;
    std::optional<core::StudentId> student_id;
};
/// Body of `POST /add/teacher`.
struct TeacherCreate {
    std::string teacher_name;
    std::optional<core::TeacherId> teacher_id;
};

struct StudentRef {
    core::StudentId student_id;
};
struct TeacherRef {
    core::TeacherId teacher_id;
};
/// The ids in `/students/{id}` and `/teachers/{id}` (contract §7).
struct StudentPath {
    core::StudentId id;
};
struct TeacherPath {
    core::TeacherId id;
};

/// Ids that callers choose: larger ones are not exact in JavaScript (2^53 - 1).
inline constexpr double person_id_max = 9007199254740991;

/// One row of `GET /students` and `GET /teachers`. Addresses are kept by the auth node.
struct Person {
    std::int64_t id = 0;
    std::string username;
    std::string name;
    std::optional<std::string> email;
};
/// Their query.
struct PeopleLimit {
    std::optional<std::int64_t> limit;
};

/// `POST /update/student`: the query, or a body with the same names; of what is in both, the body
/// counts. In a query an empty list cannot be told from none; in a body `[]` clears the tags.
struct StudentUpdate {
    std::optional<core::StudentId> student_id;
    std::optional<std::string> student_name;
    std::optional<std::vector<std::string>> student_tags;
};
struct TeacherUpdate {
    core::TeacherId teacher_id;
    std::string teacher_name;
};

/// One row of `GET /get/course/students`.
struct CourseStudent {
    core::StudentId student_id;
    std::string name;
    core::StudentId user_id;
    std::string username;
};
struct CourseStudents {
    std::vector<CourseStudent> students;
    std::int64_t total = 0;
};

struct Tag {
    std::string tag_name;
    std::string tag_type;
    std::int64_t usage_count = 0;
};
struct Tags {
    std::vector<Tag> tags;
};
struct TagFilter {
    std::optional<std::string> tag_type;
};
/// Query of `POST /tags/add`. Any other type is a 400, so it is not checked here.
struct TagAdd {
    std::string tag_name;
    std::string tag_type;
};
struct TagSync {
    bool success = true;
    std::string message;
    std::int64_t course_tags_count = 0;
    std::int64_t user_tags_count = 0;
};

/// `POST /internal/ids`: numbers handed out once and for all.
struct IdRequest {
    std::string kind;  ///< "student" or "teacher"
    std::int64_t count = 1;
};
struct IdBlock {
    std::int64_t first = 0;
    std::int64_t count = 0;
};

}  // namespace courseselect::nodes::wire

namespace courseselect::json {

namespace wire = nodes::wire;

template <>
struct Describe<wire::Student> {
    static constexpr auto fields() {
        using S = wire::Student;
        return object("Student", "A student and the courses they have.",
                      field<&S::student_id>("student_id"), field<&S::student_name>("student_name"),
                      field<&S::student_courses>("student_courses"),
                      field<&S::student_tags>("student_tags"), field<&S::created_at>("created_at"),
                      field<&S::updated_at>("updated_at"));
    }
};
template <>
struct Describe<wire::Teacher> {
    static constexpr auto fields() {
        using T = wire::Teacher;
        return object("Teacher", "A teacher and their courses.",
                      field<&T::teacher_id>("teacher_id"), field<&T::teacher_name>("teacher_name"),
                      field<&T::teacher_courses>("teacher_courses"),
                      field<&T::created_at>("created_at"), field<&T::updated_at>("updated_at"));
    }
};
template <>
struct Describe<wire::StudentCreate> {
    static constexpr auto fields() {
        using S = wire::StudentCreate;
        return object("StudentCreate", "A student's profile.",
                      field<&S::student_name>("student_name", length(1, 100), example("\"dora\"")),
                      field<&S::student_tags>("student_tags", optional_with_default, items(0, 50),
                                              each(length(1, 100)), example("[]")),
                      field<&S::student_id>("student_id", between(1, wire::person_id_max),
                                            doc("Picked when absent.")));
    }
};
template <>
struct Describe<wire::TeacherCreate> {
    static constexpr auto fields() {
        using T = wire::TeacherCreate;
        return object(
            "TeacherCreate", "A teacher's profile.",
            field<&T::teacher_name>("teacher_name", length(1, 100), example("\"hopper\"")),
            field<&T::teacher_id>("teacher_id", between(1, wire::person_id_max),
                                  doc("Picked when absent.")));
    }
};
template <>
struct Describe<wire::StudentRef> {
    static constexpr auto fields() {
        return object("StudentRef", "One student.",
                      field<&wire::StudentRef::student_id>("student_id", example("1")));
    }
};
template <>
struct Describe<wire::TeacherRef> {
    static constexpr auto fields() {
        return object("TeacherRef", "One teacher.",
                      field<&wire::TeacherRef::teacher_id>("teacher_id", example("1")));
    }
};
template <>
struct Describe<wire::StudentPath> {
    static constexpr auto fields() {
        return object("StudentPath", "One student.",
                      field<&wire::StudentPath::id>("id", example("1")));
    }
};
template <>
struct Describe<wire::TeacherPath> {
    static constexpr auto fields() {
        return object("TeacherPath", "One teacher.",
                      field<&wire::TeacherPath::id>("id", example("2")));
    }
};
template <>
struct Describe<wire::Person> {
    static constexpr auto fields() {
        using P = wire::Person;
        return object("Person", "A student or teacher in a list.", field<&P::id>("id"),
                      field<&P::username>("username"), field<&P::name>("name"),
                      field<&P::email>("email", doc("Null: the auth node keeps addresses.")));
    }
};
template <>
struct Describe<wire::PeopleLimit> {
    static constexpr auto fields() {
        return object("PeopleLimit", "How many at most.",
                      field<&wire::PeopleLimit::limit>("limit", at_least(1), empty_is_absent));
    }
};
template <>
struct Describe<wire::StudentUpdate> {
    static constexpr auto fields() {
        using S = wire::StudentUpdate;
        return object("StudentUpdate", "Changes of a student; in a body, [] clears the tags.",
                      field<&S::student_id>("student_id", example("1")),
                      field<&S::student_name>("student_name", length(1, 100)),
                      field<&S::student_tags>("student_tags", items(0, 50), each(length(1, 100)),
                                              doc("May be repeated.")));
    }
};
template <>
struct Describe<wire::TeacherUpdate> {
    static constexpr auto fields() {
        using T = wire::TeacherUpdate;
        return object(
            "TeacherUpdate", "A teacher's new name.",
            field<&T::teacher_id>("teacher_id", example("1")),
            field<&T::teacher_name>("teacher_name", length(1, 100), example("\"marie.curie\"")));
    }
};
template <>
struct Describe<wire::CourseStudent> {
    static constexpr auto fields() {
        using S = wire::CourseStudent;
        return object("CourseStudent", "A student of a course.",
                      field<&S::student_id>("student_id"), field<&S::name>("name"),
                      field<&S::user_id>("user_id"), field<&S::username>("username"));
    }
};
template <>
struct Describe<wire::CourseStudents> {
    static constexpr auto fields() {
        return object("CourseStudents", "The students of a course.",
                      field<&wire::CourseStudents::students>("students"),
                      field<&wire::CourseStudents::total>("total"));
    }
};
template <>
struct Describe<wire::Tag> {
    static constexpr auto fields() {
        using T = wire::Tag;
        return object("Tag", "A tag in use.", field<&T::tag_name>("tag_name"),
                      field<&T::tag_type>("tag_type"), field<&T::usage_count>("usage_count"));
    }
};
template <>
struct Describe<wire::Tags> {
    static constexpr auto fields() {
        return object("Tags", "Most used first.", field<&wire::Tags::tags>("tags"));
    }
};
template <>
struct Describe<wire::TagFilter> {
    static constexpr auto fields() {
        return object("TagFilter", "Which kind of tags.",
                      field<&wire::TagFilter::tag_type>("tag_type", one_of<"user", "course">,
                                                        empty_is_absent));
    }
};
template <>
struct Describe<wire::TagAdd> {
    static constexpr auto fields() {
        return object(
            "TagAdd", "A tag to be offered.",
            field<&wire::TagAdd::tag_name>("tag_name", length(1, 100), example("\"honours\"")),
            field<&wire::TagAdd::tag_type>("tag_type", example("\"user\"")));
    }
};
template <>
struct Describe<wire::TagSync> {
    static constexpr auto fields() {
        using T = wire::TagSync;
        return object("TagSync", "How many tags are in use.", field<&T::success>("success"),
                      field<&T::message>("message"),
                      field<&T::course_tags_count>("course_tags_count"),
                      field<&T::user_tags_count>("user_tags_count"));
    }
};
template <>
struct Describe<wire::IdRequest> {
    static constexpr auto fields() {
        return object(
            "IdRequest", "Which ids to reserve.",
            field<&wire::IdRequest::kind>("kind", one_of<"student", "teacher">),
            field<&wire::IdRequest::count>("count", between(1, 10000), optional_with_default));
    }
};
template <>
struct Describe<wire::IdBlock> {
    static constexpr auto fields() {
        return object("IdBlock", "Ids that nobody else gets.",
                      field<&wire::IdBlock::first>("first"), field<&wire::IdBlock::count>("count"));
    }
};

}  // namespace courseselect::json
