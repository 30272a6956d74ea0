#include "courseselect/repo/auth_administration.hpp"

#include "auth_user_row.hpp"
#include "courseselect/repo/auth_search.hpp"

namespace courseselect::repo {
namespace {

using auth::user_kind_name;
using storage::Connection;
using storage::Row;

std::int64_t count_from(const Row& row) { return row.get<std::int64_t>(0); }

Removal removal_from(const Row& row) {
    const auto kind = auth::parse_user_kind(row.get<std::string_view>(0));
    return {.user = {kind.value_or(auth::UserKind::student), row.get<std::int64_t>(1)},
            .username = row.get<std::string>(2),
            .is_decided = row.get<bool>(3),
            .attempts = row.get<std::int64_t>(4),
            .next_at = row.get<core::WallTime>(5)};
}

}  // namespace

core::Result<std::optional<std::string>> find_display_name(Connection& connection, UserKey key) {
    const auto map = [](const Row& row) { return row.get<std::optional<std::string>>(0); };
    COURSESELECT_TRY(auto name, connection.one("SELECT name FROM users WHERE kind = ? AND id = ?",
                                               map, user_kind_name(key.kind), key.id));
    return name ? *std::move(name) : std::nullopt;
}

core::Result<> set_display_name(Connection& connection, UserKey key, std::string_view name) {
    COURSESELECT_TRY_OK(connection.execute("UPDATE users SET name = ? WHERE kind = ? AND id = ?",
                                           name, user_kind_name(key.kind), key.id));
    return {};
}

core::Result<FoundUsers> find_users_page(Connection& connection, const UserFilter& filter,
                                         std::int64_t offset, std::int64_t limit) {
    if (!filter.search.empty()) {
        UserSearch search{.username = filter.search, .email = {}};
        search.kind = filter.kind;
        search.newest_first = true;
        search.is_short_anywhere = true;
        return search_users(connection, search, offset, limit);
    }
    static const std::string columns(user_columns);
    static const std::string all_users =
        columns + "ORDER BY created_at DESC, kind DESC, id DESC LIMIT ? OFFSET ?";
    static const std::string all_of_kind =
        columns + "WHERE kind = ? ORDER BY created_at DESC, id DESC LIMIT ? OFFSET ?";
    FoundUsers found;
    COURSESELECT_TRY(found.total, users_counted(connection, filter.kind, std::nullopt));
    COURSESELECT_TRY(found.users, filter.kind
                                      ? connection.all(all_of_kind, user_from,
                                                       user_kind_name(*filter.kind), limit, offset)
                                      : connection.all(all_users, user_from, limit, offset));
    return found;
}

core::Result<std::int64_t> count_active_admins(Connection& connection) {
    COURSESELECT_TRY(
        const auto counted,
        connection.one("SELECT count(*) FROM users WHERE kind = 'admin' AND is_active = 1",
                       count_from));
    return counted.value_or(0);
}

core::Result<> set_password(Connection& connection, UserKey key, std::string_view hash,
                            bool must_change, core::WallTime now) {
    COURSESELECT_TRY_OK(connection.execute(
        "UPDATE users SET password_hash = ?, must_change_password = ?, updated_at = ? "
        "WHERE kind = ? AND id = ?",
        hash, must_change, now, user_kind_name(key.kind), key.id));
    return {};
}

core::Result<> clear_totp(Connection& connection, UserKey key, core::WallTime now) {
    COURSESELECT_TRY_OK(
        connection.execute("UPDATE users SET totp_secret = NULL, pending_totp_secret = NULL, "
                           "last_used_step = NULL, updated_at = ? WHERE kind = ? AND id = ?",
                           now, user_kind_name(key.kind), key.id));
    return {};
}

core::Result<> insert_removal(Connection& connection, const Removal& removal) {
    COURSESELECT_TRY_OK(connection.execute(
        "INSERT INTO profile_removals (kind, user_id, username, is_decided, attempts, next_at) "
        "VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (kind, user_id) DO NOTHING",
        user_kind_name(removal.user.kind), removal.user.id, removal.username, removal.is_decided,
        removal.attempts, removal.next_at));
    return {};
}

core::Result<std::vector<Removal>> due_removals(Connection& connection, core::WallTime now,
                                                std::int64_t limit) {
    return connection.all(
        "SELECT kind, user_id, username, is_decided, attempts, next_at FROM profile_removals "
        "WHERE next_at <= ? ORDER BY next_at LIMIT ?",
        removal_from, now, limit);
}

core::Result<> delete_removal(Connection& connection, UserKey user) {
    COURSESELECT_TRY_OK(
        connection.execute("DELETE FROM profile_removals WHERE kind = ? AND user_id = ?",
                           user_kind_name(user.kind), user.id));
    return {};
}

core::Result<> postpone_removal(Connection& connection, UserKey user, core::WallTime next_at) {
    COURSESELECT_TRY_OK(
        connection.execute("UPDATE profile_removals SET attempts = attempts + 1, next_at = ? "
                           "WHERE kind = ? AND user_id = ?",
                           next_at, user_kind_name(user.kind), user.id));
    return {};
}

}  // namespace courseselect::repo
