#include "cells.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <set>
#include <variant>

#include "courseselect/cli/table.hpp"
#include "courseselect/core/encoding.hpp"
#include "courseselect/json/value.hpp"
#include "courseselect/json/writer.hpp"

namespace courseselect::apps {
namespace {

using storage::Cell;
using storage::CellTable;

std::string hex_of(const std::vector<std::byte>& bytes) {
    return core::hex_encode({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

bool is_number(const Cell& cell) {
    return std::holds_alternative<std::int64_t>(cell) || std::holds_alternative<double>(cell);
}

bool is_null(const Cell& cell) { return std::holds_alternative<std::monostate>(cell); }

/// A column to be drawn on the right: numbers, and nothing else but NULL.
bool is_numeric(const CellTable& table, std::size_t column) {
    return std::all_of(table.rows.begin(), table.rows.end(), [column](const auto& row) {
        return is_number(row[column]) || is_null(row[column]);
    });
}

std::string cell_json(const Cell& cell) {
    struct AsJson {
        std::string operator()(std::monostate) const { return "null"; }
        std::string operator()(std::int64_t number) const { return std::to_string(number); }
        std::string operator()(double number) const { return json::to_text(number); }
        std::string operator()(const std::string& text) const { return json::to_text(text); }
        std::string operator()(const std::vector<std::byte>& bytes) const {
            return json::to_text(hex_of(bytes));
        }
    };
    return std::visit(AsJson{}, cell);
}

std::vector<std::string> unique_names(const std::vector<std::string>& columns) {
    std::vector<std::string> names;
    std::map<std::string, int> seen;
    for (const std::string& column : columns) {
        const int times = ++seen[column];
        names.push_back(times == 1 ? column : fmt::format("{}_{}", column, times));
    }
    return names;
}

Cell cell_of(const json::Value& value) {
    if (value.is_null()) {
        return std::monostate{};
    }
    if (const auto truth = value.boolean()) {
        return std::int64_t{*truth ? 1 : 0};
    }
    if (const auto integer = value.integer()) {
        return *integer;
    }
    if (const auto number = value.number()) {
        return *number;
    }
    if (auto text = value.string()) {
        return *std::move(text);
    }
    return value.text();
}

core::Error invalid_json(std::string_view option, std::string_view why) {
    return {core::Errc::invalid_argument, "invalid_json",
            fmt::format("Invalid JSON format in {}: {}", option, why)};
}

}  // namespace

bool is_secret_column(std::string_view name) {
    std::string lower(name);
    std::transform(lower.begin(), lower.end(), lower.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    static constexpr std::string_view parts[] = {"secret", "password_hash", "hashed_password",
                                                 "passwd", "refresh_token"};
    return lower == "password" || std::any_of(std::begin(parts), std::end(parts), [&](auto part) {
               return lower.find(part) != std::string::npos;
           });
}

void mask_secrets(CellTable& table) {
    for (std::size_t column = 0; column < table.columns.size(); ++column) {
        if (!is_secret_column(table.columns[column])) {
            continue;
        }
        for (auto& row : table.rows) {
            if (!is_null(row[column])) {
                row[column] = std::string(masked);
            }
        }
    }
}

std::string cell_text(const Cell& cell) {
    struct AsText {
        std::string operator()(std::monostate) const { return "NULL"; }
        std::string operator()(std::int64_t number) const { return std::to_string(number); }
        std::string operator()(double number) const { return json::to_text(number); }
        std::string operator()(const std::string& text) const { return text; }
        std::string operator()(const std::vector<std::byte>& bytes) const { return hex_of(bytes); }
    };
    return std::visit(AsText{}, cell);
}

std::string grid(const CellTable& table) {
    std::vector<cli::Column> columns;
    for (std::size_t i = 0; i < table.columns.size(); ++i) {
        columns.push_back(
            {table.columns[i], is_numeric(table, i) ? cli::Align::right : cli::Align::left});
    }
    cli::Table drawn(std::move(columns));
    std::vector<std::string> cells;
    for (const auto& row : table.rows) {
        cells.clear();
        for (const Cell& cell : row) {
            cells.push_back(cell_text(cell));
        }
        drawn.add_row(cells);
    }
    return drawn.text();
}

std::string json_list(const CellTable& table) {
    const std::vector<std::string> names = unique_names(table.columns);
    std::string out = "[";
    for (std::size_t r = 0; r < table.rows.size(); ++r) {
        out += r == 0 ? "\n  {" : ",\n  {";
        for (std::size_t c = 0; c < names.size(); ++c) {
            out += c == 0 ? "\n    " : ",\n    ";
            json::append_string(out, names[c]);
            out += ": " + cell_json(table.rows[r][c]);
        }
        out += "\n  }";
    }
    out += table.rows.empty() ? "]\n" : "\n]\n";
    return out;
}

core::Result<NamedCells> parse_named_cells(std::string_view option, std::string_view text) {
    const auto parsed = json::Value::parse(text);
    if (!parsed) {
        return invalid_json(option, parsed.error().detail());
    }
    if (!parsed->is_object()) {
        return invalid_json(option, R"(an object is wanted, like {"name": "Ada"})");
    }
    NamedCells cells;
    std::set<std::string> seen;
    for (const auto& [name, value] : parsed->members()) {
        if (!seen.insert(name).second) {
            return invalid_json(option, fmt::format("\"{}\" is there twice", name));
        }
        cells.emplace_back(name, cell_of(value));
    }
    return cells;
}

}  // namespace courseselect::apps
