#include "courseselect/domain/course.hpp"

#include <fmt/format.h>

#include <cmath>

#include "courseselect/domain/selection_rule.hpp"

namespace courseselect::domain {

core::Result<Credits> Credits::from_decimal(double credits, std::string_view field) {
    const double hundredths = std::round(credits * 100.0);
    if (!(credits >= 0.0 && hundredths <= static_cast<double>(hundredths_max))) {
        return core::Error(core::Errc::invalid_argument, "invalid_credits",
                           fmt::format("{}: {} is not a number of credits from 0 to {}", field,
                                       credits, hundredths_max / 100));
    }
    return from_hundredths(static_cast<std::int64_t>(hundredths));
}

std::string Credits::text() const {
    const std::int64_t whole = hundredths_ / 100;
    const std::int64_t rest = hundredths_ % 100;
    if (rest == 0) {
        return fmt::format("{}", whole);
    }
    return rest % 10 == 0 ? fmt::format("{}.{}", whole, rest / 10)
                          : fmt::format("{}.{:02}", whole, rest);
}

core::Result<CourseRule> course_rule(const Course& course) {
    COURSESELECT_TRY(const Timetable timetable, course.timetable());
    return CourseRule{.id = course.id,
                      .name = course.name,
                      .capacity = course.capacity,
                      .active = course.active,
                      .timetable = timetable,
                      .tags = course.tags,
                      .credits = course.credits,
                      .window = course.window,
                      .prerequisites = course.prerequisites};
}

}  // namespace courseselect::domain
