#pragma once
/// What administrators see and change of other people's accounts (contract §3.4).
/// All functions run inside the caller's transaction.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "courseselect/repo/auth_search.hpp"
#include "courseselect/repo/auth_users.hpp"

namespace courseselect::repo {

/// What a user is called besides the user name; two people may be called the same. Nothing: not
/// known.
[[nodiscard]] core::Result<std::optional<std::string>> find_display_name(
    storage::Connection& connection, UserKey key);
[[nodiscard]] core::Result<> set_display_name(storage::Connection& connection, UserKey key,
                                              std::string_view name);

/// Which users a listing shows.
struct UserFilter {
    std::optional<auth::UserKind> kind;
    /// Part of the user name, whatever its case; `%` and `_` are themselves. Empty: all.
    std::string search;
};
/// Newest first, from indexes and kept totals; bounds of a search are those of `search_users`.
[[nodiscard]] core::Result<FoundUsers> find_users_page(storage::Connection& connection,
                                                       const UserFilter& filter,
                                                       std::int64_t offset, std::int64_t limit);
/// Administrators who may log in.
[[nodiscard]] core::Result<std::int64_t> count_active_admins(storage::Connection& connection);

/// Another password, and whether its owner is asked to change it again.
[[nodiscard]] core::Result<> set_password(storage::Connection& connection, UserKey key,
                                          std::string_view hash, bool must_change,
                                          core::WallTime now);
/// 2FA is off; a secret that was handed out is forgotten too.
[[nodiscard]] core::Result<> clear_totp(storage::Connection& connection, UserKey key,
                                        core::WallTime now);

/// A user who is being deleted and whose profile in the data node has to go as well.
struct Removal {
    UserKey user;
    std::string username;
    /// The account is gone already. Else it waits for the data node, which may refuse (a teacher
    /// with courses), and goes with the profile.
    bool is_decided = true;
    std::int64_t attempts = 0;
    core::WallTime next_at;
};
/// Notes a removal; one that is noted already stays.
[[nodiscard]] core::Result<> insert_removal(storage::Connection& connection,
                                            const Removal& removal);
/// Those due at `now`, the longest waiting first.
[[nodiscard]] core::Result<std::vector<Removal>> due_removals(storage::Connection& connection,
                                                              core::WallTime now,
                                                              std::int64_t limit);
[[nodiscard]] core::Result<> delete_removal(storage::Connection& connection, UserKey user);
/// Counts an attempt and says when the next one is.
[[nodiscard]] core::Result<> postpone_removal(storage::Connection& connection, UserKey user,
                                              core::WallTime next_at);

}  // namespace courseselect::repo
