#include "courseselect/cli/progress.hpp"

#include <doctest/doctest.h>

#include "courseselect/cli/text.hpp"

using namespace courseselect;
using cli::Progress;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

const core::MonoTime start{seconds(1'000)};

}  // namespace

TEST_SUITE("cli/progress") {
    TEST_CASE("rate and time left come after half a second") {
        Progress progress(20'000, start);
        CHECK(progress.line() == "0 of 20000 (0%)");
        progress.update(10, start + milliseconds(499));
        CHECK_FALSE(progress.rate().has_value());
        progress.update(20, start + milliseconds(500));
        CHECK(progress.rate() == doctest::Approx(40.0));
        CHECK(progress.time_left() == seconds(500));  // 19,980 at 40 a second, rounded up
        CHECK(progress.line() == "20 of 20000 (0%), 40/s, 8 min 20 s left");
    }

    TEST_CASE("the rate follows the last ten seconds") {
        Progress progress(100'000, start);
        for (int i = 1; i <= 600; ++i) {  // a minute at 1,000 a second
            progress.update(i * 100, start + milliseconds(100 * i));
        }
        CHECK(*progress.rate() == doctest::Approx(1'000.0).epsilon(0.02));
        for (int i = 1; i <= 120; ++i) {  // twelve seconds at 10 a second
            progress.update(60'000 + i, start + seconds(60) + milliseconds(100 * i));
        }
        CHECK(*progress.rate() == doctest::Approx(10.0).epsilon(0.02));
    }

    TEST_CASE("nothing moves: the time left is not known") {
        Progress progress(10, start);
        progress.update(0, start + seconds(5));
        CHECK(progress.rate() == 0.0);
        CHECK_FALSE(progress.time_left().has_value());
        CHECK(progress.line() == "0 of 10 (0%), 0.0/s");
    }

    TEST_CASE("the bar fits its columns") {
        Progress progress(20'000, start);
        progress.update(10'000, start + seconds(10));
        CHECK(progress.bar(79) ==
              "[███████████████████░░░░░░░░░░░░░░░░░░░]  50%  10,000/20,000  1000/s  10 s left");
        for (std::size_t columns = 1; columns < 200; ++columns) {
            CHECK(cli::display_width(progress.bar(columns)) <= columns);
        }
        CHECK(cli::display_width(progress.bar(200)) < 90);
    }

    TEST_CASE("an empty file is done at once") {
        const Progress progress(0, start);
        CHECK(progress.line() == "0 of 0 (100%)");
        CHECK(progress.bar(60).find("░") == std::string::npos);
    }

    TEST_CASE("durations as people say them") {
        CHECK(cli::duration_text(seconds(0)) == "0 s");
        CHECK(cli::duration_text(seconds(59)) == "59 s");
        CHECK(cli::duration_text(seconds(60)) == "1 min 0 s");
        CHECK(cli::duration_text(seconds(3'599)) == "59 min 59 s");
        CHECK(cli::duration_text(seconds(7'800)) == "2 h 10 min");
    }
}
