#pragma once
/// Courses on the wire (contract §1.3, §2.1): one shape everywhere.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "courseselect/core/clock.hpp"
#include "courseselect/core/ids.hpp"
#include "courseselect/json/describe.hpp"

namespace courseselect::nodes::wire {

/// Lower-case English day name to class periods.
using Schedule = std::map<std::string, std::vector<int>>;

inline constexpr int period_max = 13;  ///< contract §1.3

inline constexpr auto schedule_rules = [](json::FieldInfo& field) {
    json::keys<"monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday">(field);
    json::each(json::between(1, period_max))(field);
};

/// The body of imports in documented requests.
inline constexpr const char* course_import_example =
    R"([{"course_name":"Optics","course_credit":2.5,"course_type":"elective",)"
    R"("course_location":"B2","course_capacity":40}])";

/// What every answer about a course holds.
struct Course {
    core::CourseId course_id;
    std::string course_name;
    double course_credit = 0;
    std::string course_type;
    std::int64_t course_teacher_id = 0;
    std::optional<int> course_time_begin;
    std::optional<int> course_time_end;
    std::optional<int> course_time_start;
    std::optional<int> course_time_end_legacy;
    std::vector<int> course_weekdays;
    std::optional<Schedule> course_schedule;
    std::string course_location;
    int course_capacity = 0;
    int course_selected = 0;
    int course_selected_count = 0;
    int course_left = 0;
    std::vector<std::string> course_tags;
    std::string course_notes;
    int course_cost = 0;
    bool is_active = true;
    std::optional<std::string> teacher_name;
    std::optional<core::WallTime> course_opens_at;
    std::optional<core::WallTime> course_closes_at;
    core::WallTime created_at;
    core::WallTime updated_at;
};

/// What whoever creates a course says about it.
struct CourseFields {
    std::string course_name;
    double course_credit = 0;
    std::string course_type;
    std::string course_location;
    int course_capacity = 0;
    std::optional<int> course_time_begin;
    std::optional<int> course_time_end;
    std::optional<Schedule> course_schedule;
    std::vector<std::string> course_tags;
    std::string course_notes;
    int course_cost = 0;
    std::optional<core::WallTime> course_opens_at;
    std::optional<core::WallTime> course_closes_at;
};

/// Body of `POST /add/course`.
struct CourseCreate : CourseFields {
    core::TeacherId course_teacher_id;
};

/// What imports and the teacher node take: the teacher may be left out (0: not assigned).
struct CourseDraft : CourseFields {
    std::int64_t course_teacher_id = 0;
};

/// Body of `POST /update/course`: only what is mentioned changes; null clears what may be empty.
struct CourseUpdate {
    json::Patch<std::string> course_name;
    json::Patch<double> course_credit;
    json::Patch<std::string> course_type;
    json::Patch<std::int64_t> course_teacher_id;
    json::Patch<std::string> course_location;
    json::Patch<int> course_capacity;
    json::Patch<int> course_time_begin;
    json::Patch<int> course_time_end;
    json::Patch<Schedule> course_schedule;
    json::Patch<std::vector<std::string>> course_tags;
    json::Patch<std::string> course_notes;
    json::Patch<int> course_cost;
    json::Patch<bool> is_active;
    json::Patch<core::WallTime> course_opens_at;
    json::Patch<core::WallTime> course_closes_at;
};

struct CoursePage {
    std::vector<Course> courses;
    std::int64_t total = 0;
};

/// Query of `GET /get/courses`.
struct CourseFilter {
    std::optional<std::int64_t> teacher_id;
    std::optional<std::string> course_type;
    std::optional<std::string> search;
    int page = 1;
    int page_size = 20;
};

/// Query of everything about one course.
struct CourseRef {
    core::CourseId course_id;
};
/// The course in `/courses/{id}` (contract §7).
struct CoursePath {
    core::CourseId id;
};

/// Query of `GET /courses`.
struct CourseLimit {
    std::optional<std::int64_t> limit;
};

/// What a timetable is made of.
struct Weekday {
    int number = 1;  ///< Monday 1
    std::string name;
};
struct ScheduleConfig {
    std::vector<Weekday> weekdays;
    std::vector<int> periods;
    std::string time_format = "HHMM";
};

struct ImportedCourse {
    core::CourseId course_id;
    std::string course_name;
};
struct ImportError {
    std::int64_t index = 0;
    std::string course_name;
    std::string error;
};
/// Answer of `POST /bulk/import/courses`.
struct CourseImport {
    bool success = true;
    std::int64_t imported_count = 0;
    std::int64_t error_count = 0;
    std::vector<ImportedCourse> imported;
    std::vector<ImportError> errors;
};

/// `{"success":true,"message":"..."}`.
struct Done {
    bool success = true;
    std::string message;
};

/// Answer of `GET /internal/catalogue`: every course when `full`, else those whose seats changed
/// since the version asked for. The epoch is new at each start of the data node; the structure
/// counts changes of courses themselves. When one of them differs, the answer is full.
struct Catalogue {
    std::int64_t epoch = 0;
    std::int64_t structure = 0;
    std::int64_t version = 0;
    bool full = true;
    std::vector<Course> courses;
};
struct CatalogueQuery {
    std::int64_t epoch = 0;
    std::int64_t structure = 0;
    std::int64_t since = 0;
};

}  // namespace courseselect::nodes::wire

