#pragma once
/// `FileEditor`: a database file for a tool that does not know its tables.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "courseselect/core/result.hpp"

namespace courseselect::storage {

/// A value of a type that only the file knows; bytes of a blob, in this order of SQLite's types.
using Cell =
    std::variant<std::monostate, std::int64_t, double, std::string, std::vector<std::byte>>;

/// What a query gave, with the names of its columns.
struct CellTable {
    std::vector<std::string> columns;
    std::vector<std::vector<Cell>> rows;
    bool is_cut = false;  ///< there were more rows than were asked for
};

/// Reads and changes any SQLite file, ours or another program's, by SQL made at run time. For tools
/// in a person's hand; a program that knows its tables uses `Database`.
///
/// Errors of all calls: those of `Connection`; SQL that is wrong is internal `database_misuse`.
/// Thread-safety: one thread at a time.
class FileEditor {
  public:
    enum class Access : std::uint8_t {
        read_only,   ///< takes no lock: also beside the service that owns the file
        read_write,  ///< owns the file like a service does, so none can run on it meanwhile
    };

    /// Opens a file that exists. Errors: not_found `database_absent`; failed_precondition
    /// `database_locked` (a service runs on it; the detail names its pid); data_corrupt (no
    /// database).
    [[nodiscard]] static core::Result<std::unique_ptr<FileEditor>> open(const std::string& path,
                                                                        Access access);
    FileEditor(const FileEditor&) = delete;
    FileEditor& operator=(const FileEditor&) = delete;
    ~FileEditor();

    /// A name as SQL writes it: in quotes, whatever is in it.
    [[nodiscard]] static std::string quoted(std::string_view name);

    /// Runs one statement made by the program and keeps the first `rows_max` rows.
    [[nodiscard]] core::Result<CellTable> query(std::string_view sql, std::span<const Cell> values,
                                                std::size_t rows_max);

    /// Runs one statement typed by a person, which may only read tables. Columns for which
    /// `is_hidden` is true read as NULL, wherever in the statement they stand, so that no
    /// expression can show them. Errors: permission_denied `not_a_query` for anything that is no
    /// SELECT.
    [[nodiscard]] core::Result<CellTable> query_typed(
        std::string_view sql, std::size_t rows_max,
        const std::function<bool(std::string_view)>& is_hidden);

    /// Runs one statement that changes rows, in a transaction; returns how many.
    [[nodiscard]] core::Result<std::int64_t> execute(std::string_view sql,
                                                     std::span<const Cell> values);

  private:
    struct State;
    explicit FileEditor(std::unique_ptr<State> state);

    std::unique_ptr<State> state_;
};

}  // namespace courseselect::storage
