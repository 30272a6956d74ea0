#include "courseselect/nodes/auth/own_account.hpp"

#include "courseselect/auth/totp.hpp"
#include "courseselect/nodes/auth/steps.hpp"
#include "courseselect/nodes/auth/user_rules.hpp"
#include "courseselect/repo/auth_administration.hpp"

namespace courseselect::nodes::accounts {
namespace {

namespace auth = courseselect::auth;
using core::Errc;

constexpr const char* bad_password = "Incorrect password";
constexpr const char* bad_old_password = "Incorrect old password";

core::Error own_account_fault(const char* reason, const char* text) {
    return {Errc::invalid_argument, reason, text};
}

/// The caller still is who proved to be them: nobody changed the password meanwhile.
core::Result<repo::User> find_proven(storage::Connection& connection, const Caller& caller,
                                     const repo::User& proven, const char* text) {
    COURSESELECT_TRY(auto user, find_caller(connection, caller));
    if (user.password_hash != proven.password_hash) {
        return own_account_fault("password_changed", text);
    }
    return user;
}

}  // namespace

void OwnAccount::add_routes(api::Service& service) {
    service.add(api::post("/user/change-password")
                    .summary("Change one's own password; every session ends.")
                    .tag("own account")
                    .access(api::Access::bearer)
                    .body<wire::PasswordChange>()
                    .error(400, bad_old_password)
                    .error(404, "User not found"),
                [this](api::Context& context, wire::PasswordChange body) {
                    return change_password(context, std::move(body));
                });
    service.add(api::post("/user/2fa/setup")
                    .summary("Ask for a 2FA secret; it counts once it is verified.")
                    .tag("own account")
                    .access(api::Access::bearer)
                    .body<wire::PasswordProof>()
                    .error(400, bad_password)
                    .error(400, "2FA is already enabled")
                    .error(400, "Admins have no 2FA")
                    .error(404, "User not found"),
                [this](api::Context& context, wire::PasswordProof body) {
                    return set_up_totp(context, std::move(body));
                });
    service.add(api::post("/user/2fa/verify")
                    .summary("Turn 2FA on with a code made from the secret.")
                    .tag("own account")
                    .access(api::Access::bearer)
                    .body<wire::TotpStepBody>()
                    .error(400, "2FA not set up")
                    .error(400, "Invalid 2FA code")
                    .error(404, "User not found"),
                [this](api::Context& context, wire::TotpStepBody body) {
                    return verify_totp(context, std::move(body));
                });
    service.add(api::post("/user/2fa/disable")
                    .summary("Turn 2FA off.")
                    .tag("own account")
                    .access(api::Access::bearer)
                    .body<wire::TotpDisable>()
                    .error(400, bad_password)
                    .error(400, "2FA is not enabled")
                    .error(400, "Invalid 2FA code")
                    .error(404, "User not found"),
                [this](api::Context& context, wire::TotpDisable body) {
                    return disable_totp(context, std::move(body));
                });
    service.add(api::get("/user/2fa/status")
                    .summary("Whether the caller has 2FA.")
                    .tag("own account")
                    .access(api::Access::bearer)
                    .error(404, "User not found"),
                [this](api::Context& context) { return status(context); });
}

async::Task<core::Result<repo::User>> OwnAccount::prove(api::Context& context,
                                                        core::Secret password, std::string action,
                                                        std::string text) {
    auto find = [caller = caller_of(state_, context)](storage::Connection& connection) {
        return find_caller(connection, caller);
    };
    COURSESELECT_CO_TRY(auto user, co_await state_.readers->read(find));
    COURSESELECT_CO_TRY_OK(state_.guesses.admit_password(context, user.username));
    COURSESELECT_CO_TRY(const bool matches,
                        co_await state_.passwords.verify(std::move(password), user.password_hash));
    if (!matches) {
        auto refuse = [text](storage::Connection&, repo::AuditEntry&) -> core::Result<bool> {
            return core::Error(Errc::invalid_argument, "password_wrong", text);
        };
        repo::AuditEntry event = state_.event(context, std::move(action));
        COURSESELECT_CO_TRY_OK(co_await state_.decide(std::move(event), std::move(refuse)));
    }
    state_.guesses.forgive_password(user.username);
    co_return user;
}

async::Task<core::Result<wire::Done>> OwnAccount::change_password(api::Context& context,
                                                                  wire::PasswordChange body) {
    COURSESELECT_CO_TRY_OK(check_password(context, body.new_password,
                                          state_.control.settings().security, password_length_min,
                                          "new_password"));
    COURSESELECT_CO_TRY(const auto proven, co_await prove(context, std::move(body.old_password),
                                                          "change_password", bad_old_password));
    COURSESELECT_CO_TRY(auto hash, co_await state_.passwords.hash(std::move(body.new_password)));
    auto change = [caller = caller_of(state_, context), proven, hash = std::move(hash),
                   &book = state_.sessions,
                   &notices = state_.notices](storage::Connection& connection,
                                              repo::AuditEntry& event) -> core::Result<bool> {
        COURSESELECT_TRY(const auto user,
                         find_proven(connection, caller, proven, bad_old_password));
        COURSESELECT_TRY_OK(repo::set_password(connection, user.key, hash, false, event.time));
        COURSESELECT_TRY_OK(book.end_all(connection, user.key, event.time));
        const Notice notice{.event = "password_changed", .user = user.key};
        COURSESELECT_TRY_OK(notices.tell(connection, notice, event.time));
        return true;
    };
    repo::AuditEntry event = state_.event(context, "change_password");
    COURSESELECT_CO_TRY_OK(co_await state_.decide(std::move(event), std::move(change)));
    co_return wire::Done{.message = "Password changed successfully"};
}

async::Task<core::Result<wire::OwnTotpSetup>> OwnAccount::set_up_totp(api::Context& context,
                                                                      wire::PasswordProof body) {
    COURSESELECT_CO_TRY(const auto proven, co_await prove(context, std::move(body.password),
                                                          "own_2fa_setup", bad_password));
    const core::Secret secret = auth::make_totp_secret(state_.runtime.random);
    auto keep = [caller = caller_of(state_, context), proven, secret](
                    storage::Connection& connection,
                    repo::AuditEntry& event) -> core::Result<bool> {
        COURSESELECT_TRY(const auto user, find_proven(connection, caller, proven, bad_password));
        if (user.key.kind == UserKind::admin) {
            return own_account_fault("admin", "Admins have no 2FA");
        }
        if (user.has_2fa()) {
            return own_account_fault("has_2fa", "2FA is already enabled");
        }
        COURSESELECT_TRY_OK(repo::set_pending_totp(connection, user.key, secret, event.time));
        return true;
    };
    repo::AuditEntry event = state_.event(context, "own_2fa_setup");
    COURSESELECT_CO_TRY_OK(co_await state_.decide(std::move(event), std::move(keep)));
    const std::string uri = auth::totp_uri(proven.username, secret);
    const std::string shown(secret.reveal());
    co_return wire::OwnTotpSetup{.totp_secret = shown,
                                 .totp_uri = uri,
                                 .message = "Scan the code, then verify with a 2FA code",
                                 .secret = shown,
                                 .qr_uri = uri};
}

async::Task<core::Result<wire::Done>> OwnAccount::verify_totp(api::Context& context,
                                                              wire::TotpStepBody body) {
    const repo::UserKey key = key_of(context.who());
    COURSESELECT_CO_TRY_OK(state_.guesses.admit_totp(context, key));
    auto confirm = [caller = caller_of(state_, context), code = std::move(body.totp_code)](
                       storage::Connection& connection,
                       repo::AuditEntry& event) -> core::Result<bool> {
        COURSESELECT_TRY(const auto user, find_caller(connection, caller));
        if (user.has_2fa() || user.pending_totp_secret.empty()) {
            return own_account_fault("not_set_up", "2FA not set up");
        }
        COURSESELECT_TRY_OK(confirm_totp(connection, user, code, event.time));
        return true;
    };
    repo::AuditEntry event = state_.event(context, "own_2fa_on");
    COURSESELECT_CO_TRY_OK(co_await state_.decide(std::move(event), std::move(confirm)));
    state_.guesses.forgive_totp(key);
    co_return wire::Done{.message = "2FA verified successfully"};
}

async::Task<core::Result<wire::Done>> OwnAccount::disable_totp(api::Context& context,
                                                               wire::TotpDisable body) {
    const repo::UserKey key = key_of(context.who());
    COURSESELECT_CO_TRY(const auto proven, co_await prove(context, std::move(body.password),
                                                          "own_2fa_off", bad_password));
    COURSESELECT_CO_TRY_OK(state_.guesses.admit_totp(context, key));
    auto clear = [caller = caller_of(state_, context), proven, code = std::move(body.totp_code),
                  &notices = state_.notices](storage::Connection& connection,
                                             repo::AuditEntry& event) -> core::Result<bool> {
        COURSESELECT_TRY(const auto user, find_proven(connection, caller, proven, bad_password));
        if (!user.has_2fa()) {
            return own_account_fault("no_2fa", "2FA is not enabled");
        }
        COURSESELECT_TRY_OK(use_totp(connection, user, code, event.time));
        COURSESELECT_TRY_OK(repo::clear_totp(connection, user.key, event.time));
        const Notice notice{.event = "two_factor_reset", .user = user.key};
        COURSESELECT_TRY_OK(notices.tell(connection, notice, event.time));
        return true;
    };
    repo::AuditEntry event = state_.event(context, "own_2fa_off");
    COURSESELECT_CO_TRY_OK(co_await state_.decide(std::move(event), std::move(clear)));
    state_.guesses.forgive_totp(key);
    co_return wire::Done{.message = "2FA disabled successfully"};
}

async::Task<core::Result<wire::TwoFactorStatus>> OwnAccount::status(api::Context& context) {
    auto find = [caller = caller_of(state_, context)](storage::Connection& connection) {
        return find_caller(connection, caller);
    };
    COURSESELECT_CO_TRY(const auto user, co_await state_.readers->read(std::move(find)));
    co_return wire::TwoFactorStatus{.has_2fa = user.has_2fa(),
                                    .user_type = std::string(auth::user_kind_name(user.key.kind)),
                                    .username = user.username};
}

}  // namespace courseselect::nodes::accounts
