#include "sqlite_error.hpp"

#include <utility>

namespace courseselect::storage::sqlite {

namespace {

core::Error constraint_error(int code, std::string detail) {
    using core::Errc;
    switch (code) {
        case SQLITE_CONSTRAINT_UNIQUE:
        case SQLITE_CONSTRAINT_PRIMARYKEY:
        case SQLITE_CONSTRAINT_ROWID:
            return {Errc::conflict, "unique_violation", std::move(detail)};
        case SQLITE_CONSTRAINT_FOREIGNKEY:
            return {Errc::conflict, "foreign_key_violation", std::move(detail)};
        case SQLITE_CONSTRAINT_CHECK: return {Errc::conflict, "check_violation", std::move(detail)};
        case SQLITE_CONSTRAINT_NOTNULL:
            return {Errc::conflict, "not_null_violation", std::move(detail)};
        case SQLITE_CONSTRAINT_DATATYPE:
            return {Errc::internal, "database_misuse", std::move(detail)};
        default: return {Errc::conflict, "constraint_violation", std::move(detail)};
    }
}

}  // namespace

core::Error error_of(int code, const std::string& message) {
    using core::Errc;
    std::string detail = message + " (SQLite code " + std::to_string(code) + ")";
    switch (code & 0xff) {
        case SQLITE_CONSTRAINT: return constraint_error(code, std::move(detail));
        case SQLITE_BUSY:
        case SQLITE_LOCKED: return {Errc::unavailable, "database_busy", std::move(detail)};
        case SQLITE_FULL: return {Errc::unavailable, "database_full", std::move(detail)};
        case SQLITE_IOERR:
        case SQLITE_CANTOPEN:
        case SQLITE_PERM:
        case SQLITE_PROTOCOL:
        case SQLITE_NOMEM: return {Errc::unavailable, "database_io", std::move(detail)};
        case SQLITE_CORRUPT:
        case SQLITE_NOTADB: return {Errc::data_corrupt, "database_corrupt", std::move(detail)};
        case SQLITE_TOOBIG: return {Errc::resource_exhausted, "value_too_long", std::move(detail)};
        case SQLITE_READONLY:
            return {Errc::failed_precondition, "database_read_only", std::move(detail)};
        default: return {Errc::internal, "database_misuse", std::move(detail)};
    }
}

core::Error last_error(sqlite3* handle) {
    return error_of(sqlite3_extended_errcode(handle), sqlite3_errmsg(handle));
}

}  // namespace courseselect::storage::sqlite
