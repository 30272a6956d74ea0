#pragma once
/// Comma-separated values (RFC 4180), as spreadsheets and scripts write them.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "courseselect/core/result.hpp"

namespace courseselect::core {

/// What a file may hold besides its bytes, which whoever received it has bounded.
struct CsvLimits {
    std::size_t rows_max = 10'000;  ///< without the header
    std::size_t fields_max = 64;    ///< of one row
    std::size_t field_bytes_max = 16 * 1024;
};

struct CsvRow {
    std::int64_t line = 0;  ///< on which it begins, from 1
    std::vector<std::string> fields;
};

/// A file whose first row names its columns.
struct CsvTable {
    std::vector<std::string> columns;  ///< lower case, without blanks around
    std::vector<CsvRow> rows;

    /// Where a column stands; nothing: there is none of that name.
    [[nodiscard]] std::optional<std::size_t> column(std::string_view name) const;
    /// A cell's text; empty when the column is missing, or the row ends before it.
    [[nodiscard]] std::string_view cell(const CsvRow& row, std::string_view name) const;
};

/// Reads a table. UTF-8, with or without byte order mark; lines end with CRLF or LF; quoted fields
/// may hold commas, line ends and doubled quotes; blanks around unquoted fields do not count; empty
/// lines are skipped. A row may be shorter than the header, but not longer.
/// Errors: invalid_argument `csv`; the detail names the line and what is wrong there.
[[nodiscard]] Result<CsvTable> parse_csv(std::string_view text, const CsvLimits& limits = {});

/// Appends a row, quoted where needed. What a spreadsheet would take for a formula gets a `'`
/// before it, which shows as text there; `without_guard` takes it away.
void append_csv_row(std::string& out, const std::vector<std::string>& fields);
[[nodiscard]] std::string_view without_guard(std::string_view field);

}  // namespace courseselect::core
