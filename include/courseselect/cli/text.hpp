#pragma once
/// Text as a terminal shows it.

#include <cstddef>
#include <string>
#include <string_view>

namespace courseselect::cli {

/// Columns that UTF-8 text takes: two for each wide character (CJK, most emoji), none for combining
/// marks. Each byte that is no UTF-8 counts one.
/// Source: Unicode East Asian Width, as utf8proc has it.
[[nodiscard]] std::size_t display_width(std::string_view text);

/// The text in one line that cannot drive the terminal: control characters become `\x1b` and the
/// like, bytes that are no UTF-8 become U+FFFD.
[[nodiscard]] std::string printable(std::string_view text);

/// The first characters that fit into `columns`; with `…` as the last one when some were left out.
[[nodiscard]] std::string fitting(std::string_view text, std::size_t columns);

}  // namespace courseselect::cli
