#pragma once
/// A course as the catalogue keeps it (contract §1.3, `Course`).

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "courseselect/core/clock.hpp"
#include "courseselect/core/ids.hpp"
#include "courseselect/core/result.hpp"
#include "courseselect/domain/timetable.hpp"

namespace courseselect::domain {

/// Credits as whole hundredths, so that sums are exact: 0.5 credits are 50.
class Credits {
  public:
    /// 10,000,000 credits: far above any course, and any sum of courses fits 64 bits.
    static constexpr std::int64_t hundredths_max = 1'000'000'000;

    constexpr Credits() = default;
    [[nodiscard]] static constexpr Credits from_hundredths(std::int64_t hundredths) {
        Credits credits;
        credits.hundredths_ = hundredths;
        return credits;
    }
    /// Rounds to the nearest hundredth. Errors: invalid_argument for negative values, NaN and more
    /// than `hundredths_max`; `field` opens the message.
    [[nodiscard]] static core::Result<Credits> from_decimal(
        double credits, std::string_view field = "course_credit");

    [[nodiscard]] constexpr std::int64_t hundredths() const { return hundredths_; }
    [[nodiscard]] constexpr double decimal() const {
        return static_cast<double>(hundredths_) / 100.0;
    }
    /// "3", "0.5", "2.25": for sentences.
    [[nodiscard]] std::string text() const;

    friend constexpr Credits operator+(Credits a, Credits b) {
        return from_hundredths(a.hundredths_ + b.hundredths_);
    }
    friend constexpr Credits operator-(Credits a, Credits b) {
        return from_hundredths(a.hundredths_ - b.hundredths_);
    }
    friend constexpr auto operator<=>(const Credits&, const Credits&) = default;

  private:
    std::int64_t hundredths_ = 0;
};

/// When a course may be selected: from `opens` on and before `closes`; a side without a time is
/// open for ever.
struct SelectionWindow {
    std::optional<core::WallTime> opens{};
    std::optional<core::WallTime> closes{};

    [[nodiscard]] bool contains(core::WallTime now) const {
        return (!opens || *opens <= now) && (!closes || now < *closes);
    }
    /// When both are open. Two that never meet leave a window that closes before it opens.
    [[nodiscard]] SelectionWindow within(const SelectionWindow& other) const {
        SelectionWindow both = *this;
        if (other.opens && (!opens || *other.opens > *opens)) {
            both.opens = other.opens;
        }
        if (other.closes && (!closes || *other.closes < *closes)) {
            both.closes = other.closes;
        }
        return both;
    }
    friend bool operator==(const SelectionWindow&, const SelectionWindow&) = default;
};

/// One course. Who has selected it is the seat ledger's business, not this type's.
struct Course {
    core::CourseId id;
    std::string name;
    Credits credits;
    std::string type;         ///< "required", "elective" or free text
    core::TeacherId teacher;  ///< not set: unassigned
    std::optional<TimeOfDay> time_begin;
    std::optional<TimeOfDay> time_end;
    Weekdays weekdays;
    std::optional<Schedule> schedule;
    std::string location;
    std::int64_t capacity = 1;
    std::vector<std::string> tags;  ///< order kept; a student needs all of them
    std::string notes;
    std::int64_t cost = 0;
    bool active = true;
    SelectionWindow window;
    std::vector<core::CourseId> prerequisites;
    core::WallTime created_at{};
    core::WallTime updated_at{};

    /// Days of the schedule view, and of the check for clashes.
    [[nodiscard]] Weekdays days() const { return course_days(weekdays, schedule); }
    /// Errors: invalid_argument, see `Timetable::make`.
    [[nodiscard]] core::Result<Timetable> timetable() const {
        return Timetable::make(weekdays, schedule, time_begin, time_end);
    }
    friend bool operator==(const Course&, const Course&) = default;
};

}  // namespace courseselect::domain
