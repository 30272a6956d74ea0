#include "courseselect/repo/auth_reset_codes.hpp"

namespace courseselect::repo {
namespace {

using auth::user_kind_name;
using storage::Connection;
using storage::Row;

ResetCode reset_code_from(const Row& row) {
    ResetCode code{.id = row.get<std::int64_t>(0),
                   .code = row.get<std::string>(1),
                   .user = std::nullopt,
                   .username = row.get<std::string>(4),
                   .tries_left = row.get<std::int64_t>(5),
                   .is_used = row.get<bool>(6),
                   .expires_at = row.get<core::WallTime>(7),
                   .created_by = row.get<std::int64_t>(8),
                   .created_at = row.get<core::WallTime>(9)};
    const auto kind = auth::parse_user_kind(row.get<std::optional<std::string>>(2).value_or(""));
    const auto id = row.get<std::optional<std::int64_t>>(3);
    if (kind && id) {
        code.user = UserKey{*kind, *id};
    }
    return code;
}

}  // namespace

core::Result<> insert_reset_code(Connection& connection, const ResetCode& code) {
    const UserKey user = code.user.value_or(UserKey());
    COURSESELECT_TRY_OK(connection.execute(
        "INSERT INTO reset_codes "
        "(code, kind, user_id, username, tries_left, is_used, expires_at, created_by, created_at) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        code.code, user_kind_name(user.kind), user.id, code.username, code.tries_left, code.is_used,
        code.expires_at, code.created_by, code.created_at));
    return {};
}

core::Result<std::optional<ResetCode>> find_reset_code(Connection& connection,
                                                       std::string_view code) {
    return connection.one(
        "SELECT id, code, kind, user_id, username, tries_left, is_used, expires_at, created_by, "
        "created_at FROM reset_codes WHERE code = ?",
        reset_code_from, code);
}

core::Result<> spend_reset_try(Connection& connection, std::int64_t id) {
    COURSESELECT_TRY_OK(
        connection.execute("UPDATE reset_codes SET tries_left = tries_left - 1 WHERE id = ?", id));
    return {};
}

core::Result<> use_reset_codes(Connection& connection, UserKey user) {
    COURSESELECT_TRY_OK(connection.execute(
        "UPDATE reset_codes SET is_used = 1 WHERE kind = ? AND user_id = ? AND is_used = 0",
        user_kind_name(user.kind), user.id));
    return {};
}

core::Result<std::vector<ResetCode>> list_reset_codes(Connection& connection, std::int64_t offset,
                                                      std::int64_t limit) {
    return connection.all(
        "SELECT id, code, kind, user_id, username, tries_left, is_used, expires_at, created_by, "
        "created_at FROM reset_codes ORDER BY id DESC LIMIT ? OFFSET ?",
        reset_code_from, limit, offset);
}

core::Result<std::int64_t> count_reset_codes(Connection& connection) {
    const auto number = [](const Row& row) { return row.get<std::int64_t>(0); };
    COURSESELECT_TRY(const auto count, connection.one("SELECT count(*) FROM reset_codes", number));
    return count.value_or(0);
}

}  // namespace courseselect::repo