namespace courseselect::json {

namespace wire = nodes::wire;

template <>
struct Describe<wire::Course> {
    static constexpr auto fields() {
        using C = wire::Course;
        return object(
            "Course", "A course with its seats.", field<&C::course_id>("course_id", example("12")),
            field<&C::course_name>("course_name", example("\"Algebra 101\"")),
            field<&C::course_credit>("course_credit", example("3.0")),
            field<&C::course_type>("course_type", example("\"required\"")),
            field<&C::course_teacher_id>("course_teacher_id", doc("0: not assigned.")),
            field<&C::course_time_begin>("course_time_begin", doc("HHMM."), example("800")),
            field<&C::course_time_end>("course_time_end", doc("HHMM."), example("950")),
            field<&C::course_time_start>("course_time_start", doc("Same as course_time_begin.")),
            field<&C::course_time_end_legacy>("course_time_end_legacy",
                                              doc("Same as course_time_end.")),
            field<&C::course_weekdays>("course_weekdays", doc("1 is Monday.")),
            field<&C::course_schedule>("course_schedule", wire::schedule_rules,
                                       doc("Day name to class periods 1 to 13.")),
            field<&C::course_location>("course_location"),
            field<&C::course_capacity>("course_capacity"),
            field<&C::course_selected>("course_selected", doc("Seats taken.")),
            field<&C::course_selected_count>("course_selected_count", doc("Seats taken.")),
            field<&C::course_left>("course_left", doc("Capacity minus seats taken.")),
            field<&C::course_tags>("course_tags", doc("A student must have all of them.")),
            field<&C::course_notes>("course_notes"), field<&C::course_cost>("course_cost"),
            field<&C::is_active>("is_active"),
            field<&C::teacher_name>("teacher_name", omit_empty,
                                    doc("When the data node knows the teacher.")),
            field<&C::course_opens_at>("course_opens_at", doc("Start of the selection window.")),
            field<&C::course_closes_at>("course_closes_at", doc("End of the selection window.")),
            field<&C::created_at>("created_at"), field<&C::updated_at>("updated_at"));
    }
};

template <>
struct Describe<wire::CourseFields> {
    static constexpr auto fields() {
        using C = wire::CourseFields;
        return object(
            "CourseFields", "What is said about a new course.",
            field<&C::course_name>("course_name", length(1, 200), example("\"Algebra 101\"")),
            field<&C::course_credit>("course_credit", at_least(0), example("3")),
            field<&C::course_type>("course_type", length(1, 50), example("\"required\"")),
            field<&C::course_location>("course_location", length(1, 100), example("\"A101\"")),
            field<&C::course_capacity>("course_capacity", at_least(1), example("25")),
            field<&C::course_time_begin>("course_time_begin", between(0, 2359), doc("HHMM."),
                                         example("800")),
            field<&C::course_time_end>("course_time_end", between(0, 2359), doc("HHMM."),
                                       example("950")),
            field<&C::course_schedule>("course_schedule", wire::schedule_rules,
                                       example("{\"monday\":[1,2]}")),
            field<&C::course_tags>("course_tags", optional_with_default, items(0, 50),
                                   each(length(1, 100)), example("[]")),
            field<&C::course_notes>("course_notes", length_max(500), optional_with_default),
            field<&C::course_cost>("course_cost", at_least(0), optional_with_default),
            field<&C::course_opens_at>("course_opens_at", doc("Start of the selection window.")),
            field<&C::course_closes_at>("course_closes_at", doc("End of the selection window.")));
    }
};

template <>
struct Describe<wire::CourseCreate> {
    static constexpr auto fields() {
        return object(
            "CourseCreate", "A course to be created.", include<wire::CourseFields>(),
            field<&wire::CourseCreate::course_teacher_id>("course_teacher_id", example("1")));
    }
};

template <>
struct Describe<wire::CourseDraft> {
    static constexpr auto fields() {
        return object("CourseDraft", "A course to be created; the teacher may be left out.",
                      include<wire::CourseFields>(),
                      field<&wire::CourseDraft::course_teacher_id>(
                          "course_teacher_id", at_least(0), optional_with_default,
                          doc("0: not assigned."), example("1")));
    }
};

template <>
struct Describe<wire::CourseUpdate> {
    static constexpr auto fields() {
        using C = wire::CourseUpdate;
        return object("CourseUpdate", "Changes of a course: only what is mentioned changes.",
                      field<&C::course_name>("course_name", length(1, 200)),
                      field<&C::course_credit>("course_credit", at_least(0)),
                      field<&C::course_type>("course_type", length(1, 50)),
                      field<&C::course_teacher_id>("course_teacher_id", at_least(1)),
                      field<&C::course_location>("course_location", length(1, 100)),
                      field<&C::course_capacity>("course_capacity", at_least(1), example("30")),
                      field<&C::course_time_begin>("course_time_begin", between(0, 2359)),
                      field<&C::course_time_end>("course_time_end", between(0, 2359)),
                      field<&C::course_schedule>("course_schedule", wire::schedule_rules),
                      field<&C::course_tags>("course_tags", items(0, 50), each(length(1, 100))),
                      field<&C::course_notes>("course_notes", length_max(500)),
                      field<&C::course_cost>("course_cost", at_least(0)),
                      field<&C::is_active>("is_active"),
                      field<&C::course_opens_at>("course_opens_at"),
                      field<&C::course_closes_at>("course_closes_at"));
    }
};

template <>
struct Describe<wire::CoursePage> {
    static constexpr auto fields() {
        using C = wire::CoursePage;
        return object("CoursePage", "One page of courses.", field<&C::courses>("courses"),
                      field<&C::total>("total", doc("Before paging.")));
    }
};

template <>
struct Describe<wire::CourseFilter> {
    static constexpr auto fields() {
        using C = wire::CourseFilter;
        return object("CourseFilter", "Which courses.",
                      field<&C::teacher_id>("teacher_id", empty_is_absent),
                      field<&C::course_type>("course_type", empty_is_absent, doc("Exact.")),
                      field<&C::search>("search", empty_is_absent, length_max(200),
                                        doc("Part of name, location or notes, in any case.")),
                      field<&C::page>("page", at_least(1), optional_with_default),
                      field<&C::page_size>("page_size", between(1, 1000), optional_with_default));
    }
};

template <>
struct Describe<wire::CourseRef> {
    static constexpr auto fields() {
        return object("CourseRef", "One course.",
                      field<&wire::CourseRef::course_id>("course_id", example("1")));
    }
};

template <>
struct Describe<wire::CoursePath> {
    static constexpr auto fields() {
        return object("CoursePath", "One course.",
                      field<&wire::CoursePath::id>("id", example("1")));
    }
};

template <>
struct Describe<wire::CourseLimit> {
    static constexpr auto fields() {
        return object("CourseLimit", "How many at most.",
                      field<&wire::CourseLimit::limit>("limit", at_least(1), empty_is_absent));
    }
};

template <>
struct Describe<wire::Weekday> {
    static constexpr auto fields() {
        using W = wire::Weekday;
        return object(
            "Weekday", "A day of the timetable.", field<&W::number>("number"),
            field<&W::name>("name", doc("As a key of course_schedule."), example("\"monday\"")));
    }
};
template <>
struct Describe<wire::ScheduleConfig> {
    static constexpr auto fields() {
        using S = wire::ScheduleConfig;
        return object("ScheduleConfig", "What a timetable is made of.",
                      field<&S::weekdays>("weekdays"), field<&S::periods>("periods"),
                      field<&S::time_format>("time_format",
                                             doc("Of course_time_begin and course_time_end.")));
    }
};
template <>
struct Describe<wire::ImportedCourse> {
    static constexpr auto fields() {
        using C = wire::ImportedCourse;
        return object("ImportedCourse", "A course that was created.",
                      field<&C::course_id>("course_id"), field<&C::course_name>("course_name"));
    }
};

template <>
struct Describe<wire::ImportError> {
    static constexpr auto fields() {
        using C = wire::ImportError;
        return object("ImportError", "A course that was not created, and why.",
                      field<&C::index>("index"), field<&C::course_name>("course_name"),
                      field<&C::error>("error"));
    }
};

template <>
struct Describe<wire::CourseImport> {
    static constexpr auto fields() {
        using C = wire::CourseImport;
        return object("CourseImport", "What became of each course of an import.",
                      field<&C::success>("success"), field<&C::imported_count>("imported_count"),
                      field<&C::error_count>("error_count"), field<&C::imported>("imported"),
                      field<&C::errors>("errors"));
    }
};

template <>
struct Describe<wire::Done> {
    static constexpr auto fields() {
        return object("Done", "It is done.", field<&wire::Done::success>("success"),
                      field<&wire::Done::message>("message"));
    }
};

template <>
struct Describe<wire::Catalogue> {
    static constexpr auto fields() {
        using C = wire::Catalogue;
        return object("Catalogue", "All courses, or those that changed.", field<&C::epoch>("epoch"),
                      field<&C::structure>("structure"), field<&C::version>("version"),
                      field<&C::full>("full"), field<&C::courses>("courses"));
    }
};

template <>
struct Describe<wire::CatalogueQuery> {
    static constexpr auto fields() {
        using C = wire::CatalogueQuery;
        return object("CatalogueQuery", "What the caller has already.",
                      field<&C::epoch>("epoch", optional_with_default),
                      field<&C::structure>("structure", optional_with_default),
                      field<&C::since>("since", at_least(0), optional_with_default));
    }
};

}  // namespace courseselect::json
