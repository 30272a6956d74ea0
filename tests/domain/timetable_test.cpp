#include "courseselect/domain/timetable.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace courseselect;
using domain::Schedule;
using domain::TimeOfDay;
using domain::Timetable;
using domain::Weekday;
using domain::Weekdays;

namespace {

Weekdays on(std::initializer_list<Weekday> days) {
    Weekdays set;
    for (const Weekday day : days) {
        set.insert(day);
    }
    return set;
}

std::optional<TimeOfDay> at(int hhmm) { return *TimeOfDay::from_hhmm(hhmm, "time"); }

Timetable hours(std::initializer_list<Weekday> days, int begin, int end) {
    return *Timetable::make(on(days), std::nullopt, at(begin), at(end));
}

Timetable period(Weekday day, int number) {
    Schedule schedule;
    REQUIRE(schedule.add_period(day, number));
    return *Timetable::make({}, schedule, std::nullopt, std::nullopt);
}

}  // namespace

TEST_SUITE("domain/timetable") {
    TEST_CASE("a time of day is HHMM from 0 to 2359 with minutes below 60") {
        for (const int good : {0, 59, 800, 1350, 2359}) {
            CHECK(TimeOfDay::from_hhmm(good, "t")->hhmm() == good);
        }
        for (const std::int64_t bad : {-1LL, 60LL, 1261LL, 1299LL, 2360LL, 2400LL, 1LL << 40}) {
            const auto result = TimeOfDay::from_hhmm(bad, "course_time_begin");
            REQUIRE_FALSE(result);
            CHECK(result.error().reason() == "invalid_time");
            CHECK(result.error().detail().starts_with("course_time_begin: "));
        }
    }

    TEST_CASE("weekdays are 1 to 7 and lower case English names") {
        CHECK(*domain::weekday_from_number(1) == Weekday::monday);
        CHECK(*domain::weekday_from_number(7) == Weekday::sunday);
        CHECK_FALSE(domain::weekday_from_number(0));
        CHECK_FALSE(domain::weekday_from_number(8));
        for (int number = 1; number <= 7; ++number) {
            const Weekday day = *domain::weekday_from_number(number);
            CHECK(*domain::weekday_from_name(domain::weekday_name(day)) == day);
        }
        CHECK_FALSE(domain::weekday_from_name("Monday"));
        CHECK(domain::weekday_from_name("funday").error().detail().starts_with("course_schedule"));
    }

    TEST_CASE("periods are 1 to 13; a wrong one names its field and changes nothing") {
        Schedule schedule;
        CHECK(schedule.add_period(Weekday::tuesday, 13));
        CHECK(schedule.add_period(Weekday::tuesday, 1));
        CHECK(schedule.add_period(Weekday::tuesday, 1));
        for (const int bad : {-1, 0, 14}) {
            const auto result = schedule.add_period(Weekday::friday, bad);
            REQUIRE_FALSE(result);
            CHECK(result.error().reason() == "invalid_period");
            CHECK(result.error().detail().starts_with("course_schedule.friday: "));
        }
        CHECK(schedule.periods(Weekday::tuesday) == std::vector<int>{1, 13});
        CHECK(schedule.days() == on({Weekday::tuesday}));
    }

    TEST_CASE("the days are the weekdays, else the schedule's, else Monday") {
        Schedule schedule;
        schedule.add_day(Weekday::friday);
        CHECK(domain::course_days({}, std::nullopt) == on({Weekday::monday}));
        CHECK(domain::course_days({}, Schedule{}) == on({Weekday::monday}));
        CHECK(domain::course_days({}, schedule) == on({Weekday::friday}));
        CHECK(domain::course_days(on({Weekday::sunday}), schedule) == on({Weekday::sunday}));
        CHECK(on({Weekday::sunday, Weekday::monday}).list() ==
              std::vector<Weekday>{Weekday::monday, Weekday::sunday});
    }

    TEST_CASE("begin must be before end, when both are given") {
        for (const int end : {800, 759}) {
            const auto result = Timetable::make({}, std::nullopt, at(800), at(end));
            REQUIRE_FALSE(result);
            CHECK(result.error().reason() == "begin_not_before_end");
            CHECK(result.error().detail().starts_with("course_time_begin: "));
        }
        CHECK(Timetable::make({}, std::nullopt, at(800), std::nullopt));
    }

    TEST_CASE("hours clash on a shared day and are half-open") {
        const Timetable morning = hours({Weekday::monday, Weekday::wednesday}, 800, 1000);
        CHECK(morning.clashes_with(morning));
        CHECK(morning.clashes_with(hours({Weekday::wednesday}, 959, 1200)));
        CHECK(morning.clashes_with(hours({Weekday::monday}, 830, 900)));
        CHECK_FALSE(morning.clashes_with(hours({Weekday::monday}, 1000, 1200)));
        CHECK_FALSE(hours({Weekday::monday}, 1000, 1200).clashes_with(morning));
        CHECK_FALSE(morning.clashes_with(hours({Weekday::tuesday}, 800, 1000)));
    }

    TEST_CASE("a course that lacks an hour clashes with none") {
        const Timetable half = *Timetable::make({}, std::nullopt, at(800), std::nullopt);
        CHECK_FALSE(half.clashes_with(hours({Weekday::monday}, 0, 2359)));
        CHECK_FALSE(hours({Weekday::monday}, 0, 2359).clashes_with(half));
        CHECK_FALSE(half.clashes_with(half));
        CHECK_FALSE(Timetable{}.clashes_with(Timetable{}));
    }

    TEST_CASE("each of the 91 periods clashes with itself only") {
        for (int a = 0; a < 91; ++a) {
            for (int b = 0; b < 91; ++b) {
                const Timetable one = period(static_cast<Weekday>(a / 13 + 1), a % 13 + 1);
                const Timetable two = period(static_cast<Weekday>(b / 13 + 1), b % 13 + 1);
                REQUIRE(one.clashes_with(two) == (a == b));
            }
        }
    }

    TEST_CASE("periods of a day the course is not on do not count") {
        Schedule schedule;
        REQUIRE(schedule.add_period(Weekday::tuesday, 3));
        const Timetable monday_only =
            *Timetable::make(on({Weekday::monday}), schedule, std::nullopt, std::nullopt);
        CHECK_FALSE(monday_only.clashes_with(period(Weekday::tuesday, 3)));
    }
}
