#pragma once
/// The teacher node's questions and answers (contract §4).

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "courseselect/json/describe.hpp"
#include "courseselect/nodes/wire/course.hpp"
#include "courseselect/nodes/wire/people.hpp"
#include "courseselect/nodes/wire/selection.hpp"

namespace courseselect::nodes::wire {

/// Students of one request to add them: one batch of the data node.
inline constexpr std::size_t students_added_max = 1000;

struct TaughtCourse : Course {
    std::vector<CourseStudent> students;
};

/// Answer of `POST /teacher/course/create`.
struct CourseCreated {
    bool success = true;
    core::CourseId course_id;
    std::string message;
};

struct TeacherStats {
    std::int64_t total_courses = 0;
    std::int64_t total_students = 0;  ///< seats taken: a student in two courses counts twice
    std::map<std::string, std::int64_t> courses_by_type;
};

/// All that teachers see of an account: the auth node's answer holds more, which is left there.
struct StudentName {
    std::int64_t user_id = 0;
    std::string username;
    std::string name;
};
struct StudentPage {
    std::vector<StudentName> users;
    std::int64_t total = 0;
    int page = 1;
    int page_size = 1000;
};
struct StudentPageQuery {
    int page = 1;
    int page_size = 1000;
};

/// Body of `POST /teacher/course/add-students`. What is missing or empty is a 400, not a 422.
struct StudentsToAdd {
    std::optional<core::CourseId> course_id;
    std::optional<std::vector<core::StudentId>> student_ids;
};
/// Body of `POST /teacher/course/bulk-add-students`.
struct UsernamesToAdd {
    std::optional<core::CourseId> course_id;
    std::optional<std::vector<std::string>> usernames;
};
struct StudentsAdded {
    bool success = true;
    std::string message;
    std::int64_t success_count = 0;
    std::vector<std::string> errors;
};

}  // namespace courseselect::nodes::wire

namespace courseselect::json {

namespace wire = nodes::wire;

template <>
struct Describe<wire::TaughtCourse> {
    static constexpr auto fields() {
        return object("TaughtCourse", "A course and who is in it.", include<wire::Course>(),
                      field<&wire::TaughtCourse::students>("students"));
    }
};
template <>
struct Describe<wire::CourseCreated> {
    static constexpr auto fields() {
        using C = wire::CourseCreated;
        return object("CourseCreated", "The course exists.", field<&C::success>("success"),
                      field<&C::course_id>("course_id"), field<&C::message>("message"));
    }
};
template <>
struct Describe<wire::TeacherStats> {
    static constexpr auto fields() {
        using S = wire::TeacherStats;
        return object("TeacherStats", "The teacher's courses in figures.",
                      field<&S::total_courses>("total_courses"),
                      field<&S::total_students>("total_students", doc("Seats taken.")),
                      field<&S::courses_by_type>("courses_by_type"));
    }
};
template <>
struct Describe<wire::StudentName> {
    static constexpr auto fields() {
        using S = wire::StudentName;
        return object("StudentName", "A student's account, as teachers see it.",
                      field<&S::user_id>("user_id"), field<&S::username>("username"),
                      field<&S::name>("name", optional_with_default));
    }
};
template <>
struct Describe<wire::StudentPage> {
    static constexpr auto fields() {
        using S = wire::StudentPage;
        return object("StudentPage", "One page of students.", field<&S::users>("users"),
                      field<&S::total>("total", doc("Before paging.")), field<&S::page>("page"),
                      field<&S::page_size>("page_size"));
    }
};
template <>
struct Describe<wire::StudentPageQuery> {
    static constexpr auto fields() {
        using S = wire::StudentPageQuery;
        return object("StudentPageQuery", "Which page.",
                      field<&S::page>("page", at_least(1), optional_with_default),
                      field<&S::page_size>("page_size", between(1, 1000), optional_with_default));
    }
};
template <>
struct Describe<wire::StudentsToAdd> {
    static constexpr auto fields() {
        using S = wire::StudentsToAdd;
        return object("StudentsToAdd", "Students to be given seats, in this order.",
                      field<&S::course_id>("course_id", example("1")),
                      field<&S::student_ids>("student_ids", items(0, wire::students_added_max),
                                             example("[1,2]")));
    }
};
template <>
struct Describe<wire::UsernamesToAdd> {
    static constexpr auto fields() {
        using U = wire::UsernamesToAdd;
        return object("UsernamesToAdd", "Students to be given seats, by name, in this order.",
                      field<&U::course_id>("course_id", example("1")),
                      field<&U::usernames>("usernames", items(0, wire::students_added_max),
                                           each(length(1, 100)), example("[\"alice\"]")));
    }
};
template <>
struct Describe<wire::StudentsAdded> {
    static constexpr auto fields() {
        using S = wire::StudentsAdded;
        return object("StudentsAdded", "Who got a seat, and why the others did not.",
                      field<&S::success>("success"), field<&S::message>("message"),
                      field<&S::success_count>("success_count"), field<&S::errors>("errors"));
    }
};

}  // namespace courseselect::json
