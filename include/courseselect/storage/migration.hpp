#pragma once
/// Migrations: the schema's history, forward only.

#include <cstdint>
#include <span>
#include <string_view>

#include "courseselect/core/clock.hpp"
#include "courseselect/core/result.hpp"
#include "courseselect/storage/connection.hpp"

namespace courseselect::storage {

/// One step of a schema. Once released, its SQL never changes: a later step corrects it.
struct Migration {
    int version;  ///< 1, 2, 3, … without gaps
    std::string_view name;
    std::string_view sql;  ///< one or more statements, tables STRICT
};

/// Brings the schema up to date: applies what is missing, each step in a transaction of its own,
/// and records it in `schema_migrations (version, name, checksum, applied_at)`.
/// A step that fails leaves nothing behind. Call at start, on the writer, outside a transaction.
/// Errors: failed_precondition `migration_changed` (an applied step's name or SQL is another now),
/// `schema_too_new` (the database was written by a newer program); and those of `Connection`.
[[nodiscard]] core::Result<> migrate(Connection& writer, std::span<const Migration> migrations,
                                     const core::Clock& clock);

/// The highest applied version; 0 for a new database.
[[nodiscard]] core::Result<int> schema_version(Connection& connection);

}  // namespace courseselect::storage
