#include "courseselect/csv/cell.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include "courseselect/csv/table.hpp"

using namespace courseselect;

TEST_SUITE("csv/cell") {
    TEST_CASE("no spreadsheet takes a cell for a formula") {
        CHECK(csv::written_cell("plain") == "plain");
        CHECK(csv::written_cell("a,b") == "\"a,b\"");
        CHECK(csv::written_cell("say \"x\"") == "\"say \"\"x\"\"\"");
        CHECK(csv::written_cell(" blank") == "\" blank\"");
        CHECK(csv::written_cell("=1+1") == "'=1+1");
        CHECK(csv::written_cell("@SUM(A1)") == "'@SUM(A1)");
        CHECK(csv::written_cell("-bob") == "'-bob");
        CHECK(csv::written_cell("\tx") == "\"'\tx\"");
        CHECK(csv::written_cell("a=1") == "a=1");
        CHECK(csv::without_guard("'=1+1") == "=1+1");
        CHECK(csv::without_guard("'quoted'") == "'quoted'");
        CHECK(csv::without_guard("'") == "'");
    }

    TEST_CASE("what is written is read again, and is no formula to a spreadsheet") {
        const std::vector<std::string> odd{"plain", "a,b",  "say \"hi\"", "two\nlines", " blank ",
                                           "",      "=1+1", "+4912345",   "-x",         "@x"};
        std::string text = "a,b,c,d,e,f,g,h,i,j\r\n";
        csv::append_row(text, odd);
        CHECK(text.find(",=1") == std::string::npos);
        CHECK(text.find(",'=1+1,'+4912345,'-x,'@x\r\n") != std::string::npos);
        const auto table = csv::parse_table(text);
        REQUIRE(table.has_value());
        REQUIRE(table->rows.front().cells.size() == odd.size());
        for (std::size_t i = 0; i < odd.size(); ++i) {
            CHECK(csv::without_guard(table->rows.front().cells[i]) == odd[i]);
        }
    }

    TEST_CASE("what is written is read back, whatever it is") {
        CHECK(rc::check([](const std::vector<std::string>& texts) {
            std::vector<std::string> cells;
            for (const std::string& text : texts) {
                if (!text.starts_with("'")) {  // `'=` is written as it stands
                    cells.push_back(text);
                }
            }
            cells.emplace_back("end");
            std::string row = "first\n";
            csv::append_row(row, cells);
            csv::Reader reader;
            RC_ASSERT(reader.feed(row).has_value());
            RC_ASSERT(reader.finish().has_value());
            static_cast<void>(reader.take());  // "first"
            const auto read = reader.take();
            RC_ASSERT(read.has_value());
            RC_ASSERT(read->cells.size() == cells.size());
            for (std::size_t i = 0; i < cells.size(); ++i) {
                RC_ASSERT(csv::without_guard(read->cells[i]) == cells[i]);
            }
        }));
    }
}
