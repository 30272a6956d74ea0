#pragma once
// How a row of `users` becomes a `User`: shared by the files that select users.

#include <string_view>

#include "courseselect/repo/auth_users.hpp"

namespace courseselect::repo {

/// A query's beginning; conditions follow.
inline constexpr std::string_view user_columns =
    "SELECT kind, id, username, password_hash, totp_secret, pending_totp_secret, last_used_step, "
    "is_active, must_change_password, created_at, updated_at, oid, email, origin "
    "FROM users ";

/// A row of `user_columns`.
[[nodiscard]] User user_from(const storage::Row& row);

}  // namespace courseselect::repo
