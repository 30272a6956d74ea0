#include "courseselect/csv/reader.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <string>
#include <vector>

using namespace courseselect;
using Cells = std::vector<std::string>;

namespace {

struct Read {
    std::vector<Cells> rows;
    std::vector<std::int64_t> lines;
    std::string error;
};

/// All rows of a text that comes in pieces of this size.
Read read_text(std::string_view text, csv::Limits limits = {}, std::size_t piece = 1'000'000) {
    Read read;
    csv::Reader reader(limits);
    core::Result<> outcome;
    for (std::size_t at = 0; at < text.size() && outcome; at += piece) {
        outcome = reader.feed(text.substr(at, piece));
    }
    if (outcome) {
        outcome = reader.finish();
    }
    if (!outcome) {
        CHECK(outcome.error().reason() == "csv");
        read.error = outcome.error().detail();
    }
    while (auto row = reader.take()) {
        read.lines.push_back(row->line);
        read.rows.push_back(std::move(row->cells));
    }
    return read;
}

bool says(const Read& read, std::string_view words) {
    return read.error.find(words) != std::string::npos;
}

}  // namespace

TEST_SUITE("csv/reader") {
    TEST_CASE("rows with quotes, commas, line ends and blanks") {
        const Read read = read_text("a,b\n\"x, \"\"y\"\"\",  z \n\"two\nlines\",\n");
        CHECK(read.error.empty());
        CHECK(read.rows == std::vector<Cells>{{"a", "b"}, {"x, \"y\"", "z"}, {"two\nlines", ""}});
        CHECK(read.lines == std::vector<std::int64_t>{1, 2, 3});
    }

    TEST_CASE("lines are counted over blank ones, quoted ends, CRLF and lone CR") {
        CHECK(read_text("a\r\n\r\nb\r\n").lines == std::vector<std::int64_t>{1, 3});
        CHECK(read_text("\"1\n2\"\nb\n\n\nc").lines == std::vector<std::int64_t>{1, 3, 6});
        CHECK(read_text("a\rb\rc").lines == std::vector<std::int64_t>{1, 2, 3});
    }

    TEST_CASE("a byte order mark is no part of the first cell") {
        CHECK(read_text("\xef\xbb\xbfusername\n").rows == std::vector<Cells>{{"username"}});
        CHECK(read_text("a\n\xef\xbb\xbf"
                        "b")
                  .rows[1][0]
                  .size() == 4);
    }

    TEST_CASE("an empty file has no rows") {
        CHECK(read_text("").rows.empty());
        CHECK(read_text("\n\r\n").rows.empty());
        CHECK(read_text("").error.empty());
    }

    TEST_CASE("stray quotes are told with their line") {
        CHECK(says(read_text("a\nb \"c\" d\n"), "line 2: a quote stands where none may"));
        CHECK(says(read_text("a\n\"b\"c\n"), "line 2: a quote stands where none may"));
        CHECK(says(read_text("a\n\"b\nc"), "the file ends inside a quoted cell"));
    }

    TEST_CASE("a cell may be as long as its limit, and no longer") {
        const std::string longest(100, 'x');
        const csv::Limits limits{.cell_bytes_max = 100, .cells_max = 3};
        CHECK(read_text(longest + "\n", limits).rows[0][0] == longest);
        CHECK(says(read_text(longest + "x\n", limits), "too long"));
        CHECK(read_text("a,b,c\n", limits).rows[0].size() == 3);
        CHECK(says(read_text("a,b,c,d\n", limits), "more than 3 cells"));
        // A quote that is never closed must not swallow a whole file.
        const Read open = read_text("\"" + std::string(1'000'000, 'x'), limits);
        CHECK(says(open, "too long"));
    }

    TEST_CASE("rows go on over the blocks they are read in") {
        std::string text;
        for (int i = 0; i < 20'000; ++i) {
            text += std::to_string(i) + ",\"name, " + std::to_string(i) + "\"\n";
        }
        const Read read = read_text(text);
        REQUIRE(read.rows.size() == 20'000);
        CHECK(read.rows[19'999] == Cells{"19999", "name, 19999"});
        CHECK(read.lines[19'999] == 20'000);
    }

    TEST_CASE("the pieces in which a text comes do not matter") {
        CHECK(rc::check([](const std::string& text) {
            const auto size = *rc::gen::inRange<std::size_t>(3, 9);
            RC_PRE(text.size() > 2U);
            const Read whole = read_text(text);
            const Read pieces = read_text(text, {}, size);
            RC_ASSERT(whole.rows == pieces.rows);
            RC_ASSERT(whole.lines == pieces.lines);
            RC_ASSERT(whole.error == pieces.error);
        }));
    }
}
