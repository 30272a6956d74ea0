#include "sqlite_statement.hpp"

#include <string>

#include "sqlite_error.hpp"

namespace courseselect::storage::sqlite {

namespace {

class SqliteRow final : public Row {
  public:
    explicit SqliteRow(sqlite3_stmt* statement) : statement_(statement) {}

    int columns() const override { return sqlite3_column_count(statement_); }
    ValueType type(int column) const override {
        switch (sqlite3_column_type(statement_, column)) {
            case SQLITE_INTEGER: return ValueType::integer;
            case SQLITE_FLOAT: return ValueType::real;
            case SQLITE_TEXT: return ValueType::text;
            case SQLITE_BLOB: return ValueType::blob;
            default: return ValueType::null;
        }
    }

  private:
    std::int64_t integer(int column) const override {
        return sqlite3_column_int64(statement_, column);
    }
    double real(int column) const override { return sqlite3_column_double(statement_, column); }
    std::string_view text(int column) const override {
        const void* bytes = sqlite3_column_text(statement_, column);
        return {static_cast<const char*>(bytes), size(column)};
    }
    Blob blob(int column) const override {
        const void* bytes = sqlite3_column_blob(statement_, column);
        return {static_cast<const std::byte*>(bytes), size(column)};
    }
    [[nodiscard]] std::size_t size(int column) const {
        return static_cast<std::size_t>(sqlite3_column_bytes(statement_, column));
    }

    sqlite3_stmt* statement_;
};

/// Binds one value; text and blobs are borrowed (no destructor), see `Value`.
struct BindValue {
    sqlite3_stmt* statement;
    int position;

    int operator()(std::monostate) const { return sqlite3_bind_null(statement, position); }
    int operator()(std::int64_t value) const {
        return sqlite3_bind_int64(statement, position, value);
    }
    int operator()(double value) const { return sqlite3_bind_double(statement, position, value); }
    int operator()(std::string_view value) const {
        // A null pointer would bind NULL instead of the empty text.
        const char* data = value.data() != nullptr ? value.data() : "";
        return sqlite3_bind_text64(statement, position, data, value.size(), nullptr, SQLITE_UTF8);
    }
    int operator()(Blob value) const {
        return value.empty()
                   ? sqlite3_bind_zeroblob(statement, position, 0)
                   : sqlite3_bind_blob64(statement, position, value.data(), value.size(), nullptr);
    }
};

core::Error column_type_error(sqlite3_stmt* statement, int column) {
    const char* name = sqlite3_column_name(statement, column);
    return {core::Errc::data_corrupt, "column_type",
            "Column '" + std::string(name != nullptr ? name : "?") +
                "' holds another type than was asked for: " + sqlite3_sql(statement)};
}

}  // namespace

core::Result<std::unique_ptr<SqliteStatement>> SqliteStatement::compile(sqlite3* handle,
                                                                        std::string_view sql,
                                                                        Faults* faults) {
    sqlite3_stmt* statement = nullptr;
    const char* rest = nullptr;
    const int code = sqlite3_prepare_v3(handle, sql.data(), static_cast<int>(sql.size()),
                                        SQLITE_PREPARE_PERSISTENT, &statement, &rest);
    if (code != SQLITE_OK) {
        return last_error(handle);
    }
    std::unique_ptr<SqliteStatement> compiled(new SqliteStatement(handle, statement, faults));
    const std::string_view left(rest, static_cast<std::size_t>(sql.data() + sql.size() - rest));
    if (statement == nullptr || left.find_first_not_of(" \t\n;") != std::string_view::npos) {
        return core::Error(core::Errc::internal, "database_misuse",
                           "Exactly one statement is wanted: " + std::string(sql));
    }
    return compiled;
}

std::vector<std::string> SqliteStatement::column_names() const {
    std::vector<std::string> names;
    for (int column = 0; column < sqlite3_column_count(statement_.get()); ++column) {
        const char* name = sqlite3_column_name(statement_.get(), column);
        names.emplace_back(name != nullptr ? name : "?");
    }
    return names;
}

core::Result<std::int64_t> SqliteStatement::run(std::span<const Value> values, RowSink* sink) {
    if (faults_ != nullptr && Faults::strikes(faults_->statement)) {
        return core::Error(core::Errc::unavailable, "injected_fault", "A test asked for this");
    }
    COURSESELECT_TRY_OK(bind(values));
    running_ = true;
    const core::Result<> done = step_all(sink);
    running_ = false;
    sqlite3_reset(statement_.get());
    if (!done) {
        return done.error();
    }
    return read_only_ ? 0 : std::int64_t{sqlite3_changes64(handle_)};
}

core::Result<> SqliteStatement::bind(std::span<const Value> values) {
    const auto wanted = static_cast<std::size_t>(sqlite3_bind_parameter_count(statement_.get()));
    if (wanted != values.size()) {
        return core::Error(
            core::Errc::internal, "database_misuse",
            "Wrong number of values for: " + std::string(sqlite3_sql(statement_.get())));
    }
    int position = 1;
    for (const Value& value : values) {
        const int code = std::visit(BindValue{statement_.get(), position}, value.storage());
        if (code != SQLITE_OK) {
            return last_error(handle_);
        }
        ++position;
    }
    return {};
}

core::Result<> SqliteStatement::step_all(RowSink* sink) {
    while (true) {
        const int code = sqlite3_step(statement_.get());
        if (code == SQLITE_DONE) {
            return {};
        }
        if (code != SQLITE_ROW) {
            return last_error(handle_);
        }
        if (sink == nullptr) {
            continue;
        }
        const SqliteRow row(statement_.get());
        COURSESELECT_TRY(const bool more, sink->take(row));
        if (row.faulty_column() >= 0) {
            return column_type_error(statement_.get(), row.faulty_column());
        }
        if (!more) {
            return {};
        }
    }
}

}  // namespace courseselect::storage::sqlite
