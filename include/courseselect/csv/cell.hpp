#pragma once
/// Cells as they are written, so that no spreadsheet runs them.

#include <string>
#include <string_view>
#include <vector>

namespace courseselect::csv {

/// Whether spreadsheets take a cell that begins like this for a formula: `= + - @`, tab, CR.
[[nodiscard]] bool looks_like_formula(std::string_view cell);
/// The cell as it is written: quoted where it has to be. One that looks like a formula gets a `'`
/// in front, so that a spreadsheet shows it and does not run it.
[[nodiscard]] std::string written_cell(std::string_view text);
/// What such a `'` was put in front of; any other text as it is.
[[nodiscard]] std::string_view without_guard(std::string_view cell);
/// Appends a row of such cells, ended by CRLF.
void append_row(std::string& out, const std::vector<std::string>& cells);

}  // namespace courseselect::csv
