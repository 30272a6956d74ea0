#include "courseselect/cli/csv.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <fstream>

#include "support/temp_dir.hpp"

using namespace courseselect;
using Cells = std::vector<std::string>;

namespace {

struct Read {
    std::vector<Cells> rows;
    std::vector<std::int64_t> lines;
    std::string error;
    std::string digest;
};

Read read_file(const std::string& path, cli::CsvLimits limits = {}) {
    Read read;
    auto reader = cli::CsvReader::open(path, limits);
    if (!reader) {
        return {.rows = {}, .lines = {}, .error = reader.error().detail(), .digest = {}};
    }
    while (true) {
        auto row = reader->next();
        if (!row) {
            read.error = row.error().detail();
            break;
        }
        if (!*row) {
            break;
        }
        read.lines.push_back((*row)->line);
        read.rows.push_back(std::move((*row)->cells));
    }
    read.digest = reader->digest();
    return read;
}

Read read_text(const std::string& text, cli::CsvLimits limits = {}) {
    const test::TempDir dir;
    std::ofstream(dir.file("a.csv"), std::ios::binary) << text;
    return read_file(dir.file("a.csv"), limits);
}

bool says(const Read& read, std::string_view words) {
    return read.error.find(words) != std::string::npos;
}

}  // namespace

TEST_SUITE("cli/csv") {
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
        const cli::CsvLimits limits{.cell_bytes_max = 100, .cells_max = 3};
        CHECK(read_text(longest + "\n", limits).rows[0][0] == longest);
        CHECK(says(read_text(longest + "x\n", limits), "too long"));
        CHECK(read_text("a,b,c\n", limits).rows[0].size() == 3);
        CHECK(says(read_text("a,b,c,d\n", limits), "too long"));
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

    TEST_CASE("a file that is not there is named") {
        CHECK(read_file("/nonexistent/a.csv").error ==
              "Cannot read /nonexistent/a.csv: No such file or directory");
    }

    TEST_CASE("the digest depends on every byte") {
        const std::string text = "a,b\n1,2\n";
        CHECK(read_text(text).digest == read_text(text).digest);
        CHECK(read_text(text).digest.size() == 64);
        CHECK(read_text(text).digest != read_text("a,b\n1,3\n").digest);
        CHECK(read_text(text).digest != read_text(text + "\n").digest);
    }

    TEST_CASE("no spreadsheet takes a cell for a formula") {
        CHECK(cli::csv_cell("plain") == "plain");
        CHECK(cli::csv_cell("a,b") == "\"a,b\"");
        CHECK(cli::csv_cell("say \"x\"") == "\"say \"\"x\"\"\"");
        CHECK(cli::csv_cell(" blank") == "\" blank\"");
        CHECK(cli::csv_cell("=1+1") == "'=1+1");
        CHECK(cli::csv_cell("@SUM(A1)") == "'@SUM(A1)");
        CHECK(cli::csv_cell("-bob") == "'-bob");
        CHECK(cli::csv_cell("\tx") == "\"'\tx\"");
        CHECK(cli::csv_cell("a=1") == "a=1");
        CHECK(cli::without_formula_guard("'=1+1") == "=1+1");
        CHECK(cli::without_formula_guard("'quoted'") == "'quoted'");
        CHECK(cli::without_formula_guard("'") == "'");
    }

    TEST_CASE("what is written is read back, whatever it is") {
        CHECK(rc::check([](const std::vector<std::string>& texts) {
            Cells cells;
            for (const std::string& text : texts) {
                // NUL and lone CR inside are no matter of CSV; `'=` is written as it stands.
                if (text.find_first_of(std::string("\0\r", 2)) == std::string::npos &&
                    !text.starts_with("'")) {
                    cells.push_back(text);
                }
            }
            cells.emplace_back("end");
            std::string line;
            for (const std::string& cell : cells) {
                line += cli::csv_cell(cell) + ",";
            }
            line.back() = '\n';
            const bool has_mark = line.starts_with("\xef\xbb\xbf");
            const Read read = read_text("first\n" + line);
            RC_PRE(!has_mark);
            RC_ASSERT(read.error.empty());
            RC_ASSERT(read.rows.size() == 2U);
            for (std::size_t i = 0; i < cells.size(); ++i) {
                RC_ASSERT(cli::without_formula_guard(read.rows[1][i]) == cells[i]);
            }
        }));
    }
}
