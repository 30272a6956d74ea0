#include "sqlite_connection.hpp"

#include <utility>

#include "sqlite_error.hpp"

namespace courseselect::storage::sqlite {

namespace {

int open_flags(Access access) {
    const int mode =
        access == Access::owner ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE : SQLITE_OPEN_READONLY;
    return mode | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE | SQLITE_OPEN_EXRESCODE;
}

const char* synchronous_of(Durability durability) {
    switch (durability) {
        case Durability::off: return "PRAGMA synchronous = OFF";
        case Durability::normal: return "PRAGMA synchronous = NORMAL";
        case Durability::full: break;
    }
    return "PRAGMA synchronous = FULL";
}

const char* sql_of(Control what) {
    switch (what) {
        case Control::begin_read: return "BEGIN";
        case Control::begin_write: return "BEGIN IMMEDIATE";
        case Control::commit: return "COMMIT";
        case Control::rollback: return "ROLLBACK";
        case Control::savepoint: return "SAVEPOINT closure";
        case Control::release_savepoint: return "RELEASE closure";
        case Control::rollback_to_savepoint: return "ROLLBACK TO closure";
    }
    return "";
}

}  // namespace

core::Result<std::unique_ptr<SqliteConnection>> SqliteConnection::open(
    const std::string& path, Access access, const DatabaseOptions& options) {
    sqlite3* handle = nullptr;
    const int code = sqlite3_open_v2(path.c_str(), &handle, open_flags(access), nullptr);
    std::unique_ptr<SqliteConnection> connection(new SqliteConnection(handle, options));
    if (code != SQLITE_OK) {
        return error_of(code, "Cannot open " + path + ": " + sqlite3_errstr(code));
    }
    COURSESELECT_TRY_OK(connection->configure(access));
    return connection;
}

core::Result<> SqliteConnection::configure(Access access) {
    sqlite3* handle = handle_.get();
    // Guards against schemas and SQL that were made to do harm (SQLite "Defense Against The Dark
    // Arts"), and against "text" that silently stands for 'text'.
    sqlite3_db_config(handle, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
    sqlite3_db_config(handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
    sqlite3_db_config(handle, SQLITE_DBCONFIG_DQS_DML, 0, nullptr);
    sqlite3_db_config(handle, SQLITE_DBCONFIG_DQS_DDL, 0, nullptr);
    sqlite3_db_config(handle, SQLITE_DBCONFIG_ENABLE_FKEY, 1, nullptr);
    sqlite3_limit(handle, SQLITE_LIMIT_LENGTH, static_cast<int>(options_.value_bytes_max));
    sqlite3_limit(handle, SQLITE_LIMIT_ATTACHED, access == Access::backup ? 1 : 0);
    sqlite3_busy_timeout(handle, static_cast<int>(options_.busy_timeout.count()));
    COURSESELECT_TRY_OK(run_script("PRAGMA temp_store = MEMORY; PRAGMA cell_size_check = ON"));
    if (access != Access::owner) {
        return access == Access::reader ? run_script("PRAGMA query_only = ON") : core::Result<>();
    }
    // 64 MiB of pages: the keyed tables of a large term stay in memory while they are written.
    return run_script("PRAGMA secure_delete = FAST; PRAGMA cache_size = -65536; " +
                      std::string(synchronous_of(options_.durability)));
}

core::Result<std::unique_ptr<Statement>> SqliteConnection::prepare(std::string_view sql) {
    COURSESELECT_TRY(auto statement, SqliteStatement::compile(handle_.get(), sql, options_.faults));
    return std::unique_ptr<Statement>(std::move(statement));
}

core::Result<> SqliteConnection::run_script(std::string_view sql) {
    const std::string text(sql);
    if (sqlite3_exec(handle_.get(), text.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) {
        return last_error(handle_.get());
    }
    return {};
}

std::int64_t SqliteConnection::last_insert_id() const {
    return sqlite3_last_insert_rowid(handle_.get());
}

core::Result<> SqliteConnection::control(Control what) {
    if (what == Control::commit && options_.faults != nullptr &&
        Faults::strikes(options_.faults->commit)) {
        COURSESELECT_TRY_OK(control(Control::rollback));
        return core::Error(core::Errc::unavailable, "injected_fault", "A test asked for this");
    }
    auto& statement = controls_[static_cast<std::size_t>(what)];
    if (!statement) {
        COURSESELECT_TRY(statement, SqliteStatement::compile(handle_.get(), sql_of(what), nullptr));
    }
    COURSESELECT_TRY_OK(statement->run({}, nullptr));
    if (what == Control::rollback_to_savepoint) {
        return control(Control::release_savepoint);
    }
    return {};
}

bool SqliteConnection::is_in_transaction() const {
    return sqlite3_get_autocommit(handle_.get()) == 0;
}

void SqliteConnection::set_wal_keeper(WalKeeper& keeper) {
    wal_keeper_ = &keeper;
    // Replaces SQLite's automatic checkpoint, which would run inside the commit.
    sqlite3_wal_hook(
        handle_.get(),
        [](void* self, sqlite3*, const char*, int pages) {
            static_cast<SqliteConnection*>(self)->wal_pages_ = static_cast<std::size_t>(pages);
            return SQLITE_OK;
        },
        this);
}

void SqliteConnection::maintain() {
    if (wal_keeper_ != nullptr) {
        wal_keeper_->wal_has(wal_pages_, handle_.get());
    }
}

core::Result<std::int64_t> SqliteConnection::run(std::string_view sql,
                                                 std::span<const Value> values, RowSink* sink) {
    COURSESELECT_TRY(SqliteStatement * statement, cached(sql));
    if (statement->is_running()) {  // asked for again from its own row callback
        COURSESELECT_TRY(const auto another, prepare(sql));
        return another->run(values, sink);
    }
    return statement->run(values, sink);
}

core::Result<SqliteStatement*> SqliteConnection::cached(std::string_view sql) {
    if (const auto found = cache_.find(sql); found != cache_.end()) {
        return found->second.get();
    }
    COURSESELECT_TRY(auto statement, SqliteStatement::compile(handle_.get(), sql, options_.faults));
    if (cache_.size() >= options_.statements_max) {
        std::erase_if(cache_, [](const auto& entry) { return !entry.second->is_running(); });
    }
    SqliteStatement* const borrowed = statement.get();
    cache_.emplace(std::string(sql), std::move(statement));
    return borrowed;
}

}  // namespace courseselect::storage::sqlite
