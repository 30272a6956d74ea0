#include <doctest/doctest.h>

#include <memory>
#include <string>

#include "courseselect/core/clock.hpp"
#include "courseselect/core/error.hpp"
#include "courseselect/core/function.hpp"
#include "courseselect/core/ids.hpp"
#include "courseselect/core/result.hpp"
#include "courseselect/core/secret.hpp"
#include "courseselect/core/time_format.hpp"

using namespace courseselect;

namespace {

core::Result<int> half(int number) {
    if (number % 2 != 0) {
        return core::Error(core::Errc::invalid_argument, "odd", "not even");
    }
    return number / 2;
}

core::Result<int> quarter(int number) {
    COURSESELECT_TRY(const int once, half(number));
    COURSESELECT_TRY_OK(half(once));
    return once / 2;
}

}  // namespace

TEST_SUITE("core/result") {
    TEST_CASE("a value passes through and the first error stops") {
        CHECK(*quarter(8) == 2);
        CHECK(quarter(6).error().reason() == "odd");
        CHECK(quarter(3).error().to_string() == "invalid_argument(odd): not even");
        CHECK(half(3).value_or(7) == 7);
    }
    TEST_CASE("success without a value is the default") {
        CHECK(core::Result<>{});
        const core::Result<> failed = core::Error(core::Errc::conflict, "taken");
        CHECK_FALSE(failed);
        CHECK(failed.error().to_string() == "conflict: taken");
        CHECK(core::errc_name(core::Errc::outcome_unknown) == "outcome_unknown");
    }
}

TEST_SUITE("core/values") {
    TEST_CASE("a manual clock moves both times, and only when told") {
        core::ManualClock clock;
        const auto wall = clock.wall_now();
        const auto mono = clock.mono_now();
        CHECK(clock.wall_now() == wall);
        clock.advance(std::chrono::seconds{5});
        CHECK(clock.wall_now() - wall == std::chrono::seconds{5});
        CHECK(clock.mono_now() - mono == std::chrono::seconds{5});
    }
    TEST_CASE("ids of one kind compare, and zero means none") {
        CHECK(core::CourseId(2) > core::CourseId(1));
        CHECK_FALSE(core::StudentId{}.is_set());
        static_assert(!std::is_convertible_v<core::CourseId, core::StudentId>);
    }
    TEST_CASE("a moved-from secret is empty") {
        core::Secret first(std::string("a text that is too long for the small buffer"));
        const core::Secret second(std::move(first));
        CHECK(first.empty());
        CHECK(second.reveal().starts_with("a text"));
    }
    TEST_CASE("a unique function owns what cannot be copied") {
        core::UniqueFunction<int(int)> add = [base = std::make_unique<int>(40)](int more) {
            return *base + more;
        };
        auto moved = std::move(add);
        CHECK(moved(2) == 42);
        CHECK_FALSE(add);
    }
}

TEST_SUITE("core/time_format") {
    TEST_CASE("a time reads back as it was written") {
        const std::string text = "2026-11-21T04:33:53.498157Z";
        const auto time = core::parse_rfc3339(text);
        REQUIRE(time);
        CHECK(core::format_rfc3339(*time) == text);
        CHECK(core::parse_rfc3339("2026-11-21 05:33:53.4981579+01:00") == time);
        CHECK(core::parse_rfc3339("2024-02-29T00:00:00Z"));
    }
    TEST_CASE("impossible dates and loose forms are refused") {
        for (const char* bad : {"", "2026-11-21", "2026-02-29T00:00:00Z", "2026-11-21T24:00:00Z",
                                "2026-11-21T04:33:53", "2026-11-21T04:33:53.Z",
                                "2026-11-21T04:33:53+1:00", "2026-11-21T04:33:53Zx"}) {
            CAPTURE(bad);
            CHECK_FALSE(core::parse_rfc3339(bad));
        }
    }
}
