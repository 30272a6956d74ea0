#include "courseselect/cli/qr.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "courseselect/cli/text.hpp"

using namespace courseselect;

namespace {

std::vector<std::string> lines_of(const std::string& text) {
    std::vector<std::string> lines;
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t end = text.find('\n', at);
        lines.push_back(text.substr(at, end - at));
        at = end + 1;
    }
    return lines;
}

}  // namespace

TEST_SUITE("cli/qr") {
    TEST_CASE("a short text is a code of version 1 with its quiet zone and finder patterns") {
        const auto picture = cli::draw_qr("HELLO", false);
        REQUIRE(picture.has_value());
        const auto lines = lines_of(*picture);
        REQUIRE(lines.size() == 15);  // 21 modules and 4 at both ends, two rows a line
        for (const std::string& line : lines) {
            CHECK(cli::display_width(line) == 29);
        }
        CHECK(lines[0] == lines[1]);
        CHECK(lines[0].find_first_not_of("█") == std::string::npos);
        // ISO/IEC 18004 §6.3.3: 7 dark, then dark-5 light-dark, then dark-light-3 dark-light-dark.
        CHECK(lines[2].starts_with("████ ▄▄▄▄▄ █"));
        CHECK(lines[3].starts_with("████ █   █ █"));
        CHECK(lines[4].starts_with("████ █▄▄▄█ █"));
        CHECK(lines[5].starts_with("████▄▄▄▄▄▄▄█"));
    }

    TEST_CASE("colours set black and white on every line") {
        for (const std::string& line : lines_of(*cli::draw_qr("HELLO", true))) {
            CHECK(line.starts_with("\x1b[40;97m"));
            CHECK(line.ends_with("\x1b[0m"));
        }
    }

    TEST_CASE("the longest text fits, one byte more does not") {
        CHECK(cli::draw_qr(std::string(2'953, 'x'), false).has_value());
        const auto refused = cli::draw_qr(std::string(2'954, 'x'), false);
        REQUIRE_FALSE(refused.has_value());
        CHECK(refused.error().reason() == "qr_too_long");
    }
}
