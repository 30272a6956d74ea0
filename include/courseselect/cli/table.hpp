#pragma once
/// Tables drawn with lines (contract/cli §1.3).

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace courseselect::cli {

enum class Align : std::uint8_t { left, right };

struct Column {
    std::string title;
    Align align = Align::left;
};

/// Rows under a header, with a border and a rule below the header. Columns are as wide as their
/// widest cell on the screen, so all rows are kept until the end.
///
///     ┌────┬──────────┐
///     │ ID │ Username │
///     ├────┼──────────┤
///     │  1 │ alice    │
///     └────┴──────────┘
class Table {
  public:
    explicit Table(std::vector<Column> columns);

    /// One cell a column; cells are made `printable`.
    void add_row(const std::vector<std::string>& cells);
    [[nodiscard]] std::size_t rows() const { return cells_.size() / columns_.size(); }

    /// The whole table; every line ends with a newline.
    [[nodiscard]] std::string text() const;

  private:
    void append_rule(std::string& out, std::string_view left, std::string_view between,
                     std::string_view right) const;
    void append_cell(std::string& out, std::size_t column, std::string_view text) const;

    std::vector<Column> columns_;
    std::vector<std::size_t> widths_;
    std::vector<std::string> cells_;  ///< row after row
};

}  // namespace courseselect::cli
