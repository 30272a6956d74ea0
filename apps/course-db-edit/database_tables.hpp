#pragma once
/// Which tables a database has, and the statements that read and change them.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cells.hpp"
#include "courseselect/core/result.hpp"
#include "courseselect/storage/file_editor.hpp"

namespace courseselect::apps {

struct ColumnInfo {
    std::string name;
    std::string type;
    bool is_nullable = true;
    std::optional<std::string> fallback;  ///< the default as SQL writes it
    bool is_key = false;                  ///< a part of the primary key
};

struct TableInfo {
    std::string name;
    std::vector<ColumnInfo> columns;

    /// Null when there is none of exactly this name.
    [[nodiscard]] const ColumnInfo* find(std::string_view column) const;
    /// Errors: not_found "Column not found: C" for the first one that the table lacks.
    [[nodiscard]] core::Result<> check_columns(const NamedCells& cells) const;
};

/// All tables by name, without those that SQLite keeps for itself.
[[nodiscard]] core::Result<std::vector<TableInfo>> list_tables(storage::FileEditor& editor);

/// A table or view. Errors: not_found "Table not found: T".
[[nodiscard]] core::Result<TableInfo> find_table(storage::FileEditor& editor,
                                                 const std::string& name);

[[nodiscard]] core::Result<std::int64_t> count_rows(storage::FileEditor& editor,
                                                    const TableInfo& table);
[[nodiscard]] core::Result<storage::CellTable> read_rows(storage::FileEditor& editor,
                                                         const TableInfo& table, std::size_t limit);

/// Returns the key of the new row as text: its primary key, or else its row number.
[[nodiscard]] core::Result<std::string> insert_row(storage::FileEditor& editor,
                                                   const TableInfo& table,
                                                   const NamedCells& values);
/// Both return how many rows matched all of `where`; NULL equals NULL.
[[nodiscard]] core::Result<std::int64_t> update_rows(storage::FileEditor& editor,
                                                     const TableInfo& table,
                                                     const NamedCells& where,
                                                     const NamedCells& values);
[[nodiscard]] core::Result<std::int64_t> delete_rows(storage::FileEditor& editor,
                                                     const TableInfo& table,
                                                     const NamedCells& where);

}  // namespace courseselect::apps
