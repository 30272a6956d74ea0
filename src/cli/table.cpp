#include "courseselect/cli/table.hpp"

#include <algorithm>
#include <utility>

#include "courseselect/cli/text.hpp"
#include "courseselect/core/check.hpp"

namespace courseselect::cli {

Table::Table(std::vector<Column> columns) : columns_(std::move(columns)) {
    for (const Column& column : columns_) {
        widths_.push_back(display_width(column.title));
    }
}

void Table::add_row(const std::vector<std::string>& cells) {
    COURSESELECT_CHECK(cells.size() == columns_.size());
    for (std::size_t i = 0; i < cells.size(); ++i) {
        cells_.push_back(printable(cells[i]));
        widths_[i] = std::max(widths_[i], display_width(cells_.back()));
    }
}

void Table::append_rule(std::string& out, std::string_view left, std::string_view between,
                        std::string_view right) const {
    std::string_view corner = left;
    for (const std::size_t width : widths_) {
        out += corner;
        for (std::size_t i = 0; i < width + 2; ++i) {
            out += "─";
        }
        corner = between;
    }
    out += right;
    out += '\n';
}

void Table::append_cell(std::string& out, std::size_t column, std::string_view text) const {
    const std::size_t padding = widths_[column] - display_width(text);
    const bool is_right = columns_[column].align == Align::right;
    out += "│ ";
    out.append(is_right ? padding : 0, ' ');
    out += text;
    out.append(is_right ? 1 : padding + 1, ' ');
}

std::string Table::text() const {
    std::string out;
    append_rule(out, "┌", "┬", "┐");
    for (std::size_t i = 0; i < columns_.size(); ++i) {
        append_cell(out, i, columns_[i].title);
    }
    out += "│\n";
    append_rule(out, "├", "┼", "┤");
    for (std::size_t i = 0; i < cells_.size(); ++i) {
        append_cell(out, i % columns_.size(), cells_[i]);
        if ((i + 1) % columns_.size() == 0) {
            out += "│\n";
        }
    }
    append_rule(out, "└", "┴", "┘");
    return out;
}

}  // namespace courseselect::cli
