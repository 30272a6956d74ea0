#include "courseselect/domain/timetable.hpp"

#include <fmt/format.h>

namespace courseselect::domain {
namespace {

constexpr std::array<std::string_view, 7> weekday_names{
    "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"};

}  // namespace

using core::Errc;
using core::Error;
using core::Result;

std::string_view weekday_name(Weekday day) {
    return weekday_names[static_cast<std::size_t>(day) - 1];
}

Result<Weekday> weekday_from_number(std::int64_t number, std::string_view field) {
    if (number < 1 || number > 7) {
        return Error(Errc::invalid_argument, "invalid_weekday",
                     fmt::format("{}: {} is not a weekday from 1 to 7", field, number));
    }
    return static_cast<Weekday>(number);
}

Result<Weekday> weekday_from_name(std::string_view name, std::string_view field) {
    for (std::size_t i = 0; i < weekday_names.size(); ++i) {
        if (weekday_names[i] == name) {
            return static_cast<Weekday>(i + 1);
        }
    }
    return Error(Errc::invalid_argument, "invalid_weekday",
                 fmt::format("{}: '{}' is not a day from monday to sunday", field, name));
}

Result<TimeOfDay> TimeOfDay::from_hhmm(std::int64_t hhmm, std::string_view field) {
    if (hhmm < 0 || hhmm > 2359 || hhmm % 100 > 59) {
        return Error(Errc::invalid_argument, "invalid_time",
                     fmt::format("{}: {} is not a time of day HHMM", field, hhmm));
    }
    return TimeOfDay(static_cast<std::uint16_t>(hhmm));
}

std::vector<Weekday> Weekdays::list() const {
    std::vector<Weekday> days;
    for (int number = 1; number <= 7; ++number) {
        if (contains(static_cast<Weekday>(number))) {
            days.push_back(static_cast<Weekday>(number));
        }
    }
    return days;
}

Result<> Schedule::add_period(Weekday day, std::int64_t period) {
    if (period < 1 || period > periods_per_day) {
        return Error(Errc::invalid_argument, "invalid_period",
                     fmt::format("course_schedule.{}: {} is not a period from 1 to {}",
                                 weekday_name(day), period, periods_per_day));
    }
    add_day(day);
    periods_[index(day)] = static_cast<std::uint16_t>(periods_[index(day)] | (1U << (period - 1)));
    return {};
}

std::vector<int> Schedule::periods(Weekday day) const {
    std::vector<int> numbers;
    for (int period = 1; period <= periods_per_day; ++period) {
        if (((period_bits(day) >> (period - 1)) & 1U) != 0) {
            numbers.push_back(period);
        }
    }
    return numbers;
}

Weekdays course_days(const Weekdays& weekdays, const std::optional<Schedule>& schedule) {
    if (!weekdays.empty()) {
        return weekdays;
    }
    if (schedule && !schedule->days().empty()) {
        return schedule->days();
    }
    Weekdays monday;
    monday.insert(Weekday::monday);
    return monday;
}

Result<Timetable> Timetable::make(const Weekdays& weekdays, const std::optional<Schedule>& schedule,
                                  std::optional<TimeOfDay> begin, std::optional<TimeOfDay> end) {
    Timetable made;
    const Weekdays days = course_days(weekdays, schedule);
    made.days_ = days.bits();
    if (begin && end) {
        if (*begin >= *end) {
            return Error(Errc::invalid_argument, "begin_not_before_end",
                         fmt::format("course_time_begin: {} is not before course_time_end {}",
                                     begin->hhmm(), end->hhmm()));
        }
        made.begin_ = static_cast<std::uint16_t>(begin->hhmm());
        made.end_ = static_cast<std::uint16_t>(end->hhmm());
    }
    if (schedule) {
        for (const Weekday day : days.list()) {
            const std::size_t position = static_cast<std::size_t>(day) - 1;
            made.periods_[position / 4] |= std::uint64_t{schedule->period_bits(day)}
                                           << (16 * (position % 4));
        }
    }
    return made;
}

}  // namespace courseselect::domain
