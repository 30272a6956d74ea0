#include "courseselect/csv/table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "courseselect/core/encoding.hpp"

namespace courseselect::csv {
namespace {

core::Error table_fault(std::int64_t line, std::string_view what) {
    return {core::Errc::invalid_argument, "csv", fmt::format("line {}: {}", line, what)};
}

core::Result<std::vector<std::string>> read_columns(Row header) {
    std::vector<std::string> columns;
    for (std::string& name : header.cells) {
        std::transform(name.begin(), name.end(), name.begin(), [](char c) {
            return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
        });
        if (name.empty() || std::find(columns.begin(), columns.end(), name) != columns.end()) {
            return table_fault(header.line, "each column needs a name of its own");
        }
        columns.push_back(std::move(name));
    }
    return columns;
}

/// A reader that has read all of it.
core::Result<Reader> read_all(std::string_view text, const Limits& limits) {
    Reader reader(limits);
    COURSESELECT_TRY_OK(reader.feed(text));
    COURSESELECT_TRY_OK(reader.finish());
    return reader;
}

}  // namespace

std::optional<std::size_t> Table::column(std::string_view name) const {
    const auto found = std::find(columns.begin(), columns.end(), name);
    return found == columns.end()
               ? std::nullopt
               : std::optional(static_cast<std::size_t>(std::distance(columns.begin(), found)));
}

std::string_view Table::cell(const Row& row, std::string_view name) const {
    const auto at = column(name);
    return at && *at < row.cells.size() ? std::string_view(row.cells[*at]) : std::string_view();
}

core::Result<Table> parse_table(std::string_view text, const TableLimits& limits) {
    if (!core::is_valid_utf8(text) || text.find('\0') != std::string_view::npos) {
        return table_fault(1, "the file is not UTF-8 text");
    }
    COURSESELECT_TRY(auto reader, read_all(text, limits.row));
    auto header = reader.take();
    if (!header) {
        return table_fault(1, "the file is empty; its first line names the columns");
    }
    Table table;
    COURSESELECT_TRY(table.columns, read_columns(*std::move(header)));
    while (auto row = reader.take()) {
        if (row->cells.size() > table.columns.size()) {
            return table_fault(row->line, "more fields than there are columns");
        }
        if (table.rows.size() == limits.rows_max) {
            return table_fault(row->line, fmt::format("more than {} rows", limits.rows_max));
        }
        table.rows.push_back(*std::move(row));
    }
    return table;
}

core::Result<std::vector<std::string>> parse_row(std::string_view text, const Limits& limits) {
    COURSESELECT_TRY(auto reader, read_all(text, limits));
    auto row = reader.take();
    if (const auto second = reader.take()) {
        return table_fault(second->line, "there is a second row");
    }
    return row ? std::move(row->cells) : std::vector<std::string>();
}

}  // namespace courseselect::csv
