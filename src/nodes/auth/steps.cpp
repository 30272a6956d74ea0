#include "courseselect/nodes/auth/steps.hpp"

#include "courseselect/auth/token_issuer.hpp"
#include "courseselect/auth/totp.hpp"
#include "courseselect/repo/auth_sessions.hpp"
#include "courseselect/repo/auth_tokens.hpp"

namespace courseselect::nodes::accounts {

namespace auth = courseselect::auth;
using core::Errc;

namespace {

core::Result<> check_session(storage::Connection& connection, const Caller& caller) {
    if (caller.session.empty()) {
        return {};
    }
    COURSESELECT_TRY(const auto session, repo::find_session_row(connection, caller.session));
    if (!session) {
        return core::Error(Errc::unauthenticated, "session_over", "Invalid token");
    }
    return {};
}

}  // namespace

core::Error invalid_totp() { return {Errc::invalid_argument, "totp_wrong", "Invalid 2FA code"}; }

core::Error account_inactive() {
    return {Errc::permission_denied, "inactive", "Account is inactive"};
}

core::Result<Session> find_session(storage::Connection& connection, const Principal& who,
                                   std::string_view hash, core::WallTime now,
                                   std::string_view text) {
    COURSESELECT_TRY(auto user, repo::find_user(connection, key_of(who)));
    if (!user) {
        return core::Error(Errc::not_found, "user_gone", "User not found");
    }
    COURSESELECT_TRY(auto record, repo::find_refresh_token(connection, hash));
    if (!record || record->revoked_at || record->expires_at <= now) {
        return core::Error(Errc::unauthenticated, "session_over", std::string(text));
    }
    if (!user->is_active) {
        return account_inactive();
    }
    return Session{*std::move(user), *std::move(record)};
}

async::Task<core::Result<Session>> take_step(AuthState& state, api::Context& context,
                                             SessionStep step) {
    const Principal who = context.who();
    if (step.takes_totp) {
        COURSESELECT_CO_TRY_OK(state.guesses.admit_totp(context, key_of(who)));
    } else {
        COURSESELECT_CO_TRY_OK(state.guesses.admit(context));
    }
    auto take = [who, hash = auth::refresh_token_hash(context.token), check = std::move(step.check),
                 gone = step.gone_text, &book = state.sessions,
                 settings = state.control.settings().security,
                 now = state.runtime.clock.wall_now()](storage::Connection& connection,
                                                       repo::AuditEntry&) -> core::Result<Session> {
        COURSESELECT_TRY(auto session, find_session(connection, who, hash, now, gone));
        COURSESELECT_TRY(const bool is_alive,
                         book.use(connection, session.record.family, settings, now));
        if (!is_alive) {
            return core::Error(Errc::unauthenticated, "session_idle", std::string(gone));
        }
        COURSESELECT_TRY_OK(check(connection, session, now));
        return session;
    };
    repo::AuditEntry event = state.event(context, std::move(step.action));
    COURSESELECT_CO_TRY(auto session, co_await state.decide(std::move(event), std::move(take)));
    if (step.takes_totp) {
        state.guesses.forgive_totp(session.user.key);
    }
    co_return session;
}

async::Task<core::Result<wire::TokenOut>> take_last_step(AuthState& state, api::Context& context,
                                                         SessionStep step) {
    step.check = [check = std::move(step.check)](storage::Connection& connection,
                                                 const Session& session,
                                                 core::WallTime now) -> core::Result<> {
        COURSESELECT_TRY_OK(check(connection, session, now));
        return repo::complete_refresh_token(connection, session.record.hash);
    };
    COURSESELECT_CO_TRY(const auto session, co_await take_step(state, context, std::move(step)));
    co_return state.tokens.access(session.user, session.record.family);
}

core::Result<> use_totp(storage::Connection& connection, const repo::User& user,
                        std::string_view code, core::WallTime now) {
    const auto step = auth::verify_totp(user.totp_secret, code, now, user.last_used_step);
    if (!step) {
        return invalid_totp();
    }
    return repo::set_used_step(connection, user.key, *step);
}

core::Result<> confirm_totp(storage::Connection& connection, const repo::User& user,
                            std::string_view code, core::WallTime now) {
    if (!auth::verify_totp(user.pending_totp_secret, code, now, std::nullopt)) {
        return invalid_totp();
    }
    return repo::activate_totp(connection, user.key, now);
}

Caller caller_of(const AuthState& state, const api::Context& context) {
    const auto claims = state.tokens.claims(context.token, TokenType::access);
    return {context.who(), claims ? claims->session_id : std::string()};
}

core::Result<repo::User> find_caller(storage::Connection& connection, const Caller& caller) {
    COURSESELECT_TRY(auto user, repo::find_user(connection, key_of(caller.who)));
    if (!user) {
        return core::Error(Errc::not_found, "user_gone", "User not found");
    }
    if (!user->is_active) {
        return core::Error(Errc::unauthenticated, "inactive", "Invalid token");
    }
    COURSESELECT_TRY_OK(check_session(connection, caller));
    return *std::move(user);
}

core::Result<repo::User> find_admin(storage::Connection& connection, const Caller& caller) {
    COURSESELECT_TRY(auto admin, repo::find_user(connection, key_of(caller.who)));
    if (!admin || !admin->is_active) {
        return core::Error(Errc::not_found, "admin_gone", "Admin not found");
    }
    COURSESELECT_TRY_OK(check_session(connection, caller));
    return *std::move(admin);
}

async::Task<core::Result<>> require_admin(AuthState& state, api::Context& context) {
    auto look = [caller = caller_of(state, context)](storage::Connection& connection) {
        return find_admin(connection, caller);
    };
    COURSESELECT_CO_TRY_OK(co_await state.readers->read(std::move(look)));
    co_return core::Result<>();
}

}  // namespace courseselect::nodes::accounts
