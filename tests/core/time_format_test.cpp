#include "courseselect/core/time_format.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

using namespace courseselect;
using core::WallTime;

namespace {

/// What is read, written again; "refused" when it is not read.
std::string rewritten(std::string_view text) {
    const auto time = core::parse_rfc3339(text);
    return time ? core::format_rfc3339(*time) : "refused";
}

}  // namespace

TEST_SUITE("core/time_format") {
    TEST_CASE("a time is written with 27 characters, in UTC, with microseconds") {
        CHECK(core::format_rfc3339(WallTime{}) == "1970-01-01T00:00:00.000000Z");
        CHECK(core::format_rfc3339(WallTime{std::chrono::microseconds(-1)}) ==
              "1969-12-31T23:59:59.999999Z");
        CHECK(core::format_rfc3339(WallTime{std::chrono::seconds(951'782'400)}) ==
              "2000-02-29T00:00:00.000000Z");
    }

    TEST_CASE("every time of the years 0000 to 9999 reads back as it was written") {
        constexpr std::int64_t first = -62'167'219'200'000'000;  // 0000-01-01
        constexpr std::int64_t last = 253'402'300'799'999'999;   // 9999-12-31
        CHECK(rewritten("0000-01-01T00:00:00.000000Z") == "0000-01-01T00:00:00.000000Z");
        CHECK(core::parse_rfc3339("0000-01-01T00:00:00Z") ==
              WallTime{std::chrono::microseconds(first)});
        CHECK(core::parse_rfc3339("9999-12-31T23:59:59.999999Z") ==
              WallTime{std::chrono::microseconds(last)});
        CHECK(rc::check("round trip", [] {
            const auto number = *rc::gen::inRange<std::int64_t>(first, last);
            const WallTime time{std::chrono::microseconds(number)};
            const std::string text = core::format_rfc3339(time);
            RC_ASSERT(text.size() == 27u);
            RC_ASSERT(core::parse_rfc3339(text) == time);
        }));
    }

    TEST_CASE("an offset is taken off, to either side") {
        CHECK(rewritten("2026-11-21T05:33:53+01:00") == "2026-11-21T04:33:53.000000Z");
        CHECK(rewritten("2026-11-20T23:33:53-05:00") == "2026-11-21T04:33:53.000000Z");
        CHECK(rewritten("2026-11-21T04:33:53-00:00") == "2026-11-21T04:33:53.000000Z");
        CHECK(rewritten("2026-11-22T04:32:53+23:59") == "2026-11-21T04:33:53.000000Z");
        CHECK(rewritten("2026-11-21T04:33:53+24:00") == "refused");
        CHECK(rewritten("2026-11-21T04:33:53+01:60") == "refused");
    }

    TEST_CASE("an offset that leads out of the years that can be written is refused") {
        CHECK(rewritten("0000-01-01T00:59:00+00:59") == "0000-01-01T00:00:00.000000Z");
        CHECK(rewritten("0000-01-01T00:59:00+01:00") == "refused");
        CHECK(rewritten("9999-12-31T23:00:00-00:59") == "9999-12-31T23:59:00.000000Z");
        CHECK(rewritten("9999-12-31T23:00:00-01:00") == "refused");
    }

    TEST_CASE("one to six digits of a second are read, more are cut, none is refused") {
        CHECK(rewritten("2026-11-21T04:33:53.5Z") == "2026-11-21T04:33:53.500000Z");
        CHECK(rewritten("2026-11-21T04:33:53.498157Z") == "2026-11-21T04:33:53.498157Z");
        CHECK(rewritten("2026-11-21T04:33:53.4981579Z") == "2026-11-21T04:33:53.498157Z");
        CHECK(rewritten("2026-11-21T04:33:53.Z") == "refused");
    }

    TEST_CASE("a space for T and a small z are read") {
        CHECK(rewritten("2026-11-21 04:33:53z") == "2026-11-21T04:33:53.000000Z");
        CHECK(rewritten("2026-11-21t04:33:53Z") == "refused");
    }

    TEST_CASE("impossible dates and times are refused, the last possible ones not") {
        CHECK(rewritten("2024-02-29T23:59:59Z") == "2024-02-29T23:59:59.000000Z");
        for (const char* bad :
             {"2026-02-29T00:00:00Z", "2026-04-31T00:00:00Z", "2026-00-01T00:00:00Z",
              "2026-13-01T00:00:00Z", "2026-01-00T00:00:00Z", "2026-11-21T24:00:00Z",
              "2026-11-21T23:60:00Z", "2026-12-31T23:59:60Z"}) {
            CAPTURE(bad);
            CHECK_FALSE(core::parse_rfc3339(bad));
        }
    }

    TEST_CASE("loose forms and rubbish are refused") {
        for (const char* bad :
             {"", "2026-11-21", "2026-11-21T04:33:53", "2026-11-21T04:33Z", "26-11-21T04:33:53Z",
              "2026-11-21T04:33:53+1:00", "2026-11-21T04:33:53+0100", "2026-11-21T04:33:53Zx",
              " 2026-11-21T04:33:53Z", "2026/11/21T04:33:53Z", "+026-11-21T04:33:53Z",
              "2026-11-21T04:33:53,5Z"}) {
            CAPTURE(bad);
            CHECK_FALSE(core::parse_rfc3339(bad));
        }
        CHECK(rc::check("any text", [](const std::string& text) {
            static_cast<void>(core::parse_rfc3339(text));
        }));
    }
}
