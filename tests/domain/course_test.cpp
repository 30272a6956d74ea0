#include "courseselect/domain/course.hpp"

#include <doctest/doctest.h>

#include <limits>

using namespace courseselect;
using domain::Credits;

TEST_SUITE("domain/course") {
    TEST_CASE("credits are exact hundredths") {
        CHECK(Credits::from_decimal(0.5)->hundredths() == 50);
        CHECK(Credits::from_decimal(2.675)->hundredths() == 268);
        CHECK(Credits::from_decimal(0)->hundredths() == 0);
        CHECK(*Credits::from_decimal(0.1) + *Credits::from_decimal(0.2) ==
              Credits::from_hundredths(30));
        CHECK(Credits::from_hundredths(250).decimal() == 2.5);
        CHECK(Credits::from_hundredths(300).text() == "3");
        CHECK(Credits::from_hundredths(50).text() == "0.5");
        CHECK(Credits::from_hundredths(205).text() == "2.05");
    }

    TEST_CASE("credits outside 0 to 10,000,000 are refused by field") {
        CHECK(Credits::from_decimal(10'000'000.0));
        for (const double bad : {-0.01, 10'000'000.01, std::numeric_limits<double>::infinity(),
                                 std::numeric_limits<double>::quiet_NaN()}) {
            const auto result = Credits::from_decimal(bad, "credits_max");
            REQUIRE_FALSE(result);
            CHECK(result.error().detail().starts_with("credits_max: "));
        }
    }

    TEST_CASE("a selection window holds its opening moment but not its closing one") {
        const core::WallTime noon{std::chrono::hours{12}};
        const auto tick = std::chrono::microseconds{1};
        const domain::SelectionWindow window{.opens = noon, .closes = noon + tick};
        CHECK(window.contains(noon));
        CHECK_FALSE(window.contains(noon - tick));
        CHECK_FALSE(window.contains(noon + tick));
        const domain::SelectionWindow later{.opens = noon - tick, .closes = noon};
        CHECK(window.within(later) == domain::SelectionWindow{.opens = noon, .closes = noon});
        CHECK_FALSE(window.within(later).contains(noon));
        CHECK(window.within({}) == window);
        CHECK(domain::SelectionWindow{}.within(window) == window);
        CHECK(domain::SelectionWindow{}.contains(noon));
    }

    TEST_CASE("a course without weekdays and schedule is on Monday") {
        const domain::Course course;
        CHECK(course.days().list() == std::vector{domain::Weekday::monday});
        CHECK(course.timetable());
    }
}
