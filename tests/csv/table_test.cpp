#include "courseselect/csv/table.hpp"

#include <doctest/doctest.h>

using namespace courseselect;
using csv::parse_table;

namespace {

/// "a|b" for each row, with its line.
std::string read(std::string_view text, const csv::TableLimits& limits = {}) {
    const auto table = parse_table(text, limits);
    if (!table) {
        CHECK(table.error().reason() == "csv");
        return table.error().detail();
    }
    std::string shown;
    for (const csv::Row& row : table->rows) {
        shown += std::to_string(row.line) + ":";
        for (const std::string& cell : row.cells) {
            shown += "[" + cell + "]";
        }
    }
    return shown;
}

}  // namespace

TEST_SUITE("csv/table") {
    TEST_CASE("columns are found by name, in any order and case") {
        const auto table = parse_table("\xef\xbb\xbfName, EMAIL ,\"user name\"\r\nAnn,a@b,ann\n");
        REQUIRE(table.has_value());
        REQUIRE(table->rows.size() == 1);
        const csv::Row& row = table->rows.front();
        CHECK(table->cell(row, "name") == "Ann");
        CHECK(table->cell(row, "email") == "a@b");
        CHECK(table->cell(row, "user name") == "ann");
        CHECK(table->cell(row, "other").empty());
        CHECK(table->column("email") == 1);
        CHECK_FALSE(table->column("other").has_value());
    }

    TEST_CASE("quoted fields hold commas, quotes and line ends; lines are counted") {
        CHECK(read("a,b\n\"x,\"\"y\"\"\n z\" , 1 \n2,3") == "2:[x,\"y\"\n z][1]4:[2][3]");
        CHECK(read("a\n\"\"\n\" x \"\n") == "3:[ x ]");
    }

    TEST_CASE("line ends are CRLF, LF or CR; empty lines and short rows are fine") {
        CHECK(read("a,b\r\n1,2\r\n\r\n3\n") == "2:[1][2]4:[3]");
        CHECK(read("a,b\n,\n") == "2:[][]");
        CHECK(read("a\n1\r2\n") == "2:[1]3:[2]");
        CHECK(read("a").empty());
        const auto table = parse_table("a,b\n1\n");
        CHECK(table->cell(table->rows.front(), "b").empty());
    }

    TEST_CASE("what is wrong is said with its line") {
        CHECK(read("") == "line 1: the file is empty; its first line names the columns");
        CHECK(read("\n\n") == "line 1: the file is empty; its first line names the columns");
        CHECK(read("a,,b\n") == "line 1: each column needs a name of its own");
        CHECK(read("a,A\n") == "line 1: each column needs a name of its own");
        CHECK(read("a\n1,2\n") == "line 2: more fields than there are columns");
        CHECK(read("a\n\"1\n2\n") == "line 2: the file ends inside a quoted cell");
        const std::string stray =
            "line 2: a quote stands where none may; put the cell in quotes and double those inside";
        CHECK(read("a\n\"1\"2\n") == stray);
        CHECK(read("a\nx\"y\"\n") == stray);
        CHECK(read("a\n\xff\n") == "line 1: the file is not UTF-8 text");
        CHECK(read(std::string_view("a\n\0\n", 4)) == "line 1: the file is not UTF-8 text");
    }

    TEST_CASE("rows, fields and their sizes have bounds") {
        const csv::TableLimits limits{.rows_max = 2, .row = {.cell_bytes_max = 4, .cells_max = 3}};
        CHECK(read("a\n1\n2\n", limits) == "2:[1]3:[2]");
        CHECK(read("a\n1\n2\n3\n", limits) == "line 4: more than 2 rows");
        CHECK(read("a,b,c\n1,2,3\n", limits) == "2:[1][2][3]");
        CHECK(read("a,b,c,d\n", limits) == "line 1: more than 3 cells are too many");
        CHECK(read("a\n1234\n", limits) == "2:[1234]");
        const std::string long_cell =
            "line 2: a cell over 4 bytes is too long; is a closing quote missing?";
        CHECK(read("a\n12345\n", limits) == long_cell);
        CHECK(read("a\n\"12345\"\n", limits) == long_cell);
    }

    TEST_CASE("one row alone") {
        CHECK(*csv::parse_row(" ann ,\"x, y\",z") == std::vector<std::string>{"ann", "x, y", "z"});
        CHECK(csv::parse_row("")->empty());
        CHECK(csv::parse_row("a\nb").error().detail() == "line 2: there is a second row");
        CHECK(csv::parse_row("a\"").error().reason() == "csv");
    }
}
