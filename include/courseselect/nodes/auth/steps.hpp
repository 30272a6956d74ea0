#pragma once
/// What the paths behind a token have in common: each is one check inside the same step.

#include <functional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "courseselect/nodes/auth/auth_state.hpp"

namespace courseselect::nodes::accounts {

/// The refresh token of a request and its user, both good.
struct Session {
    repo::User user;
    repo::RefreshToken record;
};

/// The session behind a refresh token whose signature is good.
/// Errors: not_found `User not found`; unauthenticated (unknown, revoked or expired record, with
/// `text`); permission_denied `Account is inactive`.
[[nodiscard]] core::Result<Session> find_session(storage::Connection& connection,
                                                 const Principal& who, std::string_view hash,
                                                 core::WallTime now,
                                                 std::string_view text = "Invalid refresh token");

/// Decides about a session inside the step's write transaction, on the writer's thread.
using SessionCheck =
    std::function<core::Result<>(storage::Connection&, const Session&, core::WallTime)>;

/// One step that a client takes with a refresh token.
struct SessionStep {
    std::string action;       ///< of the audit
    bool takes_totp = false;  ///< tries of codes are limited by account, not only by address
    SessionCheck check;
    std::string_view gone_text = "Invalid refresh token";
};

/// Throttle, session, check, audit: the last three in one transaction.
/// Errors: resource_exhausted `rate_limited`; those of `find_session` and of the check.
[[nodiscard]] async::Task<core::Result<Session>> take_step(AuthState& state, api::Context& context,
                                                           SessionStep step);
/// The same for the last step of a login: the session is complete, an access token is the answer.
[[nodiscard]] async::Task<core::Result<wire::TokenOut>> take_last_step(AuthState& state,
                                                                       api::Context& context,
                                                                       SessionStep step);

/// Checks a code against the active secret and remembers its step, so that it serves once.
/// Errors: invalid_argument `Invalid 2FA code`.
[[nodiscard]] core::Result<> use_totp(storage::Connection& connection, const repo::User& user,
                                      std::string_view code, core::WallTime now);
/// Checks a code against the secret that was handed out and turns 2FA on. The code may serve once
/// more, for the login that clients ask for right after it (contract §1.4).
/// Errors: invalid_argument `Invalid 2FA code`.
[[nodiscard]] core::Result<> confirm_totp(storage::Connection& connection, const repo::User& user,
                                          std::string_view code, core::WallTime now);

/// Who calls with an access token, and in which session.
struct Caller {
    Principal who;
    std::string session;  ///< empty: the token is older than sessions
};
[[nodiscard]] Caller caller_of(const AuthState& state, const api::Context& context);

/// The user behind an access token, at this moment: the other nodes learn soon that a session
/// ended, this one knows at once.
/// Errors: not_found `User not found`; unauthenticated `Invalid token` (inactive, session over).
[[nodiscard]] core::Result<repo::User> find_caller(storage::Connection& connection,
                                                   const Caller& caller);
/// The administrator behind an access token. Errors: not_found `Admin not found`; unauthenticated
/// `Invalid token` (session over).
[[nodiscard]] core::Result<repo::User> find_admin(storage::Connection& connection,
                                                  const Caller& caller);

/// Runs `body(Connection&)` in an audited write transaction, once the administrator behind the
/// request is known to be one still. Errors: those of `find_admin` and of the body.
template <class Body, class R = std::invoke_result_t<Body&, storage::Connection&>>
[[nodiscard]] async::Task<R> act_as_admin(AuthState& state, api::Context& context,
                                          std::string action, std::string target, Body body) {
    auto act = [caller = caller_of(state, context), body = std::move(body)](
                   storage::Connection& connection, repo::AuditEntry&) mutable -> R {
        COURSESELECT_TRY_OK(find_admin(connection, caller));
        return body(connection);
    };
    repo::AuditEntry event = state.event(context, std::move(action), std::move(target));
    auto done = co_await state.decide(std::move(event), std::move(act));
    co_return done;
}

/// The same for a look at the database: no audit, a snapshot. Other nodes may look too, where the
/// route lets them.
template <class Body, class R = std::invoke_result_t<Body&, storage::Connection&>>
[[nodiscard]] async::Task<R> look_as_admin(AuthState& state, api::Context& context, Body body) {
    if (!context.principal) {
        auto seen = co_await state.readers->read(std::move(body));
        co_return seen;
    }
    auto look = [caller = caller_of(state, context),
                 body = std::move(body)](storage::Connection& connection) mutable -> R {
        COURSESELECT_TRY_OK(find_admin(connection, caller));
        return body(connection);
    };
    auto seen = co_await state.readers->read(std::move(look));
    co_return seen;
}

/// For what another node does: is the caller an administrator still? Errors: those of
/// `find_admin`.
[[nodiscard]] async::Task<core::Result<>> require_admin(AuthState& state, api::Context& context);
/// And afterwards: audits how it ended, and returns that. What failed without a refusal is not in
/// the audit of this node.
template <class R>
[[nodiscard]] async::Task<R> record(AuthState& state, api::Context& context, std::string action,
                                    std::string target, R outcome) {
    repo::AuditEntry event = state.event(context, std::move(action), std::move(target));
    core::Result<bool> verdict = true;
    if (!outcome) {
        verdict = outcome.error();
    }
    auto tell = [verdict = std::move(verdict)](storage::Connection&, repo::AuditEntry&) {
        return verdict;
    };
    const auto told = co_await state.decide(std::move(event), std::move(tell));
    if (!told) {
        co_return told.error();
    }
    co_return outcome;
}

[[nodiscard]] core::Error invalid_totp();
[[nodiscard]] core::Error account_inactive();

}  // namespace courseselect::nodes::accounts
