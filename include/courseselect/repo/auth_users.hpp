#pragma once
/// Users of all kinds, their ids and the audit. All functions run inside the caller's transaction.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "courseselect/auth/principal.hpp"
#include "courseselect/core/clock.hpp"
#include "courseselect/core/result.hpp"
#include "courseselect/core/secret.hpp"
#include "courseselect/storage/connection.hpp"

namespace courseselect::repo {

/// Student 1 and teacher 1 are different people: every reference needs both.
struct UserKey {
    auth::UserKind kind = auth::UserKind::student;
    std::int64_t id = 0;

    friend auto operator<=>(const UserKey&, const UserKey&) = default;
};
/// "student:17", for the audit and as a key of limits.
[[nodiscard]] std::string to_string(UserKey key);

/// How an account came into being; it decides how its owner may log in.
enum class UserOrigin : std::uint8_t {
    code,   ///< with a registration code, or by an administrator for a person who is known
    open,   ///< by itself, where registration is open, or at `POST /users`
    admin,  ///< an administrator's
};

struct User {
    UserKey key;
    std::string username;
    std::string password_hash;
    core::Secret totp_secret;                    ///< empty: 2FA is off
    core::Secret pending_totp_secret;            ///< handed out, not yet confirmed
    std::optional<std::int64_t> last_used_step;  ///< of the last code that logged in
    bool is_active = true;
    bool must_change_password = false;
    core::WallTime created_at;
    core::WallTime updated_at;
    /// 24 hexadecimal digits that stay when the number changes; given by the database.
    std::string oid;
    std::optional<std::string> email;  ///< one user an address, whatever its case
    UserOrigin origin = UserOrigin::code;

    [[nodiscard]] bool has_2fa() const { return !totp_secret.empty(); }
};

/// Whatever the case of the name.
[[nodiscard]] core::Result<std::optional<User>> find_user(storage::Connection& connection,
                                                          std::string_view username);
[[nodiscard]] core::Result<std::optional<User>> find_user(storage::Connection& connection,
                                                          UserKey key);
[[nodiscard]] core::Result<bool> has_admins(storage::Connection& connection);
/// The database adds an `oid` and a wallet. Errors: conflict `unique_violation` (name, id or
/// address exists).
[[nodiscard]] core::Result<> insert_user(storage::Connection& connection, const User& user);
/// Their sessions and undelivered profile go with them.
[[nodiscard]] core::Result<> delete_user(storage::Connection& connection, UserKey key);
/// Sessions and undelivered profile follow.
[[nodiscard]] core::Result<> change_user_id(storage::Connection& connection, UserKey key,
                                            std::int64_t new_id);
/// Replaces the hash if it still is `expected`.
[[nodiscard]] core::Result<> replace_password_hash(storage::Connection& connection, UserKey key,
                                                   std::string_view expected,
                                                   std::string_view hash);
/// Lets a user in or keeps them out; sessions and profile stay as they are.
[[nodiscard]] core::Result<> set_active(storage::Connection& connection, UserKey key,
                                        bool is_active, core::WallTime now);
[[nodiscard]] core::Result<> set_pending_totp(storage::Connection& connection, UserKey key,
                                              const core::Secret& secret, core::WallTime now);
/// The pending secret becomes the active one.
[[nodiscard]] core::Result<> activate_totp(storage::Connection& connection, UserKey key,
                                           core::WallTime now);
/// Remembers the step of an accepted code.
[[nodiscard]] core::Result<> set_used_step(storage::Connection& connection, UserKey key,
                                           std::int64_t step);

/// Adds ids `first` to `first + count - 1` to those that may be handed out.
[[nodiscard]] core::Result<> add_id_block(storage::Connection& connection, auth::UserKind kind,
                                          std::int64_t first, std::int64_t count);
/// The next id that nobody has, once and for all: a data node that was restored from an older copy
/// may reserve ids a second time. Errors: unavailable `ids_exhausted`.
[[nodiscard]] core::Result<std::int64_t> take_id(storage::Connection& connection,
                                                 auth::UserKind kind);
[[nodiscard]] core::Result<std::int64_t> ids_left(storage::Connection& connection,
                                                  auth::UserKind kind);

/// One security event.
struct AuditEntry {
    core::WallTime time;
    std::string actor;   ///< "admin:1", or "" for nobody known
    std::string action;  ///< "login"
    std::string target;  ///< what it was done to
    std::string address;
    std::string request_id;
    std::string outcome;  ///< "ok" or why not
};
[[nodiscard]] core::Result<> append_audit(storage::Connection& connection, const AuditEntry& entry);

}  // namespace courseselect::repo
