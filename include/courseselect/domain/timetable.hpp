#pragma once
/// When a course is held, and whether two courses get in each other's way.

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "courseselect/core/result.hpp"

namespace courseselect::domain {

/// Days as the contract numbers them (§1.3): Monday is 1, Sunday 7.
enum class Weekday : std::uint8_t {
    monday = 1,
    tuesday,
    wednesday,
    thursday,
    friday,
    saturday,
    sunday,
};

/// Class periods of a day are 1 to 13 (contract §1.3).
inline constexpr int periods_per_day = 13;

/// "monday" to "sunday", the keys of `course_schedule`.
[[nodiscard]] std::string_view weekday_name(Weekday day);
/// Errors: invalid_argument unless `number` is 1 to 7; `field` opens the message.
[[nodiscard]] core::Result<Weekday> weekday_from_number(std::int64_t number,
                                                        std::string_view field = "course_weekdays");
/// Errors: invalid_argument unless `name` is a lower case English day name.
[[nodiscard]] core::Result<Weekday> weekday_from_name(std::string_view name,
                                                      std::string_view field = "course_schedule");

/// A time of day written `HHMM` (contract §1.3): 800 is 08:00, 1350 is 13:50; 0 to 2359.
class TimeOfDay {
  public:
    /// Errors: invalid_argument for minutes over 59, hours over 23 and negative numbers; `field`
    /// (`course_time_begin`) opens the message.
    [[nodiscard]] static core::Result<TimeOfDay> from_hhmm(std::int64_t hhmm,
                                                           std::string_view field);

    [[nodiscard]] int hhmm() const { return hhmm_; }
    friend auto operator<=>(const TimeOfDay&, const TimeOfDay&) = default;

  private:
    explicit TimeOfDay(std::uint16_t hhmm) : hhmm_(hhmm) {}
    std::uint16_t hhmm_;
};

/// A set of weekdays, at most seven.
class Weekdays {
  public:
    void insert(Weekday day) { bits_ = static_cast<std::uint8_t>(bits_ | bit(day)); }
    [[nodiscard]] bool contains(Weekday day) const { return (bits_ & bit(day)) != 0; }
    [[nodiscard]] bool empty() const { return bits_ == 0; }
    /// Monday first.
    [[nodiscard]] std::vector<Weekday> list() const;
    /// Bit 0 is Monday.
    [[nodiscard]] std::uint8_t bits() const { return bits_; }
    friend bool operator==(const Weekdays&, const Weekdays&) = default;

  private:
    static std::uint8_t bit(Weekday day) {
        return static_cast<std::uint8_t>(1U << (static_cast<unsigned>(day) - 1U));
    }
    std::uint8_t bits_ = 0;
};

/// `course_schedule`: day name → class periods. A day may be present without any period. Periods
/// come back ascending and once, whatever order they were given in.
class Schedule {
  public:
    /// Makes the day a key, without periods if it has none yet.
    void add_day(Weekday day) { days_.insert(day); }
    /// Adds a period and its day. Errors: invalid_argument unless `period` is 1 to 13.
    [[nodiscard]] core::Result<> add_period(Weekday day, std::int64_t period);

    [[nodiscard]] Weekdays days() const { return days_; }
    [[nodiscard]] std::vector<int> periods(Weekday day) const;
    /// Bit 0 is period 1.
    [[nodiscard]] std::uint16_t period_bits(Weekday day) const { return periods_[index(day)]; }
    friend bool operator==(const Schedule&, const Schedule&) = default;

  private:
    static std::size_t index(Weekday day) { return static_cast<std::size_t>(day) - 1; }
    Weekdays days_;
    std::array<std::uint16_t, 7> periods_{};
};

/// The days a course is on (contract §5, schedule): its weekdays, else the keys of its schedule,
/// else Monday. The timetable check and the schedule view both use this one function.
[[nodiscard]] Weekdays course_days(const Weekdays& weekdays,
                                   const std::optional<Schedule>& schedule);

/// When a course is held, folded into 24 bytes for the seat ledger. Never clashes by default.
class Timetable {
  public:
    Timetable() = default;
    /// Errors: invalid_argument when both hours are given and `begin` is not before `end`.
    [[nodiscard]] static core::Result<Timetable> make(const Weekdays& weekdays,
                                                      const std::optional<Schedule>& schedule,
                                                      std::optional<TimeOfDay> begin,
                                                      std::optional<TimeOfDay> end);

    /// True when both are on one day and their periods meet there, or their hours do. Hours are
    /// half-open, so a course may begin when the other ends; a course that lacks one of its two
    /// hours has none. Periods of days the course is not on (see `course_days`) do not count.
    [[nodiscard]] bool clashes_with(const Timetable& other) const {
        const std::uint64_t periods =
            (periods_[0] & other.periods_[0]) | (periods_[1] & other.periods_[1]);
        const bool hours = begin_ < other.end_ && other.begin_ < end_;
        return periods != 0 || (hours && (days_ & other.days_) != 0);
    }

    friend bool operator==(const Timetable&, const Timetable&) = default;

  private:
    std::array<std::uint64_t, 2> periods_{};  ///< 16 bits a day, Monday lowest, four days a word
    std::uint16_t begin_ = 0;                 ///< HHMM; no hours are the empty range [0, 0)
    std::uint16_t end_ = 0;
    std::uint8_t days_ = 0;
};

}  // namespace courseselect::domain
