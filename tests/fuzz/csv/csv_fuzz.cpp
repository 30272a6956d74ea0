// Any bytes as a table: no crash, bounds hold, every fault names a line, the pieces a text comes in
// do not matter, and what was read is written and read again as it is. The entry point is
// libFuzzer's; ../replay_test.cpp runs the corpus through it.

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "courseselect/csv/cell.hpp"
#include "courseselect/csv/table.hpp"

using namespace courseselect;

namespace {

constexpr csv::Limits fuzz_limits{.cell_bytes_max = 64, .cells_max = 8};

struct Outcome {
    std::vector<csv::Row> rows;
    std::string fault;
};

Outcome read_in_pieces(std::string_view text, std::size_t piece) {
    csv::Reader reader(fuzz_limits);
    core::Result<> done;
    for (std::size_t at = 0; at < text.size() && done; at += piece) {
        done = reader.feed(text.substr(at, piece));
    }
    if (done) {
        done = reader.finish();
    }
    Outcome outcome;
    while (auto row = reader.take()) {
        outcome.rows.push_back(*std::move(row));
    }
    if (!done) {
        outcome.fault = done.error().detail();
        if (!outcome.fault.starts_with("line ")) {
            std::abort();
        }
    }
    return outcome;
}

void require(bool holds) {
    if (!holds) {
        std::abort();
    }
}

void check_rows(const std::vector<csv::Row>& rows) {
    std::int64_t line = 0;
    for (const csv::Row& row : rows) {
        require(row.line >= line && !row.cells.empty() &&
                row.cells.size() <= fuzz_limits.cells_max);
        line = row.line;
        std::string written = "first,";  // so that no cell begins like a byte order mark
        csv::append_row(written, row.cells);
        auto again = csv::parse_row(written, {.cell_bytes_max = 256, .cells_max = 9});
        require(again.has_value() && again->size() == row.cells.size() + 1);
        again->erase(again->begin());
        for (std::size_t i = 0; i < row.cells.size(); ++i) {
            require(row.cells[i].size() <= fuzz_limits.cell_bytes_max);
            // `'=` is written as it stands, and loses its `'` when it is read.
            require(again->at(i) == row.cells[i] ||
                    csv::without_guard(again->at(i)) == row.cells[i]);
        }
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const Outcome whole = read_in_pieces(text, text.size() + 1);
    check_rows(whole.rows);
    const Outcome pieces = read_in_pieces(text, 7);
    if (whole.fault.empty()) {
        require(pieces.fault.empty() && pieces.rows.size() == whole.rows.size());
    }
    const auto table = csv::parse_table(text, {.rows_max = 100, .row = fuzz_limits});
    require(table.has_value() || !table.error().detail().empty());
    return 0;
}
