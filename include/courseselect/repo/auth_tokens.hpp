#pragma once
/// Refresh tokens, registration codes and undelivered profiles.
/// All functions run inside the caller's transaction.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "courseselect/repo/auth_users.hpp"

namespace courseselect::repo {

/// What is kept of a refresh token; tokens that replace each other are one family, a session.
struct RefreshToken {
    std::string hash;  ///< `auth::refresh_token_hash`
    UserKey owner;
    std::string family;
    bool is_complete = false;  ///< every step of the login was taken with it, 2FA included
    core::WallTime expires_at;
    std::optional<core::WallTime> revoked_at;
    std::string replaced_by;  ///< hash of the next one; empty for the last of its family
};

[[nodiscard]] core::Result<> insert_refresh_token(storage::Connection& connection,
                                                  const RefreshToken& token);
[[nodiscard]] core::Result<std::optional<RefreshToken>> find_refresh_token(
    storage::Connection& connection, std::string_view hash);
[[nodiscard]] core::Result<> complete_refresh_token(storage::Connection& connection,
                                                    std::string_view hash);
/// Revokes `hash` and stores its successor.
[[nodiscard]] core::Result<> rotate_refresh_token(storage::Connection& connection,
                                                  std::string_view hash, const RefreshToken& next,
                                                  core::WallTime now);
/// Forgets every token of a user.
[[nodiscard]] core::Result<> delete_refresh_tokens(storage::Connection& connection, UserKey owner);
/// Forgets tokens that are dead at `now`, the oldest first; at most `limit`. Returns how many.
[[nodiscard]] core::Result<std::int64_t> purge_refresh_tokens(storage::Connection& connection,
                                                              core::WallTime now,
                                                              std::int64_t limit);

struct RegistrationCode {
    std::string code;
    auth::UserKind kind = auth::UserKind::student;
    std::int64_t max_uses = 1;
    std::int64_t uses = 0;
    std::vector<std::string> tags;
    core::WallTime expires_at;
    std::int64_t created_by = 0;
    core::WallTime created_at;
};
[[nodiscard]] core::Result<> insert_code(storage::Connection& connection,
                                         const RegistrationCode& code);
[[nodiscard]] core::Result<std::optional<RegistrationCode>> find_code(
    storage::Connection& connection, std::string_view code);
/// Counts one use more. Errors: conflict `check_violation` (used up).
[[nodiscard]] core::Result<> use_code(storage::Connection& connection, std::string_view code);
/// Takes one use back; a code that is gone is no error.
[[nodiscard]] core::Result<> give_code_back(storage::Connection& connection, std::string_view code);

/// A profile that the data node has not confirmed yet.
struct ProfileEntry {
    UserKey user;
    std::string name;
    std::vector<std::string> tags;
    std::string code;  ///< gets its use back when the data node refuses
    std::int64_t attempts = 0;
    core::WallTime next_at;
    /// The account was given to its client, so that a refusal of the data node may not undo it.
    bool is_promised = false;
};
[[nodiscard]] core::Result<> insert_profile(storage::Connection& connection,
                                            const ProfileEntry& entry);
[[nodiscard]] core::Result<std::vector<ProfileEntry>> due_profiles(storage::Connection& connection,
                                                                   core::WallTime now,
                                                                   std::int64_t limit);
[[nodiscard]] core::Result<> delete_profile(storage::Connection& connection, UserKey user);
/// Counts an attempt and says when the next one is.
[[nodiscard]] core::Result<> postpone_profile(storage::Connection& connection, UserKey user,
                                              core::WallTime next_at);
/// The account is given to its client; its profile follows at `next_at`.
[[nodiscard]] core::Result<> promise_profile(storage::Connection& connection, UserKey user,
                                             core::WallTime next_at);
/// At start: whatever was under way is due now.
[[nodiscard]] core::Result<> make_profiles_due(storage::Connection& connection);

}  // namespace courseselect::repo
