#pragma once
/// CSV texts that are held as a whole: what clients upload.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "courseselect/core/result.hpp"
#include "courseselect/csv/reader.hpp"

namespace courseselect::csv {

/// What a text may hold besides its bytes, which whoever received it has bounded.
struct TableLimits {
    std::size_t rows_max = 10'000;  ///< without the header
    Limits row{.cell_bytes_max = 16 * 1024, .cells_max = 64};
};

/// A text whose first row names its columns.
struct Table {
    std::vector<std::string> columns;  ///< lower case, without blanks around
    std::vector<Row> rows;

    /// Where a column stands; nothing: there is none of that name.
    [[nodiscard]] std::optional<std::size_t> column(std::string_view name) const;
    /// A cell's text; empty when the column is missing, or the row ends before it.
    [[nodiscard]] std::string_view cell(const Row& row, std::string_view name) const;
};

/// A row may be shorter than the header, but not longer; each column has a name of its own.
/// Errors: those of `Reader`; the same for what is not UTF-8, a NUL, and no header.
[[nodiscard]] core::Result<Table> parse_table(std::string_view text,
                                              const TableLimits& limits = {});

/// The cells of the only row of a text; none: it is empty. Errors: those of `Reader`; the same for
/// a second row.
[[nodiscard]] core::Result<std::vector<std::string>> parse_row(std::string_view text,
                                                               const Limits& limits = {});

}  // namespace courseselect::csv
