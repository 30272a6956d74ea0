#pragma once
/// Values of a database as people write and read them.

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "courseselect/core/result.hpp"
#include "courseselect/storage/file_editor.hpp"

namespace courseselect::apps {

/// Shown in the place of a secret.
inline constexpr std::string_view masked = "***";

/// Whether a column of this name holds what nobody should read over a shoulder: passwords, their
/// hashes, TOTP and other secrets, refresh tokens. Goes by the name alone, in either case.
[[nodiscard]] bool is_secret_column(std::string_view name);

/// Replaces what is in secret columns, where there is something.
void mask_secrets(storage::CellTable& table);

/// `NULL`, a number, the text as it is, a blob as hexadecimal digits.
[[nodiscard]] std::string cell_text(const storage::Cell& cell);

/// The rows drawn as a table; columns that only hold numbers are on the right.
[[nodiscard]] std::string grid(const storage::CellTable& table);

/// The rows as an indented list of objects. Names that come twice get `_2`, `_3` behind them.
[[nodiscard]] std::string json_list(const storage::CellTable& table);

/// Column and value, in the order in which they were written.
using NamedCells = std::vector<std::pair<std::string, storage::Cell>>;

/// Reads `{"column": value, ...}`: true and false become 1 and 0, lists and objects their JSON
/// text. Errors: invalid_argument; the detail begins with "Invalid JSON format" and names `option`.
[[nodiscard]] core::Result<NamedCells> parse_named_cells(std::string_view option,
                                                         std::string_view text);

}  // namespace courseselect::apps
