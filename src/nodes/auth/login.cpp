#include "courseselect/nodes/auth/login.hpp"

#include "courseselect/core/log.hpp"

namespace courseselect::nodes::accounts {
namespace {

namespace auth = courseselect::auth;
using core::Errc;

constexpr const char* needs_2fa = "Students must set up 2FA before logging in";

core::Error bad_credentials() {
    return {Errc::unauthenticated, "bad_credentials", "Invalid credentials"};
}

/// May this user finish a login here at all?
core::Result<> check_two_steps(const repo::User& user) {
    if (user.key.kind == UserKind::admin) {
        return core::Error(Errc::permission_denied, "admin", "Admins log in at /login/admin");
    }
    if (user.key.kind == UserKind::student && !user.has_2fa()) {
        return core::Error(Errc::permission_denied, "no_2fa", needs_2fa);
    }
    return {};
}

core::Result<wire::TokenOut> access_token(const AuthState& state, const repo::User& user) {
    COURSESELECT_TRY(auto issued, state.issue(user, TokenType::access));
    return wire::TokenOut{.access_token = std::move(issued.token),
                          .expires_in = issued.expires_in.count()};
}

}  // namespace

void Login::add_routes(api::Service& service) {
    service.add(api::post("/login/v1")
                    .summary("First step: name and password.")
                    .tag("login")
                    .body<wire::LoginStart>()
                    .error(401, "Invalid credentials")
                    .error(403, "Account is inactive"),
                [this](api::Context& context, wire::LoginStart body) {
                    return password_step(context, std::move(body));
                });
    service.add(api::post("/login/v2")
                    .summary("Second step: a 2FA code.")
                    .tag("login")
                    .access(api::Access::refresh)
                    .body<wire::TotpStepBody>()
                    .error(400, "Invalid 2FA code")
                    .error(403, needs_2fa)
                    .error(404, "User not found"),
                [this](api::Context& context, wire::TotpStepBody body) {
                    return totp_step(context, std::move(body));
                });
    service.add(api::post("/login/no-2fa")
                    .summary("Second step of those who have no 2FA.")
                    .tag("login")
                    .access(api::Access::refresh)
                    .error(400, "User has 2FA enabled, cannot use this endpoint")
                    .error(403, needs_2fa)
                    .error(404, "User not found"),
                [this](api::Context& context) { return no_second_step(context); });
    service.add(api::get("/check/2fa-status")
                    .summary("Which second step comes next.")
                    .tag("login")
                    .access(api::Access::refresh)
                    .error(404, "User not found"),
                [this](api::Context& context) { return status(context); });
    service.add(api::post("/login/admin")
                    .summary("An administrator logs in.")
                    .tag("login")
                    .body<wire::LoginStart>()
                    .error(401, "Invalid credentials"),
                [this](api::Context& context, wire::LoginStart body) {
                    return admin(context, std::move(body));
                });
}

async::Task<core::Result<repo::User>> Login::check_password(api::Context& context,
                                                            wire::LoginStart body, bool admins) {
    COURSESELECT_CO_TRY_OK(state_.admit_address(context));
    COURSESELECT_CO_TRY_OK(state_.admit_password(body.username));
    auto find = [name = body.username](storage::Connection& connection) {
        return repo::find_user(connection, name);
    };
    COURSESELECT_CO_TRY(auto user, co_await state_.readers->read(std::move(find)));
    // Who may not log in here is treated like nobody: same text, same time.
    const bool known = user && (user->key.kind == UserKind::admin) == admins;
    auto verify = [this, known, password = body.password,
                   stored = known ? user->password_hash : std::string()] {
        return known ? state_.hasher.verify(password, stored)
                     : state_.hasher.verify_unknown_user(password);
    };
    COURSESELECT_CO_TRY(const bool matches,
                        co_await state_.hashing.run(state_.runtime.loop, std::move(verify)));
    if (matches && user->is_active) {
        state_.forgive_password(body.username);
        if (state_.hasher.needs_rehash(user->password_hash)) {
            state_.tasks.spawn(rehash(state_, *user, std::move(body.password)));
        }
        co_return *std::move(user);
    }
    repo::AuditEntry event = state_.event(context, "login", body.username.substr(0, 100));
    event.outcome = matches ? "inactive" : "bad_credentials";
    auto note = [event = std::move(event)](storage::Connection& connection) {
        return repo::append_audit(connection, event);
    };
    COURSESELECT_CO_TRY_OK(co_await state_.writes->run(std::move(note)));
    co_return matches ? account_inactive() : bad_credentials();
}

async::Task<> Login::rehash(AuthState& state, repo::User user, core::Secret password) {
    auto hash = [&state, password = std::move(password)] { return state.hasher.hash(password); };
    auto hashed = co_await state.hashing.run(state.runtime.loop, std::move(hash));
    if (!hashed || !*hashed) {
        co_return;  // the next login tries again
    }
    auto keep = [key = user.key, old = user.password_hash,
                 made = **std::move(hashed)](storage::Connection& connection) {
        return repo::replace_password_hash(connection, key, old, made);
    };
    const auto kept = co_await state.writes->run(std::move(keep));
    if (!kept) {
        core::log::warn("rehash_not_kept", {{"error", kept.error()}});
    }
}

async::Task<core::Result<wire::LoginStarted>> Login::password_step(api::Context& context,
                                                                   wire::LoginStart body) {
    auto user = co_await check_password(context, std::move(body), false);
    if (!user) {
        co_return std::move(user).error();
    }
    COURSESELECT_CO_TRY(auto session, state_.make_session(*user, false));
    auto begin = [user = *user, record = session.record](
                     storage::Connection& connection,
                     repo::AuditEntry& event) -> core::Result<bool> {
        event.actor = repo::to_string(user.key);
        COURSESELECT_TRY(const auto present, repo::find_user(connection, user.key));
        if (!present || present->username != user.username) {
            return bad_credentials();
        }
        if (!present->is_active) {
            return account_inactive();
        }
        COURSESELECT_TRY_OK(repo::delete_refresh_tokens(connection, user.key));
        COURSESELECT_TRY_OK(repo::insert_refresh_token(connection, record));
        return true;
    };
    repo::AuditEntry event = state_.event(context, "login", user->username);
    COURSESELECT_CO_TRY_OK(co_await state_.decide(std::move(event), std::move(begin)));
    co_return wire::LoginStarted{.refresh_token = std::move(session.token),
                                 .expires_in = session.expires_in};
}

async::Task<core::Result<wire::AdminTokens>> Login::admin(api::Context& context,
                                                          wire::LoginStart body) {
    auto user = co_await check_password(context, std::move(body), true);
    if (!user) {
        co_return std::move(user).error();
    }
    COURSESELECT_CO_TRY(auto session, state_.make_session(*user, true));
    COURSESELECT_CO_TRY(auto access, state_.issue(*user, TokenType::access));
    auto begin = [record = session.record, now = state_.runtime.clock.wall_now()](
                     storage::Connection& connection,
                     repo::AuditEntry& event) -> core::Result<bool> {
        event.actor = repo::to_string(record.owner);
        COURSESELECT_TRY_OK(repo::purge_refresh_tokens(connection, now, 100));
        COURSESELECT_TRY_OK(repo::insert_refresh_token(connection, record));
        return true;
    };
    repo::AuditEntry event = state_.event(context, "login_admin", user->username);
    COURSESELECT_CO_TRY_OK(co_await state_.decide(std::move(event), std::move(begin)));
    co_return wire::AdminTokens{.access_token = std::move(access.token),
                                .refresh_token = std::move(session.token),
                                .expires_in = access.expires_in.count()};
}

async::Task<core::Result<wire::TokenOut>> Login::totp_step(api::Context& context,
                                                           wire::TotpStepBody body) {
    const Principal who = context.who();
    COURSESELECT_CO_TRY_OK(state_.admit_address(context));
    COURSESELECT_CO_TRY_OK(state_.admit_totp(key_of(who)));
    auto check = [who, hash = auth::refresh_token_hash(context.token), code = body.totp_code,
                  now = state_.runtime.clock.wall_now()](
                     storage::Connection& connection,
                     repo::AuditEntry&) -> core::Result<repo::User> {
        COURSESELECT_TRY(auto session, find_session(connection, who, hash, now));
        COURSESELECT_TRY_OK(check_two_steps(session.user));
        if (session.user.has_2fa()) {
            COURSESELECT_TRY_OK(use_totp(connection, session.user, code, now));
        }
        COURSESELECT_TRY_OK(repo::complete_refresh_token(connection, hash));
        return std::move(session.user);
    };
    repo::AuditEntry event = state_.event(context, "login_2fa");
    COURSESELECT_CO_TRY(const auto user,
                        co_await state_.decide(std::move(event), std::move(check)));
    state_.forgive_totp(user.key);
    co_return access_token(state_, user);
}

async::Task<core::Result<wire::TokenOut>> Login::no_second_step(api::Context& context) {
    COURSESELECT_CO_TRY_OK(state_.admit_address(context));
    auto check = [who = context.who(), hash = auth::refresh_token_hash(context.token),
                  now = state_.runtime.clock.wall_now()](
                     storage::Connection& connection,
                     repo::AuditEntry&) -> core::Result<repo::User> {
        COURSESELECT_TRY(auto session, find_session(connection, who, hash, now));
        COURSESELECT_TRY_OK(check_two_steps(session.user));
        if (session.user.has_2fa()) {
            return core::Error(Errc::invalid_argument, "has_2fa",
                               "User has 2FA enabled, cannot use this endpoint");
        }
        COURSESELECT_TRY_OK(repo::complete_refresh_token(connection, hash));
        return std::move(session.user);
    };
    repo::AuditEntry event = state_.event(context, "login_no_2fa");
    COURSESELECT_CO_TRY(const auto user,
                        co_await state_.decide(std::move(event), std::move(check)));
    co_return access_token(state_, user);
}

async::Task<core::Result<wire::TwoFactorStatus>> Login::status(api::Context& context) {
    COURSESELECT_CO_TRY_OK(state_.admit_address(context));
    auto look = [who = context.who(), hash = auth::refresh_token_hash(context.token),
                 now = state_.runtime.clock.wall_now()](storage::Connection& connection) {
        return find_session(connection, who, hash, now);
    };
    COURSESELECT_CO_TRY(const auto session, co_await state_.readers->read(std::move(look)));
    co_return wire::TwoFactorStatus{
        .has_2fa = session.user.has_2fa(),
        .user_type = std::string(auth::user_kind_name(session.user.key.kind)),
        .username = session.user.username};
}

}  // namespace courseselect::nodes::accounts
