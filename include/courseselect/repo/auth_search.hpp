#pragma once
/// Users by their `oid`, their address, or parts of what they are called; and their changes.
/// All functions run inside the caller's transaction.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "courseselect/repo/auth_users.hpp"

namespace courseselect::repo {

/// At start: ids made from now on carry this part, 10 hexadecimal digits, so that two runs on one
/// database, or on a restored copy of it, do not make the same.
[[nodiscard]] core::Result<> begin_object_ids(storage::Connection& connection,
                                              std::string_view process);

[[nodiscard]] core::Result<std::optional<User>> find_user_by_oid(storage::Connection& connection,
                                                                 std::string_view oid);
/// Whatever the case of the address.
[[nodiscard]] core::Result<std::optional<User>> find_user_by_email(storage::Connection& connection,
                                                                   std::string_view email);

/// What is given changes.
struct UserChange {
    std::optional<std::string> username;
    std::optional<std::string> email;
    std::optional<std::string> phone;
    std::optional<bool> is_active;
};
/// An undelivered profile gets the new name too.
/// Errors: conflict `unique_violation` (name or address exists).
[[nodiscard]] core::Result<> change_user(storage::Connection& connection, UserKey key,
                                         const UserChange& change, core::WallTime now);

/// Which users are wanted; what is not given does not matter.
struct UserSearch {
    /// Part of the name, whatever its case; one or two characters are its beginning.
    std::string username;
    std::string email;  ///< the same for the address
    std::optional<bool> is_active;
    std::optional<auth::UserKind> kind;
    bool newest_first = false;
    /// One or two characters of the name are looked for anywhere, too.
    bool is_short_anywhere = false;
};
/// One page of them.
struct FoundUsers {
    std::vector<User> users;  ///< in the order in which they were made, or the opposite
    std::int64_t total = 0;   ///< of all pages, as far as they were counted
    bool is_exact = true;     ///< false: there are more than `total`
};
/// Matches of a text are counted to here, and to the end of the page that is asked for.
inline constexpr std::int64_t counted_users_max = 1'000;
/// Matches of a text that can be reached; whoever finds more should say more.
inline constexpr std::int64_t found_users_max = 10'000;
/// When no more users than these are of the status or kind that is asked for, they are compared one
/// by one, within an index: sooner than finding so few among all that have the text.
inline constexpr std::int64_t walked_users_max = 2'000;

/// How many there are; all kinds, or both statuses, where none is given. From kept totals.
[[nodiscard]] core::Result<std::int64_t> users_counted(storage::Connection& connection,
                                                       std::optional<auth::UserKind> kind,
                                                       std::optional<bool> is_active);

[[nodiscard]] core::Result<std::int64_t> users_with_2fa(storage::Connection& connection);

/// Answered from indexes alone. Without any text every user can be reached, with one the first
/// `found_users_max` matches. A part of three characters or more is found by the index of parts, a
/// shorter one that may be anywhere by the index of pairs, unless the address is asked for too.
[[nodiscard]] core::Result<FoundUsers> search_users(storage::Connection& connection,
                                                    const UserSearch& search, std::int64_t offset,
                                                    std::int64_t limit);
/// Whether `search` wants this user: for lists that are short for other reasons.
[[nodiscard]] bool is_wanted(const UserSearch& search, const User& user);

/// Writes a user's present name, address and status into the search index. For whoever changes one
/// of them.
[[nodiscard]] core::Result<> index_user(storage::Connection& connection, UserKey key);
/// Before the user goes.
[[nodiscard]] core::Result<> unindex_user(storage::Connection& connection, UserKey key);

}  // namespace courseselect::repo
