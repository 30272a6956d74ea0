#include "courseselect/core/csv.hpp"

#include <doctest/doctest.h>

using namespace courseselect;
using core::parse_csv;

namespace {

/// "a|b" for each row, with its line.
std::string read(std::string_view text, const core::CsvLimits& limits = {}) {
    const auto table = parse_csv(text, limits);
    if (!table) {
        CHECK(table.error().reason() == "csv");
        return table.error().detail();
    }
    std::string shown;
    for (const core::CsvRow& row : table->rows) {
        shown += std::to_string(row.line) + ":";
        for (const std::string& field : row.fields) {
            shown += "[" + field + "]";
        }
    }
    return shown;
}

}  // namespace

TEST_SUITE("core/csv") {
    TEST_CASE("columns are found by name, in any order and case") {
        const auto table = parse_csv("\xef\xbb\xbfName, EMAIL ,\"user name\"\r\nAnn,a@b,ann\n");
        REQUIRE(table.has_value());
        REQUIRE(table->rows.size() == 1);
        const core::CsvRow& row = table->rows.front();
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

    TEST_CASE("line ends are CRLF or LF; empty lines and short rows are fine") {
        CHECK(read("a,b\r\n1,2\r\n\r\n3\n") == "2:[1][2]4:[3]");
        CHECK(read("a,b\n,\n") == "2:[][]");
        CHECK(read("a").empty());
        const auto table = parse_csv("a,b\n1\n");
        CHECK(table->cell(table->rows.front(), "b").empty());
    }

    TEST_CASE("what is wrong is said with its line") {
        CHECK(read("") == "line 1: the file is empty; its first line names the columns");
        CHECK(read("\n\n") == "line 1: the file is empty; its first line names the columns");
        CHECK(read("a,,b\n") == "line 1: each column needs a name of its own");
        CHECK(read("a,A\n") == "line 1: each column needs a name of its own");
        CHECK(read("a\n1,2\n") == "line 2: more fields than there are columns");
        CHECK(read("a\n\"1\n2\n") == "line 2: a quote that does not end");
        CHECK(read("a\n\"1\"2\n") ==
              "line 2: something between a field and the next comma or line end");
        CHECK(read("a\n1\r2\n") ==
              "line 2: something between a field and the next comma or line end");
        CHECK(read("a\nx\"y\"\n") == "line 2: a quote within a field that is not quoted");
        CHECK(read("a\n\xff\n") == "line 1: the file is not UTF-8 text");
        CHECK(read(std::string_view("a\n\0\n", 4)) == "line 1: the file is not UTF-8 text");
    }

    TEST_CASE("rows, fields and their sizes have bounds") {
        const core::CsvLimits limits{.rows_max = 2, .fields_max = 3, .field_bytes_max = 4};
        CHECK(read("a\n1\n2\n", limits) == "2:[1]3:[2]");
        CHECK(read("a\n1\n2\n3\n", limits) == "line 4: more than 2 rows");
        CHECK(read("a,b,c\n1,2,3\n", limits) == "2:[1][2][3]");
        CHECK(read("a,b,c,d\n", limits) == "line 1: more than 3 fields");
        CHECK(read("a\n1234\n", limits) == "2:[1234]");
        CHECK(read("a\n12345\n", limits) == "line 2: a field over 4 bytes");
        CHECK(read("a\n\"12345\"\n", limits) == "line 2: a field over 4 bytes");
    }

    TEST_CASE("what is written is read again, and is no formula to a spreadsheet") {
        const std::vector<std::string> odd{"plain", "a,b",  "say \"hi\"", "two\nlines", " blank ",
                                           "",      "=1+1", "+4912345",   "-x",         "@x"};
        std::string text = "a,b,c,d,e,f,g,h,i,j\r\n";
        core::append_csv_row(text, odd);
        CHECK(text.find(",=1") == std::string::npos);
        CHECK(text.find(",'=1+1,'+4912345,'-x,'@x\r\n") != std::string::npos);
        const auto table = parse_csv(text);
        REQUIRE(table.has_value());
        REQUIRE(table->rows.front().fields.size() == odd.size());
        for (std::size_t i = 0; i < odd.size(); ++i) {
            CHECK(core::without_guard(table->rows.front().fields[i]) == odd[i]);
        }
        CHECK(core::without_guard("'quoted'") == "'quoted'");
    }
}
