#pragma once
/// What the paths of user management have in common: shapes, conflicts, who may what.

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "courseselect/nodes/auth/steps.hpp"
#include "courseselect/nodes/wire/user_api.hpp"
#include "courseselect/repo/auth_wallets.hpp"

namespace courseselect::nodes::accounts {

[[nodiscard]] wire::ManagedUser to_wire(const repo::User& user);
[[nodiscard]] wire::WalletSeen to_wire(const repo::Wallet& wallet);
/// Credits of hundredths.
[[nodiscard]] double credits(std::int64_t hundredths);

/// Names and addresses belong to one user. Errors: failed_precondition `username_taken`,
/// `email_taken` (a refusal, so that the audit has it; `as_conflict` makes it a 409).
[[nodiscard]] core::Result<> check_free(storage::Connection& connection, repo::UserKey owner,
                                        std::string_view username,
                                        const std::optional<std::string>& email);
/// A refusal for a reason that the contract calls a conflict becomes one.
[[nodiscard]] core::Error as_conflict(core::Error error);
template <class T>
[[nodiscard]] core::Result<T> as_conflict(core::Result<T> result) {
    if (!result) {
        return as_conflict(std::move(result).error());
    }
    return result;
}

/// The caller at this moment. Errors: unauthenticated (gone, inactive, session over).
[[nodiscard]] core::Result<repo::User> find_live_caller(storage::Connection& connection,
                                                        const Caller& caller);
/// The same, who is an administrator. Errors: also permission_denied.
[[nodiscard]] core::Result<repo::User> find_live_admin(storage::Connection& connection,
                                                       const Caller& caller);
/// The user of a path, whom administrators and that user may see. Errors: those of
/// `find_live_caller`; permission_denied (anybody else, whether such a user exists or not);
/// not_found.
[[nodiscard]] core::Result<repo::User> find_target(storage::Connection& connection,
                                                   const Caller& caller, std::string_view oid);

/// A new password of this contract has at least so many characters, whatever the settings say.
inline constexpr int user_password_length_min = 8;
/// The same for the contract of the five nodes.
inline constexpr int password_length_min = 6;
/// Names every way in which `password` breaks the policy among the faults of the request, under the
/// name of its field. Errors: invalid_argument (it does).
[[nodiscard]] core::Result<> check_password(api::Context& context, const core::Secret& password,
                                            const SecuritySettings& settings,
                                            int length_min = user_password_length_min,
                                            const char* field = "password");
/// The first way in which a password breaks the policy; empty: none.
[[nodiscard]] std::string password_fault(const core::Secret& password,
                                         const SecuritySettings& settings, int length_min);

}  // namespace courseselect::nodes::accounts
