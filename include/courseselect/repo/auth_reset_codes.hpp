#pragma once
/// Codes with which students who lost their authenticator app get a new 2FA secret (contract §3.3).
/// All functions run inside the caller's transaction.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "courseselect/repo/auth_users.hpp"

namespace courseselect::repo {

/// Wrong 2FA codes that may be given with one reset code before it is void.
inline constexpr std::int64_t reset_code_tries_max = 5;

struct ResetCode {
    std::int64_t id = 0;          ///< given at insertion
    std::string code;             ///< as `auth::make_reset_code` made it
    std::optional<UserKey> user;  ///< nobody: the account is gone
    std::string username;         ///< of the account when the code was made
    std::int64_t tries_left = reset_code_tries_max;
    bool is_used = false;
    core::WallTime expires_at;
    std::int64_t created_by = 0;  ///< an administrator
    core::WallTime created_at;
};

/// Errors: conflict `unique_violation` (the code exists: make another).
[[nodiscard]] core::Result<> insert_reset_code(storage::Connection& connection,
                                               const ResetCode& code);
[[nodiscard]] core::Result<std::optional<ResetCode>> find_reset_code(
    storage::Connection& connection, std::string_view code);
/// Counts one wrong try less. Errors: conflict `check_violation` (none was left).
[[nodiscard]] core::Result<> spend_reset_try(storage::Connection& connection, std::int64_t id);
/// All codes of a user are used up: one reset is enough, whichever was typed.
[[nodiscard]] core::Result<> use_reset_codes(storage::Connection& connection, UserKey user);
/// Newest first.
[[nodiscard]] core::Result<std::vector<ResetCode>> list_reset_codes(storage::Connection& connection,
                                                                    std::int64_t offset,
                                                                    std::int64_t limit);
[[nodiscard]] core::Result<std::int64_t> count_reset_codes(storage::Connection& connection);

}  // namespace courseselect::repo
