#include "courseselect/repo/auth_users.hpp"

#include <fmt/format.h>

#include <utility>

#include "auth_user_row.hpp"
#include "courseselect/repo/auth_search.hpp"

namespace courseselect::repo {
namespace {

using auth::user_kind_name;
using storage::Connection;
using storage::Row;

constexpr std::string_view origin_names[] = {"code", "open", "admin"};

UserOrigin origin_from(std::string_view name) {
    return name == origin_names[1]   ? UserOrigin::open
           : name == origin_names[2] ? UserOrigin::admin
                                     : UserOrigin::code;
}

/// Administrators are made by administrators.
std::string_view origin_of(const User& user) {
    const UserOrigin origin =
        user.key.kind == auth::UserKind::admin ? UserOrigin::admin : user.origin;
    return origin_names[static_cast<std::size_t>(origin)];
}

core::Secret secret_from(const Row& row, int column) {
    return core::Secret(row.get<std::optional<std::string>>(column).value_or(""));
}

std::optional<std::string_view> secret_value(const core::Secret& secret) {
    return secret.empty() ? std::nullopt : std::optional(secret.reveal());
}

std::int64_t number_from(const Row& row) { return row.get<std::int64_t>(0); }

/// For statements about one user that must exist.
core::Result<> expect_one(core::Result<std::int64_t> changed, UserKey key) {
    COURSESELECT_TRY(const auto rows, std::move(changed));
    if (rows != 1) {
        return core::Error(core::Errc::data_corrupt, "user_missing",
                           fmt::format("{} does not exist", to_string(key)));
    }
    return {};
}

}  // namespace

User user_from(const Row& row) {
    const auto kind = auth::parse_user_kind(row.get<std::string_view>(0));
    return User{.key = {kind.value_or(auth::UserKind::student), row.get<std::int64_t>(1)},
                .username = row.get<std::string>(2),
                .password_hash = row.get<std::string>(3),
                .totp_secret = secret_from(row, 4),
                .pending_totp_secret = secret_from(row, 5),
                .last_used_step = row.get<std::optional<std::int64_t>>(6),
                .is_active = row.get<bool>(7),
                .must_change_password = row.get<bool>(8),
                .created_at = row.get<core::WallTime>(9),
                .updated_at = row.get<core::WallTime>(10),
                .oid = row.get<std::string>(11),
                .email = row.get<std::optional<std::string>>(12),
                .origin = origin_from(row.get<std::string_view>(13))};
}

std::string to_string(UserKey key) {
    return fmt::format("{}:{}", user_kind_name(key.kind), key.id);
}

core::Result<std::optional<User>> find_user(Connection& connection, std::string_view username) {
    static const std::string sql = std::string(user_columns) + "WHERE username = ?";
    return connection.one(sql, user_from, username);
}

core::Result<std::optional<User>> find_user(Connection& connection, UserKey key) {
    static const std::string sql = std::string(user_columns) + "WHERE kind = ? AND id = ?";
    return connection.one(sql, user_from, user_kind_name(key.kind), key.id);
}

core::Result<bool> has_admins(Connection& connection) {
    COURSESELECT_TRY(
        const auto one,
        connection.one("SELECT 1 FROM users WHERE kind = 'admin' LIMIT 1", number_from));
    return one.has_value();
}

core::Result<> insert_user(Connection& connection, const User& user) {
    COURSESELECT_TRY_OK(connection.execute(
        "INSERT INTO users (kind, id, username, password_hash, totp_secret, pending_totp_secret, "
        "is_active, must_change_password, created_at, updated_at, email, origin) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        user_kind_name(user.key.kind), user.key.id, user.username, user.password_hash,
        secret_value(user.totp_secret), secret_value(user.pending_totp_secret), user.is_active,
        user.must_change_password, user.created_at, user.updated_at, user.email, origin_of(user)));
    return index_user(connection, user.key);
}

core::Result<> delete_user(Connection& connection, UserKey key) {
    COURSESELECT_TRY_OK(unindex_user(connection, key));
    return expect_one(connection.execute("DELETE FROM users WHERE kind = ? AND id = ?",
                                         user_kind_name(key.kind), key.id),
                      key);
}

core::Result<> change_user_id(Connection& connection, UserKey key, std::int64_t new_id) {
    return expect_one(connection.execute("UPDATE users SET id = ? WHERE kind = ? AND id = ?",
                                         new_id, user_kind_name(key.kind), key.id),
                      key);
}

core::Result<> replace_password_hash(Connection& connection, UserKey key, std::string_view expected,
                                     std::string_view hash) {
    COURSESELECT_TRY_OK(connection.execute(
        "UPDATE users SET password_hash = ? WHERE kind = ? AND id = ? AND password_hash = ?", hash,
        user_kind_name(key.kind), key.id, expected));
    return {};
}

core::Result<> set_active(Connection& connection, UserKey key, bool is_active, core::WallTime now) {
    COURSESELECT_TRY_OK(
        expect_one(connection.execute(
                       "UPDATE users SET is_active = ?, updated_at = ? WHERE kind = ? AND id = ?",
                       is_active, now, user_kind_name(key.kind), key.id),
                   key));
    return index_user(connection, key);
}

core::Result<> set_pending_totp(Connection& connection, UserKey key, const core::Secret& secret,
                                core::WallTime now) {
    return expect_one(
        connection.execute(
            "UPDATE users SET pending_totp_secret = ?, updated_at = ? WHERE kind = ? AND id = ?",
            secret.reveal(), now, user_kind_name(key.kind), key.id),
        key);
}

core::Result<> activate_totp(Connection& connection, UserKey key, core::WallTime now) {
    return expect_one(connection.execute("UPDATE users SET totp_secret = pending_totp_secret, "
                                         "pending_totp_secret = NULL, last_used_step = NULL, "
                                         "updated_at = ? WHERE kind = ? AND id = ?",
                                         now, user_kind_name(key.kind), key.id),
                      key);
}

core::Result<> set_used_step(Connection& connection, UserKey key, std::int64_t step) {
    return expect_one(
        connection.execute("UPDATE users SET last_used_step = ? WHERE kind = ? AND id = ?", step,
                           user_kind_name(key.kind), key.id),
        key);
}

core::Result<> add_id_block(Connection& connection, auth::UserKind kind, std::int64_t first,
                            std::int64_t count) {
    COURSESELECT_TRY_OK(connection.execute("INSERT INTO id_blocks VALUES (?, ?, ?, ?)",
                                           user_kind_name(kind), first, first, first + count));
    return {};
}

core::Result<std::int64_t> take_id(Connection& connection, auth::UserKind kind) {
    const std::string_view name = user_kind_name(kind);
    while (true) {
        COURSESELECT_TRY(
            const auto first,
            connection.one("SELECT first_id FROM id_blocks WHERE kind = ? AND next_id < end_id "
                           "ORDER BY first_id LIMIT 1",
                           number_from, name));
        if (!first) {
            return core::Error(core::Errc::unavailable, "ids_exhausted", "no reserved id is left");
        }
        COURSESELECT_TRY(const auto next,
                         connection.one("UPDATE id_blocks SET next_id = next_id + 1 "
                                        "WHERE kind = ? AND first_id = ? RETURNING next_id",
                                        number_from, name, *first));
        COURSESELECT_TRY(const auto owner,
                         connection.one("SELECT id FROM users WHERE kind = ? AND id = ?",
                                        number_from, name, *next - 1));
        if (!owner) {
            return *next - 1;
        }
    }
}

core::Result<std::int64_t> ids_left(Connection& connection, auth::UserKind kind) {
    COURSESELECT_TRY(const auto left,
                     connection.one("SELECT COALESCE(SUM(end_id - next_id), 0) FROM id_blocks "
                                    "WHERE kind = ?",
                                    number_from, user_kind_name(kind)));
    return left.value_or(0);
}

core::Result<> append_audit(Connection& connection, const AuditEntry& entry) {
    COURSESELECT_TRY_OK(connection.execute(
        "INSERT INTO audit (time, actor, action, target, address, request_id, outcome) "
        "VALUES (?, ?, ?, ?, ?, ?, ?)",
        entry.time, entry.actor, entry.action, entry.target, entry.address, entry.request_id,
        entry.outcome));
    return {};
}

}  // namespace courseselect::repo
