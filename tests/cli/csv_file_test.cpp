#include "courseselect/cli/csv_file.hpp"

#include <doctest/doctest.h>

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

Read read_file(const std::string& path, csv::Limits limits = {}) {
    Read read;
    auto reader = cli::CsvFile::open(path, limits);
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

Read read_text(const std::string& text, csv::Limits limits = {}) {
    const test::TempDir dir;
    std::ofstream(dir.file("a.csv"), std::ios::binary) << text;
    return read_file(dir.file("a.csv"), limits);
}

bool says(const Read& read, std::string_view words) {
    return read.error.find(words) != std::string::npos;
}

}  // namespace

TEST_SUITE("cli/csv_file") {
    TEST_CASE("what is wrong is told with the file and its line") {
        const Read bad = read_text("a\nb \"c\" d\n");
        CHECK(says(bad, "a.csv, line 2: a quote stands where none may"));
        CHECK(bad.rows == std::vector<Cells>{{"a"}});
        CHECK(says(read_text("a\n\"b\nc"), "a.csv, line 2: the file ends inside a quoted cell"));
        CHECK(says(read_text("a,b\n", {.cells_max = 1}), "line 1: more than 1 cells"));
        CHECK(read_text("").rows.empty());
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
}
