#include "courseselect/nodes/auth/user_login.hpp"

#include <utility>

#include "courseselect/nodes/auth/login.hpp"
#include "courseselect/nodes/auth/user_rules.hpp"
#include "courseselect/repo/auth_search.hpp"

namespace courseselect::nodes::accounts {
namespace {

using api::ErrorStyle;
using core::Errc;

constexpr const char* wrong_login = "Wrong email, username or password";
constexpr const char* login_needs_2fa =
    "2FA must be set up first: log in at /login/v1, then use /setup/2fa/v1 and /setup/2fa/v2";

core::Error login_refused(const char* reason, const char* text) {
    return {Errc::unauthenticated, reason, text};
}

bool must_have_2fa(const repo::User& user, const SecuritySettings& settings) {
    switch (user.key.kind) {
        case UserKind::student:
            return settings.students_need_2fa && user.origin != repo::UserOrigin::open;
        case UserKind::teacher: return settings.teachers_need_2fa;
        case UserKind::admin: return false;
    }
    return true;
}

/// What comes after the password, on the user's present row.
core::Result<> check_rest(storage::Connection& connection, const repo::User& user,
                          const std::string& totp_code, const SecuritySettings& settings,
                          core::WallTime now) {
    if (!user.is_active) {
        return core::Error(Errc::permission_denied, "inactive",
                           "Account is inactive; ask an administrator");
    }
    if (!user.has_2fa()) {
        return must_have_2fa(user, settings)
                   ? core::Error(Errc::permission_denied, "no_2fa", login_needs_2fa)
                   : core::Result<>();
    }
    if (totp_code.empty()) {
        return login_refused("totp_needed", "A 2FA code is needed: send totp_code too");
    }
    const auto used = use_totp(connection, user, totp_code, now);
    if (!used && is_refusal(used.error())) {
        return login_refused("totp_wrong", "Invalid 2FA code");
    }
    return used;
}

}  // namespace

void UserLogin::add_routes(api::Service& service) {
    service.add(api::post("/auth/login")
                    .summary("Log in with an email or a username.")
                    .tag("user sessions")
                    .errors(ErrorStyle::success_flag)
                    .body<wire::UserLoginBody>()
                    .error(401, wrong_login)
                    .error(401, "A 2FA code is needed: send totp_code too")
                    .error(401, "Invalid 2FA code")
                    .error(403, "Account is inactive; ask an administrator")
                    .error(403, login_needs_2fa)
                    .error(429, "Rate limit exceeded. Please wait N seconds."),
                [this](api::Context& context, wire::UserLoginBody body) {
                    return log_in(context, std::move(body));
                });
    service.add(api::post("/auth/logout")
                    .summary("End the session of this token, on every node.")
                    .tag("user sessions")
                    .errors(ErrorStyle::success_flag)
                    .access(api::Access::bearer),
                [this](api::Context& context) { return log_out(context); });
    service.add(api::get("/auth/me")
                    .summary("The user behind the token, and the wallet.")
                    .tag("user sessions")
                    .errors(ErrorStyle::success_flag)
                    .access(api::Access::bearer),
                [this](api::Context& context) { return me(context); });
}

async::Task<core::Result<std::optional<repo::User>>> UserLogin::find(std::string login) {
    auto look = [login = std::move(login)](storage::Connection& connection) {
        return login.find('@') == std::string::npos ? repo::find_user(connection, login)
                                                    : repo::find_user_by_email(connection, login);
    };
    auto found = co_await state_.readers->read(std::move(look));
    co_return found;
}

async::Task<core::Result<wire::UserLoggedIn>> UserLogin::log_in(api::Context& context,
                                                                wire::UserLoginBody body) {
    const std::string login = body.email.value_or(body.username.value_or(""));
    if (login.empty()) {
        context.faults.push_back(json::missing_error("body", "email"));
        co_return core::Error(Errc::invalid_argument, "no_login", "Send an email or a username");
    }
    COURSESELECT_CO_TRY(auto user, co_await find(login));
    // An account has one patience, by whatever name it is called.
    const std::string key = user ? user->username : login;
    COURSESELECT_CO_TRY_OK(state_.guesses.admit_password(context, key));
    std::optional<std::string> stored;
    if (user) {
        stored = user->password_hash;
    }
    COURSESELECT_CO_TRY(const bool matches,
                        co_await state_.passwords.verify(body.password, std::move(stored)));
    if (!matches) {
        user.reset();
    }
    std::string code = body.totp_code.value_or("");
    if (user && user->has_2fa() && !code.empty()) {
        COURSESELECT_CO_TRY_OK(state_.guesses.admit_totp(context, user->key));
    }
    repo::AuditEntry event = state_.event(context, "login", login.substr(0, 100));
    COURSESELECT_CO_TRY(auto session,
                        co_await open_session(std::move(event), user, std::move(code)));
    state_.guesses.forgive_password(key);
    state_.guesses.forgive_totp(user->key);
    if (state_.passwords.needs_rehash(user->password_hash)) {
        state_.tasks.spawn(Login::rehash(state_, *user, std::move(body.password)));
    }
    COURSESELECT_CO_TRY(auto tokens, state_.tokens.both(*user, session));
    co_return wire::UserLoggedIn{.message = "Login successful",
                                 .data = {.user = to_wire(*user),
                                          .access_token = std::move(tokens.access_token),
                                          .refresh_token = std::move(tokens.refresh_token),
                                          .expires_in = tokens.expires_in}};
}

async::Task<core::Result<NewSession>> UserLogin::open_session(repo::AuditEntry event,
                                                              std::optional<repo::User> user,
                                                              std::string totp_code) {
    NewSession session;
    if (user) {
        COURSESELECT_CO_TRY(session, state_.tokens.session(*user, true));
    }
    auto store = [user = std::move(user), code = std::move(totp_code), record = session.record,
                  &book = state_.sessions, &notices = state_.notices,
                  settings = state_.control.settings().security](
                     storage::Connection& connection,
                     repo::AuditEntry& entry) -> core::Result<bool> {
        if (!user) {
            return login_refused("bad_credentials", wrong_login);
        }
        entry.actor = repo::to_string(user->key);
        COURSESELECT_TRY(const auto present, repo::find_user(connection, user->key));
        if (!present || present->password_hash != user->password_hash) {
            return login_refused("bad_credentials", wrong_login);
        }
        COURSESELECT_TRY_OK(check_rest(connection, *present, code, settings, entry.time));
        COURSESELECT_TRY_OK(
            notices.tell_of_login(connection, user->key, entry.address, entry.time));
        COURSESELECT_TRY_OK(book.open(connection, record, entry.address, settings, entry.time));
        return true;
    };
    COURSESELECT_CO_TRY_OK(co_await state_.decide(std::move(event), std::move(store)));
    co_return session;
}

async::Task<core::Result<wire::Done>> UserLogin::log_out(api::Context& context) {
    auto end = [caller = caller_of(state_, context), &book = state_.sessions](
                   storage::Connection& connection, repo::AuditEntry& event) -> core::Result<bool> {
        COURSESELECT_TRY(const auto user, find_live_caller(connection, caller));
        // A token of before sessions had names speaks for all of its user's.
        COURSESELECT_TRY_OK(caller.session.empty()
                                ? book.end_all(connection, user.key, event.time)
                                : book.end(connection, caller.session, user.key.kind, event.time));
        return true;
    };
    repo::AuditEntry event = state_.event(context, "logout");
    COURSESELECT_CO_TRY_OK(co_await state_.decide(std::move(event), std::move(end)));
    co_return wire::Done{.message = "Logged out successfully"};
}

async::Task<core::Result<wire::OwnUser>> UserLogin::me(api::Context& context) {
    auto look = [caller = caller_of(state_, context)](
                    storage::Connection& connection) -> core::Result<wire::OwnUser> {
        COURSESELECT_TRY(const auto user, find_live_caller(connection, caller));
        COURSESELECT_TRY(const auto wallet, repo::find_wallet(connection, user.oid));
        COURSESELECT_CHECK(wallet.has_value());  // made with the user, and it stays
        return wire::OwnUser{.data = {.user = to_wire(user), .wallet = to_wire(*wallet)}};
    };
    auto seen = co_await state_.readers->read(std::move(look));
    co_return seen;
}

}  // namespace courseselect::nodes::accounts
