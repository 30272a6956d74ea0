#include "courseselect/repo/auth_control.hpp"

namespace courseselect::repo {
namespace {

using storage::Connection;
using storage::Row;

StoredSettings settings_from(const Row& row) {
    return {.version = row.get<std::int64_t>(0),
            .changed_at = row.get<core::WallTime>(1),
            .changed_by = row.get<std::string>(2),
            .json = row.get<std::string>(3)};
}

}  // namespace

core::Result<std::optional<StoredSettings>> latest_settings(Connection& connection) {
    return connection.one(
        "SELECT version, changed_at, changed_by, json FROM settings_versions "
        "ORDER BY version DESC LIMIT 1",
        settings_from);
}

core::Result<> insert_settings(Connection& connection, const StoredSettings& settings) {
    COURSESELECT_TRY_OK(connection.execute(
        "INSERT INTO settings_versions (version, changed_at, changed_by, json) "
        "VALUES (?, ?, ?, ?)",
        settings.version, settings.changed_at, settings.changed_by, settings.json));
    return {};
}

core::Result<std::vector<StoredSettings>> settings_history(Connection& connection,
                                                           std::int64_t offset,
                                                           std::int64_t limit) {
    return connection.all(
        "SELECT version, changed_at, changed_by, json FROM settings_versions "
        "ORDER BY version DESC LIMIT ? OFFSET ?",
        settings_from, limit, offset);
}

core::Result<> insert_revocation(Connection& connection, const StoredRevocation& revocation) {
    COURSESELECT_TRY_OK(connection.execute(
        "INSERT INTO revocations (is_session, key, at, until) VALUES (?, ?, ?, ?)",
        revocation.is_session, revocation.key, revocation.at, revocation.until));
    return {};
}

core::Result<std::vector<StoredRevocation>> revocations_after(Connection& connection,
                                                              std::int64_t sequence,
                                                              std::int64_t limit) {
    const auto map = [](const Row& row) {
        return StoredRevocation{.sequence = row.get<std::int64_t>(0),
                                .is_session = row.get<bool>(1),
                                .key = row.get<std::string>(2),
                                .at = row.get<core::WallTime>(3),
                                .until = row.get<core::WallTime>(4)};
    };
    return connection.all(
        "SELECT sequence, is_session, key, at, until FROM revocations WHERE sequence > ? "
        "ORDER BY sequence LIMIT ?",
        map, sequence, limit);
}

core::Result<std::int64_t> purge_revocations(Connection& connection, core::WallTime now,
                                             std::int64_t limit) {
    return connection.execute(
        "DELETE FROM revocations WHERE sequence IN "
        "(SELECT sequence FROM revocations WHERE until <= ? LIMIT ?)",
        now, limit);
}

}  // namespace courseselect::repo
