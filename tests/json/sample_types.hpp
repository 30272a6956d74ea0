#pragma once
/// Types as the nodes declare them, for the tests of the json module.

#include <array>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "courseselect/json/describe.hpp"

namespace courseselect::test {

enum class Role { student, teacher };

struct CourseBody {
    std::string course_name;
    double course_credit = 0;
    core::TeacherId course_teacher_id;
    int course_capacity = 1;
    std::optional<int> course_time_begin;
    std::optional<std::map<std::string, std::vector<int>>> course_schedule;
    std::vector<std::string> course_tags;
    std::string course_notes;
    bool is_active = true;

    friend bool operator==(const CourseBody&, const CourseBody&) = default;
};

struct CourseSeen : CourseBody {
    core::CourseId course_id;
    core::WallTime created_at{};
    json::Raw extra;

    friend bool operator==(const CourseSeen&, const CourseSeen&) = default;
};

struct CoursePatch {
    std::optional<std::string> course_name;
    json::Patch<int> course_time_begin;
};

struct Login {
    std::string username;
    core::Secret password;
    std::string totp_code;
    Role user_type = Role::student;
    std::string language = "en";
};

struct Page {
    int page = 1;
    int page_size = 20;
    std::optional<std::string> user_type;
    std::vector<std::string> student_tags;
    std::optional<bool> active;
};

struct Catalogue {
    std::vector<CourseSeen> courses;
    std::optional<CourseBody> draft;
    std::int64_t total = 0;
    std::map<std::string, double> credit_by_type;
};

struct Submission {
    core::StudentId student_id;
    core::CourseId course_id;
    std::string task_type;
    int priority = 0;
};

inline bool is_six_digits(std::string_view text) {
    return text.size() == 6 && text.find_first_not_of("0123456789") == std::string_view::npos;
}

}  // namespace courseselect::test

namespace courseselect::json {

template <>
struct Names<test::Role> {
    static constexpr auto values = std::to_array<Name<test::Role>>(
        {{test::Role::student, "student"}, {test::Role::teacher, "teacher"}});
};

template <>
struct Describe<test::CourseBody> {
    using T = test::CourseBody;
    static constexpr auto fields() {
        return object(
            "CourseBody", "A course to be created.",
            field<&T::course_name>("course_name", length(1, 200), doc("Shown in lists."),
                                   example("\"Algebra\"")),
            field<&T::course_credit>("course_credit", at_least(0)),
            field<&T::course_teacher_id>("course_teacher_id"),
            field<&T::course_capacity>("course_capacity", between(1, 1000)),
            field<&T::course_time_begin>("course_time_begin", between(0, 2359)),
            field<&T::course_schedule>("course_schedule", keys<"monday", "tuesday">,
                                       each(between(1, 13))),
            field<&T::course_tags>("course_tags", items(0, 3), each(length(1, 5)),
                                   optional_with_default),
            field<&T::course_notes>("course_notes", length_max(10), optional_with_default),
            field<&T::is_active>("is_active", optional_with_default));
    }
};

template <>
struct Describe<test::CourseSeen> {
    using T = test::CourseSeen;
    static constexpr auto fields() {
        return object("CourseSeen", "A course.", field<&T::course_id>("course_id"),
                      include<test::CourseBody>(), field<&T::created_at>("created_at"),
                      field<&T::extra>("extra", optional_with_default));
    }
};

template <>
struct Describe<test::CoursePatch> {
    using T = test::CoursePatch;
    static constexpr auto fields() {
        return object("CoursePatch", "",
                      field<&T::course_name>("course_name", length(1, 200), omit_empty),
                      field<&T::course_time_begin>("course_time_begin", at_least(0)));
    }
};

template <>
struct Describe<test::Login> {
    using T = test::Login;
    static constexpr auto fields() {
        return object(
            "Login", "", field<&T::username>("username", length(3, 100)),
            field<&T::password>("password", length_min(6)),
            field<&T::totp_code>("totp_code", secret, pattern("^[0-9]{6}$", &test::is_six_digits)),
            field<&T::user_type>("user_type"),
            field<&T::language>("language", one_of<"en", "zh", "de">, optional_with_default));
    }
};

template <>
struct Describe<test::Page> {
    using T = test::Page;
    static constexpr auto fields() {
        return object(
            "Page", "", field<&T::page>("page", at_least(1), optional_with_default),
            field<&T::page_size>("page_size", between(1, 1000), optional_with_default),
            field<&T::user_type>("user_type", empty_is_absent, one_of<"student", "teacher">),
            field<&T::student_tags>("student_tags", optional_with_default, each(length_max(4))),
            field<&T::active>("active"));
    }
};

template <>
struct Describe<test::Catalogue> {
    using T = test::Catalogue;
    static constexpr auto fields() {
        return object("Catalogue", "", field<&T::courses>("courses"), field<&T::draft>("draft"),
                      field<&T::total>("total"),
                      field<&T::credit_by_type>("credit_by_type", optional_with_default));
    }
};

template <>
struct Describe<test::Submission> {
    using T = test::Submission;
    static constexpr auto fields() {
        return object("Submission", "", field<&T::student_id>("student_id"),
                      field<&T::course_id>("course_id"),
                      field<&T::task_type>("task_type", one_of<"select", "deselect">),
                      field<&T::priority>("priority", optional_with_default));
    }
};

}  // namespace courseselect::json
