#pragma once
/// The student node's questions and answers (contract §5).

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "courseselect/json/describe.hpp"
#include "courseselect/nodes/wire/course.hpp"
#include "courseselect/nodes/wire/selection.hpp"

namespace courseselect::nodes::wire {

/// `POST /student/courses/available`: in the body or in the query; the body wins.
struct AvailableFilter {
    std::optional<std::string> course_type;
    std::optional<int> page;
    std::optional<int> page_size;
};
struct AvailableCourses {
    std::vector<Course> courses;
    std::int64_t total = 0;  ///< after the tag filter, before paging
    int page = 1;
    int page_size = 20;
};

struct SelectedCourses {
    std::vector<Course> courses;
    double total_credit = 0;
};

struct SelectionReceipt {
    bool success = true;
    std::string message;
    std::string task_id;
    std::int64_t position = 0;
    std::int64_t estimated_time = 0;
};

/// A missing course is a 400 here, not a 422.
struct MaybeCourse {
    std::optional<core::CourseId> course_id;
};
struct CourseDetail : Course {
    bool is_selected = false;
};

struct ScheduleEntry {
    core::CourseId course_id;
    std::string course_name;
    std::optional<int> course_time_start;
    std::optional<int> course_time_end;
    std::optional<int> course_time_begin;
    std::optional<int> course_time_end_legacy;
    std::string course_location;
    std::optional<Schedule> course_schedule;
};
/// Keys "1" (Monday) to "7", all of them.
struct WeekSchedule {
    std::map<std::string, std::vector<ScheduleEntry>> schedule;
};

struct StudentStats {
    std::int64_t total_courses = 0;
    double total_credit = 0;
    std::map<std::string, std::int64_t> courses_by_type;
    std::map<std::string, double> credit_by_type;
};

struct SelectionObstacle {
    std::string type;  ///< not_found, course_full, already_selected, time_conflict, ...
    std::string message;
    std::optional<core::CourseId> course_id;
    std::optional<std::string> course_name;
};
struct CheckAnswer {
    bool can_select = false;
    std::vector<SelectionObstacle> conflicts;
};

/// `GET /student/queue/status`.
struct OwnTaskQuery {
    std::string task_id;
    int wait = 0;
};

}  // namespace courseselect::nodes::wire

namespace courseselect::json {

namespace wire = nodes::wire;

template <>
struct Describe<wire::AvailableFilter> {
    static constexpr auto fields() {
        using A = wire::AvailableFilter;
        return object("AvailableFilter", "Which courses, and which page of them.",
                      field<&A::course_type>("course_type", empty_is_absent),
                      field<&A::page>("page", at_least(1), example("1")),
                      field<&A::page_size>("page_size", between(1, 1000), example("20")));
    }
};
template <>
struct Describe<wire::AvailableCourses> {
    static constexpr auto fields() {
        using A = wire::AvailableCourses;
        return object("AvailableCourses", "Active courses whose tags the student has.",
                      field<&A::courses>("courses"), field<&A::total>("total"),
                      field<&A::page>("page"), field<&A::page_size>("page_size"));
    }
};
template <>
struct Describe<wire::SelectedCourses> {
    static constexpr auto fields() {
        using S = wire::SelectedCourses;
        return object("SelectedCourses", "What the student has.", field<&S::courses>("courses"),
                      field<&S::total_credit>("total_credit"));
    }
};
template <>
struct Describe<wire::SelectionReceipt> {
    static constexpr auto fields() {
        using S = wire::SelectionReceipt;
        return object("SelectionReceipt", "Stored and waiting for its decision.",
                      field<&S::success>("success"), field<&S::message>("message"),
                      field<&S::task_id>("task_id"), field<&S::position>("position"),
                      field<&S::estimated_time>("estimated_time", doc("Seconds.")));
    }
};
template <>
struct Describe<wire::MaybeCourse> {
    static constexpr auto fields() {
        return object("MaybeCourse", "One course.",
                      field<&wire::MaybeCourse::course_id>("course_id", example("1")));
    }
};
template <>
struct Describe<wire::CourseDetail> {
    static constexpr auto fields() {
        return object("CourseDetail", "A course, and whether the student has it.",
                      include<wire::Course>(),
                      field<&wire::CourseDetail::is_selected>("is_selected"));
    }
};
template <>
struct Describe<wire::ScheduleEntry> {
    static constexpr auto fields() {
        using E = wire::ScheduleEntry;
        return object("ScheduleEntry", "A course on one day.", field<&E::course_id>("course_id"),
                      field<&E::course_name>("course_name"),
                      field<&E::course_time_start>("course_time_start"),
                      field<&E::course_time_end>("course_time_end"),
                      field<&E::course_time_begin>("course_time_begin"),
                      field<&E::course_time_end_legacy>("course_time_end_legacy"),
                      field<&E::course_location>("course_location"),
                      field<&E::course_schedule>("course_schedule"));
    }
};
template <>
struct Describe<wire::WeekSchedule> {
    static constexpr auto fields() {
        return object("WeekSchedule", "The student's week.",
                      field<&wire::WeekSchedule::schedule>("schedule", doc("Days 1 to 7.")));
    }
};
template <>
struct Describe<wire::StudentStats> {
    static constexpr auto fields() {
        using S = wire::StudentStats;
        return object("StudentStats", "The student's courses in figures.",
                      field<&S::total_courses>("total_courses"),
                      field<&S::total_credit>("total_credit"),
                      field<&S::courses_by_type>("courses_by_type"),
                      field<&S::credit_by_type>("credit_by_type"));
    }
};
template <>
struct Describe<wire::SelectionObstacle> {
    static constexpr auto fields() {
        using O = wire::SelectionObstacle;
        return object("SelectionObstacle", "What stands in the way.", field<&O::type>("type"),
                      field<&O::message>("message"), field<&O::course_id>("course_id", omit_empty),
                      field<&O::course_name>("course_name", omit_empty));
    }
};
template <>
struct Describe<wire::CheckAnswer> {
    static constexpr auto fields() {
        return object("CheckAnswer", "Whether a selection would be accepted now.",
                      field<&wire::CheckAnswer::can_select>("can_select"),
                      field<&wire::CheckAnswer::conflicts>("conflicts"));
    }
};
template <>
struct Describe<wire::OwnTaskQuery> {
    static constexpr auto fields() {
        return object(
            "OwnTaskQuery", "One of the caller's tasks.",
            field<&wire::OwnTaskQuery::task_id>("task_id", length(1, 64), wire::task_id_example),
            field<&wire::OwnTaskQuery::wait>("wait", between(0, 25), optional_with_default,
                                             doc("Seconds to wait for its end.")));
    }
};

}  // namespace courseselect::json
