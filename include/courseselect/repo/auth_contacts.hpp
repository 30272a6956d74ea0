#pragma once
/// How users are reached, and how far those who are told in turn have been told. All functions run
/// inside the caller's transaction.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "courseselect/repo/auth_users.hpp"

namespace courseselect::repo {

/// Whom a message is for. Administrators and users themselves say how they are reached.
struct Contact {
    UserKey user;
    std::int64_t number = 0;  ///< in the order in which users were made
    std::string username;
    std::optional<std::string> name;   ///< what they are called, when that is known
    std::optional<std::string> email;  ///< one user an address
    std::optional<std::string> phone;  ///< `+` and digits; several users may share one
    std::optional<std::string> group;
};

[[nodiscard]] core::Result<std::optional<Contact>> find_contact(storage::Connection& connection,
                                                                UserKey key);
/// Active users of a kind with an address or a telephone number, made after `number`, in order.
[[nodiscard]] core::Result<std::vector<Contact>> contacts_after(storage::Connection& connection,
                                                                auth::UserKind kind,
                                                                std::int64_t number,
                                                                std::int64_t limit);
/// Writes name, email, phone and group of `contact` as they are; the rest stays.
/// Errors: conflict `unique_violation` (the address is another user's).
[[nodiscard]] core::Result<> set_contact(storage::Connection& connection, const Contact& contact,
                                         core::WallTime now);

/// Whether one of the latest entries of the audit by this user, who was let in, came from there.
[[nodiscard]] core::Result<bool> is_known_address(storage::Connection& connection, UserKey key,
                                                  std::string_view address);
/// Entries of the audit that `is_known_address` looks at.
inline constexpr std::int64_t known_addresses_looked_at = 50;

/// How far a round of messages has come; nothing: it has not begun.
[[nodiscard]] core::Result<std::optional<std::int64_t>> find_progress(
    storage::Connection& connection, std::string_view round);
[[nodiscard]] core::Result<> set_progress(storage::Connection& connection, std::string_view round,
                                          std::int64_t position);
[[nodiscard]] core::Result<> drop_progress(storage::Connection& connection, std::string_view round);

}  // namespace courseselect::repo
