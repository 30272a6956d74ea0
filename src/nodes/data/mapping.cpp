#include "courseselect/nodes/data/mapping.hpp"

#include <utility>

namespace courseselect::nodes::data {
namespace {

core::Result<std::optional<domain::TimeOfDay>> time_of(const std::optional<int>& hhmm,
                                                       std::string_view field) {
    if (!hhmm) {
        return std::optional<domain::TimeOfDay>();
    }
    COURSESELECT_TRY(const auto time, domain::TimeOfDay::from_hhmm(*hhmm, field));
    return std::optional(time);
}

core::Result<std::optional<domain::Schedule>> schedule_of(
    const std::optional<wire::Schedule>& days) {
    if (!days) {
        return std::optional<domain::Schedule>();
    }
    domain::Schedule schedule;
    for (const auto& [name, periods] : *days) {
        COURSESELECT_TRY(const auto day, domain::weekday_from_name(name));
        schedule.add_day(day);
        for (const int period : periods) {
            COURSESELECT_TRY_OK(schedule.add_period(day, period));
        }
    }
    return std::optional(schedule);
}

std::optional<int> hhmm_text(const std::optional<domain::TimeOfDay>& time) {
    return time ? std::optional(time->hhmm()) : std::nullopt;
}

std::optional<wire::Schedule> schedule_to_wire(const std::optional<domain::Schedule>& schedule) {
    if (!schedule) {
        return std::nullopt;
    }
    wire::Schedule days;
    for (const domain::Weekday day : schedule->days().list()) {
        days.emplace(domain::weekday_name(day), schedule->periods(day));
    }
    return days;
}

/// `begin` must come before `end` when both are there.
core::Result<domain::Course> checked(domain::Course course) {
    COURSESELECT_TRY_OK(course.timetable());
    return course;
}

}  // namespace

wire::Course to_wire(const domain::Course& course, std::uint32_t seats_taken) {
    const auto taken = static_cast<int>(seats_taken);
    wire::Course out;
    out.course_id = course.id;
    out.course_name = course.name;
    out.course_credit = course.credits.decimal();
    out.course_type = course.type;
    out.course_teacher_id = course.teacher.value();
    out.course_time_begin = hhmm_text(course.time_begin);
    out.course_time_end = hhmm_text(course.time_end);
    out.course_time_start = out.course_time_begin;
    out.course_time_end_legacy = out.course_time_end;
    out.course_schedule = schedule_to_wire(course.schedule);
    const domain::Weekdays days = course.schedule ? course.days() : course.weekdays;
    for (const domain::Weekday day : days.list()) {
        out.course_weekdays.push_back(static_cast<int>(day));
    }
    out.course_location = course.location;
    out.course_capacity = static_cast<int>(course.capacity);
    out.course_selected = taken;
    out.course_selected_count = taken;
    out.course_left = out.course_capacity - taken;
    out.course_tags = course.tags;
    out.course_notes = course.notes;
    out.course_cost = static_cast<int>(course.cost);
    out.is_active = course.active;
    out.course_opens_at = course.window.opens;
    out.course_closes_at = course.window.closes;
    out.created_at = course.created_at;
    out.updated_at = course.updated_at;
    return out;
}

wire::Student to_wire(const domain::Student& student, std::vector<core::CourseId> courses) {
    return wire::Student{.student_id = student.id,
                         .student_name = student.name,
                         .student_courses = std::move(courses),
                         .student_tags = student.tags,
                         .created_at = student.created_at,
                         .updated_at = student.updated_at};
}

wire::Teacher to_wire(const domain::Teacher& teacher, std::vector<core::CourseId> courses) {
    return wire::Teacher{.teacher_id = teacher.id,
                         .teacher_name = teacher.name,
                         .teacher_courses = std::move(courses),
                         .created_at = teacher.created_at,
                         .updated_at = teacher.updated_at};
}

std::vector<wire::Reason> to_wire(const std::vector<domain::Reason>& reasons) {
    std::vector<wire::Reason> out;
    out.reserve(reasons.size());
    for (const domain::Reason& reason : reasons) {
        out.push_back({reason.code, reason.message});
    }
    return out;
}

core::Result<domain::Course> course_from(const wire::CourseFields& fields, core::TeacherId teacher,
                                         core::WallTime now) {
    domain::Course course;
    course.name = fields.course_name;
    COURSESELECT_TRY(course.credits, domain::Credits::from_decimal(fields.course_credit));
    course.type = fields.course_type;
    course.teacher = teacher;
    COURSESELECT_TRY(course.time_begin, time_of(fields.course_time_begin, "course_time_begin"));
    COURSESELECT_TRY(course.time_end, time_of(fields.course_time_end, "course_time_end"));
    COURSESELECT_TRY(course.schedule, schedule_of(fields.course_schedule));
    course.location = fields.course_location;
    course.capacity = fields.course_capacity;
    course.tags = fields.course_tags;
    course.notes = fields.course_notes;
    course.cost = fields.course_cost;
    course.window = {fields.course_opens_at, fields.course_closes_at};
    course.created_at = now;
    course.updated_at = now;
    return checked(std::move(course));
}

core::Result<domain::Course> changed_course(domain::Course course, const wire::CourseUpdate& update,
                                            core::WallTime now) {
    update.course_name.apply_to(course.name);
    if (update.course_credit.has_value()) {
        COURSESELECT_TRY(course.credits, domain::Credits::from_decimal(*update.course_credit));
    }
    update.course_type.apply_to(course.type);
    if (update.course_teacher_id.has_value()) {
        course.teacher = core::TeacherId(*update.course_teacher_id);
    }
    if (!update.course_time_begin.is_absent()) {
        COURSESELECT_TRY(course.time_begin,
                         time_of(update.course_time_begin.optional(), "course_time_begin"));
    }
    if (!update.course_time_end.is_absent()) {
        COURSESELECT_TRY(course.time_end,
                         time_of(update.course_time_end.optional(), "course_time_end"));
    }
    if (!update.course_schedule.is_absent()) {
        COURSESELECT_TRY(course.schedule, schedule_of(update.course_schedule.optional()));
    }
    update.course_location.apply_to(course.location);
    if (update.course_capacity.has_value()) {
        course.capacity = *update.course_capacity;
    }
    update.course_tags.apply_to(course.tags);
    update.course_notes.apply_to(course.notes);
    if (update.course_cost.has_value()) {
        course.cost = *update.course_cost;
    }
    update.is_active.apply_to(course.active);
    update.course_opens_at.apply_to(course.window.opens);
    update.course_closes_at.apply_to(course.window.closes);
    course.updated_at = now;
    return checked(std::move(course));
}

domain::LedgerLimits ledger_limits(const CourseSettings& settings) {
    return {
        .courses_max = static_cast<std::uint32_t>(settings.courses_per_student_max),
        .credits_max = domain::Credits::from_decimal(settings.credits_per_student_max)
                           .value_or(domain::Credits()),
        .conflict_check = settings.check_time_conflicts,
        .tag_check = settings.check_tags,
        .window = {.opens = settings.selection_opens_at, .closes = settings.selection_closes_at}};
}

}  // namespace courseselect::nodes::data
