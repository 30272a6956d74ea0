#pragma once
/// Sessions: what a login opened and a logout, a newer login, idleness or an administrator ends.
/// The refresh tokens of a session share its id as their family; access tokens carry it as `sid`.
/// All functions run inside the caller's transaction.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "courseselect/repo/auth_users.hpp"

namespace courseselect::repo {

struct SessionRow {
    std::string id;
    UserKey owner;
    core::WallTime created_at;
    core::WallTime last_seen_at;  ///< of a call to the auth node with one of its tokens
    std::string address;          ///< from where it was opened
};

[[nodiscard]] core::Result<std::int64_t> count_sessions(storage::Connection& connection);
[[nodiscard]] core::Result<> insert_session(storage::Connection& connection,
                                            const SessionRow& session);
[[nodiscard]] core::Result<std::optional<SessionRow>> find_session_row(
    storage::Connection& connection, std::string_view id);
/// Notes that the session is in use.
[[nodiscard]] core::Result<> touch_session(storage::Connection& connection, std::string_view id,
                                           core::WallTime now);
/// A user's sessions, oldest first.
[[nodiscard]] core::Result<std::vector<SessionRow>> sessions_of(storage::Connection& connection,
                                                                UserKey owner);
/// Sessions nobody used since `before`, of administrators since `admins_before`, at most `limit`.
[[nodiscard]] core::Result<std::vector<SessionRow>> idle_sessions(storage::Connection& connection,
                                                                  core::WallTime before,
                                                                  core::WallTime admins_before,
                                                                  std::int64_t limit);

/// Ends a session: its refresh tokens are forgotten, and every node is told that its access tokens
/// are void. `access_lifetime` is how long the last of these may still live; 0 lets them die by
/// themselves and tells nobody.
[[nodiscard]] core::Result<> end_session(storage::Connection& connection, std::string_view id,
                                         core::WallTime now, std::chrono::seconds access_lifetime);
/// Ends all sessions of a user, whoever and wherever. Earlier access tokens that name no session
/// are void too.
[[nodiscard]] core::Result<> end_sessions_of(storage::Connection& connection, UserKey owner,
                                             core::WallTime now,
                                             std::chrono::seconds access_lifetime);
/// Ends the oldest sessions of a user until `keep` are left.
[[nodiscard]] core::Result<> end_oldest_sessions(storage::Connection& connection, UserKey owner,
                                                 std::size_t keep, core::WallTime now,
                                                 std::chrono::seconds access_lifetime);

}  // namespace courseselect::repo
