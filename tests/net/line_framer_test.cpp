#include "courseselect/net/line_framer.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

using courseselect::net::LineFramer;

namespace {

/// The lines of `input`, put in pieces of `step` bytes; "!" at the end when one is too long.
std::vector<std::string> lines_of(std::string_view input, std::size_t step, std::size_t max) {
    LineFramer framer(max);
    std::vector<std::string> lines;
    for (std::size_t at = 0; at < input.size(); at += step) {
        framer.put(input.substr(at, step));
        while (const auto line = framer.next()) {
            lines.emplace_back(*line);
        }
    }
    if (framer.is_too_long()) {
        lines.emplace_back("!");
    }
    return lines;
}

}  // namespace

TEST_SUITE("net/line_framer") {
    TEST_CASE("lines are cut at LF, one CR before it is dropped, an unfinished one waits") {
        const std::vector<std::string> expected{"a", "bc", "", "d\r"};
        CHECK(lines_of("a\nbc\r\n\nd\r\r\nrest", 64, 16) == expected);
        LineFramer framer(16);
        framer.put("half");
        CHECK_FALSE(framer.next());
        CHECK(framer.held() == 4);
        framer.put(" a line\n");
        CHECK(framer.next() == "half a line");
        CHECK(framer.held() == 0);
    }

    TEST_CASE("a line of the greatest length passes, one byte more does not, ended or not") {
        const std::string longest(8, 'x');
        CHECK(lines_of(longest + "\n", 64, 8) == std::vector<std::string>{longest});
        CHECK(lines_of(longest + "\r\n", 64, 8) == std::vector<std::string>{longest});
        CHECK(lines_of(longest + "\r", 64, 8).empty());
        CHECK(lines_of(longest + "y", 64, 8) == std::vector<std::string>{"!"});
        CHECK(lines_of(longest + "y\n", 64, 8) == std::vector<std::string>{"!"});
        CHECK(lines_of(longest + "\r\r", 64, 8) == std::vector<std::string>{"!"});
    }

    TEST_CASE("lines before one that is too long are still there, nothing comes after it") {
        const std::vector<std::string> expected{"ok", "!"};
        CHECK(lines_of("ok\n123456789\nlost\n", 64, 8) == expected);
    }

    TEST_CASE("the pieces do not matter") {
        for (const std::string input : {"a\nbb\r\nccc\n\n\r\n", "12345678\r\n123456789\n",
                                        "\r\r\n12345678\rx", "12345678\r"}) {
            const auto whole = lines_of(input, 64, 8);
            for (std::size_t step = 1; step < input.size(); ++step) {
                CAPTURE(step);
                CHECK(lines_of(input, step, 8) == whole);
            }
        }
    }
}
