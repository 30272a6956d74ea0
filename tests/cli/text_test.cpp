#include "courseselect/cli/text.hpp"

#include <doctest/doctest.h>

using namespace courseselect;

TEST_SUITE("cli/text") {
    TEST_CASE("wide characters take two columns, combining marks none") {
        CHECK(cli::display_width("") == 0);
        CHECK(cli::display_width("Alice") == 5);
        CHECK(cli::display_width("王小明") == 6);
        CHECK(cli::display_width("Ａ１") == 4);  // full width Latin
        CHECK(cli::display_width("한글") == 4);
        CHECK(cli::display_width("é") == 1);
        CHECK(cli::display_width("e\xcc\x81") == 1);  // e with a combining accent
        CHECK(cli::display_width("│─●✓") == 4);
    }

    TEST_CASE("bytes that are no UTF-8 count one each") {
        CHECK(cli::display_width("a\xff\xfe"
                                 "b") == 4);
        CHECK(cli::display_width("\xe7\x8e") == 2);  // a cut character
    }

    TEST_CASE("nothing in a text drives the terminal") {
        CHECK(cli::printable("plain 王") == "plain 王");
        CHECK(cli::printable("\x1b[31mred\n") == "\\x1b[31mred\\x0a");
        CHECK(cli::printable("\x7f") == "\\x7f");
        CHECK(cli::printable("\xc2\x9b"
                             "2J") == "\\x9b2J");  // the one-character form of ESC [
        CHECK(cli::printable("a\xff") == "a\xef\xbf\xbd");
    }

    TEST_CASE("what does not fit ends with an ellipsis, and a wide character is not halved") {
        CHECK(cli::fitting("Alice", 5) == "Alice");
        CHECK(cli::fitting("Alice", 4) == "Ali…");
        CHECK(cli::fitting("王小明", 5) == "王小…");
        CHECK(cli::fitting("王小明", 4) == "王…");
        CHECK(cli::fitting("Alice", 1) == "…");
        CHECK(cli::fitting("Alice", 0).empty());
    }
}
