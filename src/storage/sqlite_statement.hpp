#pragma once
/// One prepared SQLite statement.

#include <sqlite3.h>

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "courseselect/storage/connection.hpp"
#include "courseselect/storage/faults.hpp"

namespace courseselect::storage::sqlite {

struct FinalizeStatement {
    void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};

class SqliteStatement final : public Statement {
  public:
    /// Compiles `sql`, which must be one statement.
    [[nodiscard]] static core::Result<std::unique_ptr<SqliteStatement>> compile(
        sqlite3* handle, std::string_view sql, Faults* faults);

    core::Result<std::int64_t> run(std::span<const Value> values, RowSink* sink) override;
    /// True while a row callback of this statement is on the stack.
    [[nodiscard]] bool is_running() const { return running_; }
    /// True when it changes no table of the file.
    [[nodiscard]] bool is_read_only() const { return read_only_; }
    /// Of the rows it gives; empty for a statement without rows.
    [[nodiscard]] std::vector<std::string> column_names() const;

  private:
    SqliteStatement(sqlite3* handle, sqlite3_stmt* statement, Faults* faults)
        : handle_(handle),
          faults_(faults),
          statement_(statement),
          read_only_(sqlite3_stmt_readonly(statement) != 0) {}

    [[nodiscard]] core::Result<> bind(std::span<const Value> values);
    [[nodiscard]] core::Result<> step_all(RowSink* sink);

    sqlite3* handle_;
    Faults* faults_;
    std::unique_ptr<sqlite3_stmt, FinalizeStatement> statement_;
    bool read_only_;
    bool running_ = false;
};

}  // namespace courseselect::storage::sqlite
