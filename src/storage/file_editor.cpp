#include "courseselect/storage/file_editor.hpp"

#include <filesystem>
#include <optional>
#include <utility>

#include "file_lock.hpp"
#include "sqlite_connection.hpp"
#include "sqlite_error.hpp"

namespace courseselect::storage {

namespace {

Value value_of(const Cell& cell) {
    struct AsValue {
        Value operator()(std::monostate) const { return nullptr; }
        Value operator()(std::int64_t number) const { return number; }
        Value operator()(double number) const { return number; }
        Value operator()(const std::string& text) const { return std::string_view(text); }
        Value operator()(const std::vector<std::byte>& bytes) const { return Blob(bytes); }
    };
    return std::visit(AsValue{}, cell);
}

Cell cell_of(const Row& row, int column) {
    switch (row.type(column)) {
        case ValueType::integer: return row.get<std::int64_t>(column);
        case ValueType::real: return row.get<double>(column);
        case ValueType::text: return row.get<std::string>(column);
        case ValueType::blob: return row.get<std::vector<std::byte>>(column);
        case ValueType::null: break;
    }
    return {};
}

core::Result<CellTable> rows_of(sqlite::SqliteStatement& statement, std::span<const Cell> cells,
                                std::size_t rows_max) {
    CellTable table;
    table.columns = statement.column_names();
    const auto keep = [&](const Row& row) {
        if (table.rows.size() == rows_max) {
            table.is_cut = true;
            return false;
        }
        std::vector<Cell>& kept = table.rows.emplace_back();
        for (int column = 0; column < row.columns(); ++column) {
            kept.push_back(cell_of(row, column));
        }
        return true;
    };
    std::vector<Value> values;
    for (const Cell& cell : cells) {
        values.push_back(value_of(cell));
    }
    detail::SinkOf<const decltype(keep)> sink(keep);
    COURSESELECT_TRY_OK(statement.run(values, &sink));
    return table;
}

core::Error not_a_query() {
    return {core::Errc::permission_denied, "not_a_query",
            "Only SELECT queries are allowed for safety"};
}

/// Lets a statement read tables and call functions, and nothing else, as long as it lives.
class ReadingOnly {
  public:
    ReadingOnly(sqlite3* handle, const std::function<bool(std::string_view)>& is_hidden)
        : handle_(handle), is_hidden_(is_hidden) {
        sqlite3_set_authorizer(handle_, &ReadingOnly::authorize, this);
    }
    ReadingOnly(const ReadingOnly&) = delete;
    ReadingOnly& operator=(const ReadingOnly&) = delete;
    ~ReadingOnly() { sqlite3_set_authorizer(handle_, nullptr, nullptr); }

    [[nodiscard]] bool has_refused() const { return has_refused_; }

  private:
    static int authorize(void* self, int action, const char*, const char* column, const char*,
                         const char*) {
        auto& guard = *static_cast<ReadingOnly*>(self);
        switch (action) {
            case SQLITE_READ: return guard.is_hidden_(column) ? SQLITE_IGNORE : SQLITE_OK;
            case SQLITE_SELECT:
            case SQLITE_FUNCTION:
            case SQLITE_RECURSIVE: return SQLITE_OK;
            default: guard.has_refused_ = true; return SQLITE_DENY;
        }
    }

    sqlite3* handle_;
    const std::function<bool(std::string_view)>& is_hidden_;
    bool has_refused_ = false;
};

}  // namespace

struct FileEditor::State {
    std::unique_ptr<FileLock> lock;  ///< released last
    std::unique_ptr<sqlite::SqliteConnection> connection;
};

FileEditor::FileEditor(std::unique_ptr<State> state) : state_(std::move(state)) {}
FileEditor::~FileEditor() = default;

core::Result<std::unique_ptr<FileEditor>> FileEditor::open(const std::string& path, Access access) {
    std::error_code absent;
    if (!std::filesystem::is_regular_file(path, absent)) {
        return core::Error(core::Errc::not_found, "database_absent", "Database not found: " + path);
    }
    auto state = std::make_unique<State>();
    const bool writes = access == Access::read_write;
    if (writes) {
        COURSESELECT_TRY(state->lock, FileLock::take(path + ".lock"));
    }
    const auto as = writes ? sqlite::Access::owner : sqlite::Access::reader;
    COURSESELECT_TRY(state->connection,
                     sqlite::SqliteConnection::open(path, as, DatabaseOptions{}));
    // SQLite looks at the file only now.
    const auto looked = state->connection->each("SELECT 1 FROM sqlite_schema", [](const Row&) {});
    if (!looked) {
        return looked.error();
    }
    return std::unique_ptr<FileEditor>(new FileEditor(std::move(state)));
}

std::string FileEditor::quoted(std::string_view name) {
    std::string sql = "\"";
    for (const char letter : name) {
        sql.append(letter == '"' ? 2 : 1, letter);
    }
    return sql + '"';
}

core::Result<CellTable> FileEditor::query(std::string_view sql, std::span<const Cell> values,
                                          std::size_t rows_max) {
    sqlite3* const handle = state_->connection->handle();
    COURSESELECT_TRY(const auto statement, sqlite::SqliteStatement::compile(handle, sql, nullptr));
    return rows_of(*statement, values, rows_max);
}

core::Result<CellTable> FileEditor::query_typed(
    std::string_view sql, std::size_t rows_max,
    const std::function<bool(std::string_view)>& is_hidden) {
    sqlite3* const handle = state_->connection->handle();
    // It stays while the statement runs: SQLite may compile it again when the schema changes.
    const ReadingOnly guard(handle, is_hidden);
    auto statement = sqlite::SqliteStatement::compile(handle, sql, nullptr);
    if (guard.has_refused()) {
        return not_a_query();
    }
    if (!statement) {
        return std::move(statement).error();
    }
    // EXPLAIN asks for no permission of its own, BEGIN and COMMIT give no columns.
    if ((*statement)->column_names().empty() || !(*statement)->is_read_only()) {
        return not_a_query();
    }
    return rows_of(**statement, {}, rows_max);
}

core::Result<std::int64_t> FileEditor::execute(std::string_view sql, std::span<const Cell> values) {
    return state_->connection->transaction([&](Connection&) -> core::Result<std::int64_t> {
        sqlite3* const handle = state_->connection->handle();
        COURSESELECT_TRY(const auto statement,
                         sqlite::SqliteStatement::compile(handle, sql, nullptr));
        std::vector<Value> bound;
        for (const Cell& cell : values) {
            bound.push_back(value_of(cell));
        }
        return statement->run(bound, nullptr);
    });
}

}  // namespace courseselect::storage
