#include "courseselect/repo/auth_sessions.hpp"

#include "courseselect/repo/auth_control.hpp"
#include "courseselect/repo/auth_tokens.hpp"

namespace courseselect::repo {
namespace {

using auth::user_kind_name;
using storage::Connection;
using storage::Row;

SessionRow session_from(const Row& row) {
    const auto kind = auth::parse_user_kind(row.get<std::string_view>(1));
    return {.id = row.get<std::string>(0),
            .owner = {kind.value_or(auth::UserKind::student), row.get<std::int64_t>(2)},
            .created_at = row.get<core::WallTime>(3),
            .last_seen_at = row.get<core::WallTime>(4),
            .address = row.get<std::string>(5)};
}

}  // namespace

core::Result<std::int64_t> count_sessions(Connection& connection) {
    const auto number = [](const Row& row) { return row.get<std::int64_t>(0); };
    COURSESELECT_TRY(const auto counted, connection.one("SELECT count(*) FROM sessions", number));
    return counted.value_or(0);
}

core::Result<> insert_session(Connection& connection, const SessionRow& session) {
    COURSESELECT_TRY_OK(connection.execute(
        "INSERT INTO sessions (id, kind, user_id, created_at, last_seen_at, address) "
        "VALUES (?, ?, ?, ?, ?, ?)",
        session.id, user_kind_name(session.owner.kind), session.owner.id, session.created_at,
        session.last_seen_at, session.address));
    return {};
}

core::Result<std::optional<SessionRow>> find_session_row(Connection& connection,
                                                         std::string_view id) {
    return connection.one(
        "SELECT id, kind, user_id, created_at, last_seen_at, address FROM sessions WHERE id = ?",
        session_from, id);
}

core::Result<> touch_session(Connection& connection, std::string_view id, core::WallTime now) {
    COURSESELECT_TRY_OK(
        connection.execute("UPDATE sessions SET last_seen_at = ? WHERE id = ?", now, id));
    return {};
}

core::Result<std::vector<SessionRow>> sessions_of(Connection& connection, UserKey owner) {
    return connection.all(
        "SELECT id, kind, user_id, created_at, last_seen_at, address FROM sessions "
        "WHERE kind = ? AND user_id = ? ORDER BY created_at, id",
        session_from, user_kind_name(owner.kind), owner.id);
}

core::Result<std::vector<SessionRow>> idle_sessions(Connection& connection, core::WallTime before,
                                                    core::WallTime admins_before,
                                                    std::int64_t limit) {
    return connection.all(
        "SELECT id, kind, user_id, created_at, last_seen_at, address FROM sessions "
        "WHERE last_seen_at < ? AND (kind <> 'admin' OR last_seen_at < ?) "
        "ORDER BY last_seen_at LIMIT ?",
        session_from, before, admins_before, limit);
}

core::Result<> end_session(Connection& connection, std::string_view id, core::WallTime now,
                           std::chrono::seconds access_lifetime) {
    COURSESELECT_TRY_OK(connection.execute("DELETE FROM refresh_tokens WHERE family = ?", id));
    COURSESELECT_TRY_OK(connection.execute("DELETE FROM sessions WHERE id = ?", id));
    if (access_lifetime == std::chrono::seconds::zero()) {
        return {};
    }
    return insert_revocation(connection, {.sequence = 0,
                                          .is_session = true,
                                          .key = std::string(id),
                                          .at = now,
                                          .until = now + access_lifetime});
}

core::Result<> end_sessions_of(Connection& connection, UserKey owner, core::WallTime now,
                               std::chrono::seconds access_lifetime) {
    COURSESELECT_TRY_OK(end_oldest_sessions(connection, owner, 0, now, access_lifetime));
    COURSESELECT_TRY_OK(delete_refresh_tokens(connection, owner));
    return insert_revocation(connection, {.sequence = 0,
                                          .is_session = false,
                                          .key = to_string(owner),
                                          .at = now,
                                          .until = now + access_lifetime});
}

core::Result<> end_oldest_sessions(Connection& connection, UserKey owner, std::size_t keep,
                                   core::WallTime now, std::chrono::seconds access_lifetime) {
    COURSESELECT_TRY(const auto sessions, sessions_of(connection, owner));
    for (std::size_t i = 0; i + keep < sessions.size(); ++i) {
        COURSESELECT_TRY_OK(end_session(connection, sessions[i].id, now, access_lifetime));
    }
    return {};
}

}  // namespace courseselect::repo
