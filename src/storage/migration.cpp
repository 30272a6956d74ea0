#include "courseselect/storage/migration.hpp"

#include <string>
#include <vector>

namespace courseselect::storage {

namespace {

struct Applied {
    int version;
    std::string name;
    std::int64_t checksum;
};

/// FNV-1a, 64 bits: finds accidental edits; it is not meant to stop an attacker.
std::int64_t checksum_of(std::string_view sql) {
    std::uint64_t hash = 0xcbf29ce484222325;
    for (const char byte : sql) {
        hash = (hash ^ static_cast<unsigned char>(byte)) * 0x100000001b3;
    }
    return static_cast<std::int64_t>(hash);
}

/// In words that every engine knows: not STRICT, and what PostgreSQL calls 64 bits.
constexpr std::string_view history_table = R"(
    CREATE TABLE IF NOT EXISTS schema_migrations (
        version INTEGER PRIMARY KEY,
        name TEXT NOT NULL,
        checksum BIGINT NOT NULL,
        applied_at BIGINT NOT NULL))";

core::Result<> check_history(std::span<const Migration> migrations,
                             std::span<const Applied> history) {
    for (std::size_t i = 0; i < history.size(); ++i) {
        if (i >= migrations.size()) {
            return core::Error(core::Errc::failed_precondition, "schema_too_new",
                               "The database has migration " + std::to_string(history[i].version) +
                                   " '" + history[i].name + "', which this program does not know");
        }
        const Migration& known = migrations[i];
        if (history[i].version != known.version || history[i].name != known.name ||
            history[i].checksum != checksum_of(known.sql)) {
            return core::Error(core::Errc::failed_precondition, "migration_changed",
                               "Migration " + std::to_string(known.version) + " '" +
                                   std::string(known.name) +
                                   "' differs from the one this database was made with");
        }
    }
    return {};
}

core::Result<> apply(Connection& writer, const Migration& migration, core::WallTime now) {
    const auto body = [&](Connection& connection) -> core::Result<> {
        COURSESELECT_TRY_OK(connection.run_script(migration.sql));
        COURSESELECT_TRY_OK(connection.execute(
            "INSERT INTO schema_migrations (version, name, checksum, applied_at) "
            "VALUES (?, ?, ?, ?)",
            migration.version, migration.name, checksum_of(migration.sql), now));
        return {};
    };
    const auto done = writer.transaction(body);
    if (!done) {
        return core::Error(done.error().code(), "migration_failed",
                           "Migration " + std::to_string(migration.version) + " '" +
                               std::string(migration.name) + "': " + done.error().to_string());
    }
    return {};
}

}  // namespace

core::Result<> migrate(Connection& writer, std::span<const Migration> migrations,
                       const core::Clock& clock) {
    for (std::size_t i = 0; i < migrations.size(); ++i) {
        COURSESELECT_CHECK(migrations[i].version == static_cast<int>(i) + 1);
    }
    COURSESELECT_TRY_OK(writer.run_script(history_table));
    const auto read = [](const Row& row) {
        return Applied{row.get<int>(0), row.get<std::string>(1), row.get<std::int64_t>(2)};
    };
    COURSESELECT_TRY(
        const auto history,
        writer.all("SELECT version, name, checksum FROM schema_migrations ORDER BY version", read));
    COURSESELECT_TRY_OK(check_history(migrations, history));
    for (const Migration& migration : migrations.subspan(history.size())) {
        COURSESELECT_TRY_OK(apply(writer, migration, clock.wall_now()));
    }
    return {};
}

core::Result<int> schema_version(Connection& connection) {
    const auto first = [](const Row& row) { return row.get<int>(0); };
    COURSESELECT_TRY(const auto tables,
                     connection.one("SELECT count(*) FROM sqlite_schema "
                                    "WHERE type = 'table' AND name = 'schema_migrations'",
                                    first));
    if (tables == 0) {
        return 0;
    }
    COURSESELECT_TRY(
        const auto version,
        connection.one("SELECT coalesce(max(version), 0) FROM schema_migrations", first));
    return version.value_or(0);
}

}  // namespace courseselect::storage
