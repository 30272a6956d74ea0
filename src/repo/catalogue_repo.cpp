#include "courseselect/repo/catalogue_repo.hpp"

#include <fmt/format.h>

#include <map>
#include <optional>
#include <string>
#include <utility>

#include "courseselect/json/reader.hpp"
#include "courseselect/json/writer.hpp"

namespace courseselect::repo {
namespace {

using storage::Connection;
using storage::Row;

using ScheduleMap = std::map<std::string, std::vector<int>>;

std::string tags_text(const std::vector<std::string>& tags) { return json::to_text(tags); }

std::optional<std::string> schedule_text(const std::optional<domain::Schedule>& schedule) {
    if (!schedule) {
        return std::nullopt;
    }
    ScheduleMap days;
    for (const domain::Weekday day : schedule->days().list()) {
        days.emplace(domain::weekday_name(day), schedule->periods(day));
    }
    return json::to_text(days);
}

core::Result<std::optional<domain::Schedule>> schedule_from(
    const std::optional<std::string>& text) {
    if (!text) {
        return std::optional<domain::Schedule>();
    }
    COURSESELECT_TRY(const auto days, json::parse<ScheduleMap>(*text));
    domain::Schedule schedule;
    for (const auto& [name, periods] : days) {
        COURSESELECT_TRY(const auto day, domain::weekday_from_name(name));
        schedule.add_day(day);
        for (const int period : periods) {
            COURSESELECT_TRY_OK(schedule.add_period(day, period));
        }
    }
    return std::optional(schedule);
}

core::Result<std::optional<domain::TimeOfDay>> time_from(std::optional<std::int64_t> hhmm,
                                                         std::string_view field) {
    if (!hhmm) {
        return std::optional<domain::TimeOfDay>();
    }
    COURSESELECT_TRY(const auto time, domain::TimeOfDay::from_hhmm(*hhmm, field));
    return std::optional(time);
}

std::optional<std::int64_t> hhmm_of(const std::optional<domain::TimeOfDay>& time) {
    return time ? std::optional<std::int64_t>(time->hhmm()) : std::nullopt;
}

core::Result<domain::Course> course_from(const Row& row) {
    domain::Course course;
    course.id = row.get<core::CourseId>(0);
    course.name = row.get<std::string>(1);
    course.credits = domain::Credits::from_hundredths(row.get<std::int64_t>(2));
    course.type = row.get<std::string>(3);
    course.teacher = row.get<core::TeacherId>(4);
    COURSESELECT_TRY(course.time_begin,
                     time_from(row.get<std::optional<std::int64_t>>(5), "course_time_begin"));
    COURSESELECT_TRY(course.time_end,
                     time_from(row.get<std::optional<std::int64_t>>(6), "course_time_end"));
    COURSESELECT_TRY(course.schedule, schedule_from(row.get<std::optional<std::string>>(7)));
    course.location = row.get<std::string>(8);
    course.capacity = row.get<std::int64_t>(9);
    COURSESELECT_TRY(course.tags,
                     json::parse<std::vector<std::string>>(row.get<std::string_view>(10)));
    course.notes = row.get<std::string>(11);
    course.cost = row.get<std::int64_t>(12);
    course.active = row.get<bool>(13);
    course.window.opens = row.get<std::optional<core::WallTime>>(14);
    course.window.closes = row.get<std::optional<core::WallTime>>(15);
    course.created_at = row.get<core::WallTime>(16);
    course.updated_at = row.get<core::WallTime>(17);
    return course;
}

core::Result<std::vector<domain::Course>> load_courses(Connection& connection) {
    std::vector<domain::Course> courses;
    auto keep = [&courses](const Row& row) -> core::Result<> {
        COURSESELECT_TRY(auto course, course_from(row));
        courses.push_back(std::move(course));
        return {};
    };
    COURSESELECT_TRY_OK(connection.each(
        "SELECT course_id, name, credit_hundredths, type, teacher_id, time_begin, time_end, "
        "schedule, location, capacity, tags, notes, cost, is_active, opens_at, closes_at, "
        "created_at, updated_at FROM courses ORDER BY course_id",
        keep));
    return courses;
}

core::Result<std::vector<domain::Student>> load_students(Connection& connection) {
    std::vector<domain::Student> students;
    auto keep = [&students](const Row& row) -> core::Result<> {
        COURSESELECT_TRY(auto tags,
                         json::parse<std::vector<std::string>>(row.get<std::string_view>(2)));
        students.push_back(domain::Student{.id = row.get<core::StudentId>(0),
                                           .name = row.get<std::string>(1),
                                           .tags = std::move(tags),
                                           .created_at = row.get<core::WallTime>(3),
                                           .updated_at = row.get<core::WallTime>(4)});
        return {};
    };
    COURSESELECT_TRY_OK(connection.each(
        "SELECT student_id, name, tags, created_at, updated_at FROM students ORDER BY student_id",
        keep));
    return students;
}

core::Result<std::vector<domain::Teacher>> load_teachers(Connection& connection) {
    const auto map = [](const Row& row) {
        return domain::Teacher{.id = row.get<core::TeacherId>(0),
                               .name = row.get<std::string>(1),
                               .created_at = row.get<core::WallTime>(2),
                               .updated_at = row.get<core::WallTime>(3)};
    };
    return connection.all(
        "SELECT teacher_id, name, created_at, updated_at FROM teachers ORDER BY teacher_id", map);
}

core::Result<> require_one(const core::Result<std::int64_t>& changed, std::string_view what) {
    if (!changed) {
        return changed.error();
    }
    if (*changed != 1) {
        return core::Error(core::Errc::not_found, fmt::format("{} not found", what));
    }
    return {};
}

/// The id a person is stored under: the one asked for, or the next free one.
core::Result<std::int64_t> person_id(Connection& connection, PersonKind kind, std::int64_t wanted) {
    if (wanted <= 0) {
        return reserve_ids(connection, kind, 1);
    }
    COURSESELECT_TRY_OK(
        connection.execute("UPDATE reserved_ids SET next_id = MAX(next_id, ?) WHERE kind = ?",
                           wanted + 1, kind == PersonKind::student ? "student" : "teacher"));
    return wanted;
}

}  // namespace

core::Result<CatalogueRows> load_catalogue(Connection& connection) {
    CatalogueRows rows;
    COURSESELECT_TRY(rows.courses, load_courses(connection));
    COURSESELECT_TRY(rows.students, load_students(connection));
    COURSESELECT_TRY(rows.teachers, load_teachers(connection));
    return rows;
}

core::Result<core::CourseId> insert_course(Connection& connection, const domain::Course& course) {
    COURSESELECT_TRY_OK(connection.execute(
        "INSERT INTO courses (name, credit_hundredths, type, teacher_id, time_begin, time_end, "
        "schedule, location, capacity, tags, notes, cost, is_active, opens_at, closes_at, "
        "created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        course.name, course.credits.hundredths(), course.type, course.teacher,
        hhmm_of(course.time_begin), hhmm_of(course.time_end), schedule_text(course.schedule),
        course.location, course.capacity, tags_text(course.tags), course.notes, course.cost,
        course.active, course.window.opens, course.window.closes, course.created_at,
        course.updated_at));
    return core::CourseId(connection.last_insert_id());
}

core::Result<> update_course(Connection& connection, const domain::Course& course) {
    return require_one(
        connection.execute(
            "UPDATE courses SET name = ?, credit_hundredths = ?, type = ?, teacher_id = ?, "
            "time_begin = ?, time_end = ?, schedule = ?, location = ?, capacity = ?, tags = ?, "
            "notes = ?, cost = ?, is_active = ?, opens_at = ?, closes_at = ?, updated_at = ? "
            "WHERE course_id = ?",
            course.name, course.credits.hundredths(), course.type, course.teacher,
            hhmm_of(course.time_begin), hhmm_of(course.time_end), schedule_text(course.schedule),
            course.location, course.capacity, tags_text(course.tags), course.notes, course.cost,
            course.active, course.window.opens, course.window.closes, course.updated_at, course.id),
        "Course");
}

core::Result<> delete_course(Connection& connection, core::CourseId id) {
    return require_one(connection.execute("DELETE FROM courses WHERE course_id = ?", id), "Course");
}

core::Result<std::int64_t> reserve_ids(Connection& connection, PersonKind kind,
                                       std::int64_t count) {
    const auto map = [](const Row& row) { return row.get<std::int64_t>(0); };
    COURSESELECT_TRY(
        const auto next,
        connection.one("UPDATE reserved_ids SET next_id = next_id + ? WHERE kind = ? "
                       "RETURNING next_id",
                       map, count, kind == PersonKind::student ? "student" : "teacher"));
    if (!next) {
        return core::Error(core::Errc::data_corrupt, "reserved_ids", "reserved_ids has no row");
    }
    return *next - count;
}

core::Result<core::StudentId> insert_student(Connection& connection,
                                             const domain::Student& student) {
    COURSESELECT_TRY(const auto id, person_id(connection, PersonKind::student, student.id.value()));
    COURSESELECT_TRY_OK(connection.execute(
        "INSERT INTO students (student_id, name, tags, created_at, updated_at) "
        "VALUES (?, ?, ?, ?, ?)",
        id, student.name, tags_text(student.tags), student.created_at, student.updated_at));
    return core::StudentId(id);
}

core::Result<> update_student(Connection& connection, const domain::Student& student) {
    return require_one(
        connection.execute(
            "UPDATE students SET name = ?, tags = ?, updated_at = ? WHERE student_id = ?",
            student.name, tags_text(student.tags), student.updated_at, student.id),
        "Student");
}

core::Result<> delete_student(Connection& connection, core::StudentId id) {
    return require_one(connection.execute("DELETE FROM students WHERE student_id = ?", id),
                       "Student");
}

core::Result<core::TeacherId> insert_teacher(Connection& connection,
                                             const domain::Teacher& teacher) {
    COURSESELECT_TRY(const auto id, person_id(connection, PersonKind::teacher, teacher.id.value()));
    COURSESELECT_TRY_OK(connection.execute(
        "INSERT INTO teachers (teacher_id, name, created_at, updated_at) VALUES (?, ?, ?, ?)", id,
        teacher.name, teacher.created_at, teacher.updated_at));
    return core::TeacherId(id);
}

core::Result<> update_teacher(Connection& connection, const domain::Teacher& teacher) {
    return require_one(
        connection.execute("UPDATE teachers SET name = ?, updated_at = ? WHERE teacher_id = ?",
                           teacher.name, teacher.updated_at, teacher.id),
        "Teacher");
}

core::Result<> delete_teacher(Connection& connection, core::TeacherId id) {
    return require_one(connection.execute("DELETE FROM teachers WHERE teacher_id = ?", id),
                       "Teacher");
}

core::Result<std::vector<TagRow>> list_tags(Connection& connection, std::string_view type) {
    const auto map = [](const Row& row) {
        return TagRow{.name = row.get<std::string>(0),
                      .type = row.get<std::string>(1),
                      .usage_count = row.get<std::int64_t>(2)};
    };
    return connection.all(
        "SELECT tag_name, tag_type, usage_count FROM available_tags "
        "WHERE ?1 = '' OR tag_type = ?1 ORDER BY usage_count DESC, tag_name, tag_type",
        map, type);
}

core::Result<bool> count_tag(Connection& connection, std::string_view name, std::string_view type) {
    COURSESELECT_TRY(const auto counted,
                     connection.execute("UPDATE available_tags SET usage_count = usage_count + 1 "
                                        "WHERE tag_name = ? AND tag_type = ?",
                                        name, type));
    if (counted > 0) {
        return false;
    }
    COURSESELECT_TRY_OK(offer_tag(connection, name, type));
    return true;
}

core::Result<> offer_tag(Connection& connection, std::string_view name, std::string_view type) {
    COURSESELECT_TRY_OK(connection.execute(
        "INSERT INTO available_tags (tag_name, tag_type, usage_count) VALUES (?, ?, 1) "
        "ON CONFLICT (tag_name, tag_type) DO NOTHING",
        name, type));
    return {};
}

}  // namespace courseselect::repo
