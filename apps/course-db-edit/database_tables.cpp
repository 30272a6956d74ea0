#include "database_tables.hpp"

#include <algorithm>
#include <limits>
#include <string_view>
#include <utility>
#include <variant>

namespace courseselect::apps {
namespace {

using storage::Cell;
using storage::FileEditor;

constexpr std::size_t no_limit = std::numeric_limits<std::size_t>::max();

std::string text_of(const Cell& cell) {
    const auto* text = std::get_if<std::string>(&cell);
    return text != nullptr ? *text : std::string();
}

bool is_set(const Cell& cell) {
    const auto* number = std::get_if<std::int64_t>(&cell);
    return number != nullptr && *number != 0;
}

core::Result<TableInfo> describe_table(FileEditor& editor, std::string name) {
    const Cell wanted[] = {name};
    COURSESELECT_TRY(const auto found,
                     editor.query("SELECT name, type, \"notnull\", dflt_value, pk "
                                  "FROM pragma_table_xinfo(?) WHERE hidden <> 1 ORDER BY cid",
                                  wanted, no_limit));
    TableInfo table{std::move(name), {}};
    for (const auto& row : found.rows) {
        ColumnInfo& column = table.columns.emplace_back();
        column.name = text_of(row[0]);
        column.type = text_of(row[1]);
        column.is_nullable = !is_set(row[2]);
        if (std::holds_alternative<std::string>(row[3])) {
            column.fallback = text_of(row[3]);
        }
        column.is_key = is_set(row[4]);
    }
    return table;
}

/// `"a" = ?, "b" = ?`, with `between` and `relation` as given; appends the values.
std::string listed(const NamedCells& cells, std::string_view relation, std::string_view between,
                   std::vector<Cell>& values) {
    std::string sql;
    for (const auto& [name, cell] : cells) {
        sql.append(sql.empty() ? std::string_view() : between);
        sql.append(FileEditor::quoted(name)).append(relation).append("?");
        values.push_back(cell);
    }
    return sql;
}

std::string joined(const std::vector<std::string>& parts) {
    std::string out;
    for (const std::string& part : parts) {
        out += (out.empty() ? "" : ", ") + part;
    }
    return out;
}

}  // namespace

const ColumnInfo* TableInfo::find(std::string_view column) const {
    const auto found = std::find_if(columns.begin(), columns.end(),
                                    [&](const ColumnInfo& info) { return info.name == column; });
    return found == columns.end() ? nullptr : &*found;
}

core::Result<> TableInfo::check_columns(const NamedCells& cells) const {
    for (const auto& [column, cell] : cells) {
        if (find(column) == nullptr) {
            return core::Error(core::Errc::not_found, "column_not_found",
                               "Column not found: " + column);
        }
    }
    return {};
}

core::Result<std::vector<TableInfo>> list_tables(FileEditor& editor) {
    COURSESELECT_TRY(const auto names,
                     editor.query("SELECT name FROM pragma_table_list WHERE schema = 'main' AND "
                                  "type IN ('table', 'virtual') AND substr(name, 1, 7) <> 'sqlite_'"
                                  " ORDER BY name",
                                  {}, no_limit));
    std::vector<TableInfo> tables;
    for (const auto& row : names.rows) {
        COURSESELECT_TRY(tables.emplace_back(), describe_table(editor, text_of(row[0])));
    }
    return tables;
}

core::Result<TableInfo> find_table(FileEditor& editor, const std::string& name) {
    const Cell wanted[] = {name};
    COURSESELECT_TRY(
        const auto found,
        editor.query("SELECT 1 FROM pragma_table_list WHERE schema = 'main' AND name = ?", wanted,
                     1));
    if (found.rows.empty()) {
        return core::Error(core::Errc::not_found, "table_not_found", "Table not found: " + name);
    }
    return describe_table(editor, name);
}

core::Result<std::int64_t> count_rows(FileEditor& editor, const TableInfo& table) {
    COURSESELECT_TRY(const auto counted,
                     editor.query("SELECT count(*) FROM " + FileEditor::quoted(table.name), {}, 1));
    return std::get<std::int64_t>(counted.rows.at(0).at(0));
}

core::Result<storage::CellTable> read_rows(FileEditor& editor, const TableInfo& table,
                                           std::size_t limit) {
    std::vector<std::string> names;
    for (const ColumnInfo& column : table.columns) {
        names.push_back(FileEditor::quoted(column.name));
    }
    return editor.query("SELECT " + joined(names) + " FROM " + FileEditor::quoted(table.name), {},
                        limit);
}

core::Result<std::string> insert_row(FileEditor& editor, const TableInfo& table,
                                     const NamedCells& values) {
    std::vector<std::string> names;
    std::vector<std::string> places;
    std::vector<Cell> cells;
    for (const auto& [name, cell] : values) {
        names.push_back(FileEditor::quoted(name));
        places.emplace_back("?");
        cells.push_back(cell);
    }
    std::vector<std::string> keys;
    for (const ColumnInfo& column : table.columns) {
        if (column.is_key) {
            keys.push_back(FileEditor::quoted(column.name));
        }
    }
    COURSESELECT_TRY(
        const auto made,
        editor.query("INSERT INTO " + FileEditor::quoted(table.name) + " (" + joined(names) +
                         ") VALUES (" + joined(places) + ") RETURNING " +
                         (keys.empty() ? std::string("rowid") : joined(keys)),
                     cells, no_limit));
    std::vector<std::string> key;
    for (const Cell& cell : made.rows.at(0)) {
        key.push_back(cell_text(cell));
    }
    return joined(key);
}

core::Result<std::int64_t> update_rows(FileEditor& editor, const TableInfo& table,
                                       const NamedCells& where, const NamedCells& values) {
    std::vector<Cell> cells;
    std::string sql = "UPDATE " + FileEditor::quoted(table.name) + " SET ";
    sql += listed(values, " = ", ", ", cells);
    sql += " WHERE " + listed(where, " IS ", " AND ", cells);
    return editor.execute(sql, cells);
}

core::Result<std::int64_t> delete_rows(FileEditor& editor, const TableInfo& table,
                                       const NamedCells& where) {
    std::vector<Cell> cells;
    std::string sql = "DELETE FROM " + FileEditor::quoted(table.name) + " WHERE ";
    sql += listed(where, " IS ", " AND ", cells);
    return editor.execute(sql, cells);
}

}  // namespace courseselect::apps
