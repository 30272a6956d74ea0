#include "courseselect/domain/decision.hpp"

#include <fmt/format.h>

#include "courseselect/core/time_format.hpp"

namespace courseselect::domain {
namespace {

constexpr std::array<std::string_view, reason_code_count> reason_names{"student_not_found",
                                                                       "course_not_found",
                                                                       "course_full",
                                                                       "already_selected",
                                                                       "not_selected",
                                                                       "course_inactive",
                                                                       "missing_tags",
                                                                       "time_conflict",
                                                                       "outside_window",
                                                                       "course_limit",
                                                                       "credit_limit",
                                                                       "missing_prerequisite",
                                                                       "custom"};

/// "2026-11-21 04:33 UTC": students do not read microseconds.
std::string minute_text(core::WallTime time) {
    const std::string text = core::format_rfc3339(time);
    return text.substr(0, 10) + ' ' + text.substr(11, 5) + " UTC";
}

/// "Algebra (course 12), course 13"
std::string course_list(const std::vector<NamedCourse>& courses) {
    std::string text;
    for (const NamedCourse& course : courses) {
        text += text.empty() ? "" : ", ";
        text += course.name.empty() ? fmt::format("course {}", course.id.value())
                                    : fmt::format("{} (course {})", course.name, course.id.value());
    }
    return text;
}

std::string window_text(const SelectionWindow& window) {
    std::string text = "Course can be selected only";
    if (window.opens) {
        text += " from " + minute_text(*window.opens);
    }
    if (window.closes) {
        text += " until " + minute_text(*window.closes);
    }
    return text;
}

std::string reason_text(ReasonCode code, const RefusalDetails& details) {
    switch (code) {
        case ReasonCode::student_not_found: return "Student not found";
        case ReasonCode::course_not_found: return "Course not found";
        case ReasonCode::course_full: return "Course is full";
        case ReasonCode::already_selected: return "Student already selected this course";
        case ReasonCode::not_selected: return "Student has not selected this course";
        case ReasonCode::course_inactive: return "Course is not open for selection";
        case ReasonCode::missing_tags:
            return fmt::format("Student lacks the required tags: {}",
                               fmt::join(details.missing_tags, ", "));
        case ReasonCode::time_conflict:
            return "Time conflict with " + course_list(details.conflicts);
        case ReasonCode::outside_window: return window_text(details.window);
        case ReasonCode::course_limit:
            return fmt::format("Student may select at most {} {}", details.courses_max,
                               details.courses_max == 1 ? "course" : "courses");
        case ReasonCode::credit_limit:
            return fmt::format("Credit limit of {} exceeded: {} selected, this course has {}",
                               details.credits_max.text(), details.credits_have.text(),
                               details.credits_want.text());
        case ReasonCode::missing_prerequisite:
            return "Course requires " + course_list(details.missing_prerequisites);
        case ReasonCode::custom: return details.custom.front().message;
    }
    return {};
}

}  // namespace

std::string_view reason_code_name(ReasonCode code) {
    return reason_names[static_cast<std::size_t>(code)];
}

std::vector<ReasonCode> ReasonSet::list() const {
    std::vector<ReasonCode> codes;
    for (std::size_t i = 0; i < reason_code_count; ++i) {
        if (contains(static_cast<ReasonCode>(i))) {
            codes.push_back(static_cast<ReasonCode>(i));
        }
    }
    return codes;
}

const RefusalDetails& Decision::details() const {
    static const RefusalDetails none;
    return details_ ? *details_ : none;
}

ReasonCode Decision::primary() const {
    COURSESELECT_CHECK(!accepted());
    std::size_t code = 0;
    while (!why_.contains(static_cast<ReasonCode>(code))) {
        ++code;
    }
    return static_cast<ReasonCode>(code);
}

RefusalClass Decision::refusal_class() const {
    return primary() <= ReasonCode::course_not_found ? RefusalClass::not_found
                                                     : RefusalClass::refused;
}

std::string Decision::message() const { return reason_text(primary(), details()); }

std::vector<Reason> Decision::reasons() const {
    std::vector<Reason> all;
    for (const ReasonCode code : why_.list()) {
        if (code == ReasonCode::custom) {
            for (const CustomRefusal& custom : details().custom) {
                all.push_back({custom.code, custom.message});
            }
        } else {
            all.push_back({std::string(reason_code_name(code)), reason_text(code, details())});
        }
    }
    return all;
}

}  // namespace courseselect::domain
