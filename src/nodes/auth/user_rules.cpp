#include "courseselect/nodes/auth/user_rules.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "courseselect/auth/password.hpp"
#include "courseselect/repo/auth_search.hpp"

namespace courseselect::nodes::accounts {
namespace {

using core::Errc;

constexpr const char* over_text = "Invalid token: log in again";

/// How many of lower case, upper case, digits and others there are.
int character_classes(std::string_view text) {
    bool lower = false, upper = false, digit = false, other = false;
    for (const char c : text) {
        const bool is_lower = c >= 'a' && c <= 'z', is_upper = c >= 'A' && c <= 'Z',
                   is_digit = c >= '0' && c <= '9';
        lower |= is_lower;
        upper |= is_upper;
        digit |= is_digit;
        other |= !is_lower && !is_upper && !is_digit;
    }
    return int{lower} + int{upper} + int{digit} + int{other};
}

void add_password_fault(api::Context& context, const char* field, std::string text) {
    context.faults.push_back(
        {.type = "password_policy", .loc = {"body", field}, .msg = std::move(text), .ctx = {}});
}

std::vector<std::string> password_faults(const core::Secret& password,
                                         const SecuritySettings& settings, int length_min) {
    std::vector<std::string> faults;
    const int characters = std::max(length_min, settings.password_length_min);
    const courseselect::auth::PasswordPolicy policy{.characters_min =
                                                        static_cast<std::size_t>(characters)};
    const auto checked = policy.check(password.reveal());
    if (!checked) {
        faults.push_back(checked.error().detail());
    }
    if (character_classes(password.reveal()) < settings.password_classes_min) {
        faults.push_back(
            fmt::format("Use characters of {} kinds at least: lower case, upper case, digits, "
                        "others",
                        settings.password_classes_min));
    }
    return faults;
}

}  // namespace

wire::ManagedUser to_wire(const repo::User& user) {
    return {.id = user.oid,
            .email = user.email,
            .username = user.username,
            .status = user.is_active ? "active" : "inactive",
            .created_at = user.created_at,
            .updated_at = user.updated_at};
}

double credits(std::int64_t hundredths) { return static_cast<double>(hundredths) / 100; }

wire::WalletSeen to_wire(const repo::Wallet& wallet) {
    return {.id = wallet.oid, .user_id = wallet.owner, .balance = credits(wallet.balance)};
}

core::Result<> check_free(storage::Connection& connection, repo::UserKey owner,
                          std::string_view username, const std::optional<std::string>& email) {
    COURSESELECT_TRY(const auto named, repo::find_user(connection, username));
    if (named && named->key != owner) {
        return core::Error(Errc::failed_precondition, "username_taken",
                           "This username is taken; choose another one");
    }
    if (email) {
        COURSESELECT_TRY(const auto addressed, repo::find_user_by_email(connection, *email));
        if (addressed && addressed->key != owner) {
            return core::Error(Errc::failed_precondition, "email_taken",
                               "This email is registered already; log in or use another one");
        }
    }
    return {};
}

core::Error as_conflict(core::Error error) {
    constexpr const char* conflicts[] = {"username_taken", "email_taken", "last_admin",
                                         "request_reused", "wallet_range"};
    for (const char* const reason : conflicts) {
        if (error.code() == Errc::failed_precondition && error.reason() == reason) {
            return {Errc::conflict, reason, error.detail()};
        }
    }
    return error;
}

core::Result<repo::User> find_live_caller(storage::Connection& connection, const Caller& caller) {
    auto user = find_caller(connection, caller);
    if (!user && is_refusal(user.error())) {
        return core::Error(Errc::unauthenticated, "session_over", over_text);
    }
    return user;
}

core::Result<repo::User> find_live_admin(storage::Connection& connection, const Caller& caller) {
    COURSESELECT_TRY(auto user, find_live_caller(connection, caller));
    if (user.key.kind != UserKind::admin) {
        return core::Error(Errc::permission_denied, "not_admin", "Admin access required");
    }
    return user;
}

core::Result<repo::User> find_target(storage::Connection& connection, const Caller& caller,
                                     std::string_view oid) {
    COURSESELECT_TRY(auto self, find_live_caller(connection, caller));
    if (self.oid == oid) {
        return self;
    }
    if (self.key.kind != UserKind::admin) {
        return core::Error(Errc::permission_denied, "not_own",
                           "Only this user and administrators may do that");
    }
    COURSESELECT_TRY(auto target, repo::find_user_by_oid(connection, oid));
    if (!target) {
        return core::Error(Errc::not_found, "user_gone", "User not found");
    }
    return *std::move(target);
}

core::Result<> check_password(api::Context& context, const core::Secret& password,
                              const SecuritySettings& settings, int length_min, const char* field) {
    for (std::string& fault : password_faults(password, settings, length_min)) {
        add_password_fault(context, field, std::move(fault));
    }
    if (!context.faults.empty()) {
        return core::Error(Errc::invalid_argument, "password_policy",
                           "The password is too simple; see errors");
    }
    return {};
}

std::string password_fault(const core::Secret& password, const SecuritySettings& settings,
                           int length_min) {
    std::vector<std::string> faults = password_faults(password, settings, length_min);
    return faults.empty() ? std::string() : std::move(faults.front());
}

}  // namespace courseselect::nodes::accounts
