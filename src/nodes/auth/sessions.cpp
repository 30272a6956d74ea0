#include "courseselect/nodes/auth/sessions.hpp"

#include "courseselect/api/error.hpp"
#include "courseselect/core/time_format.hpp"
#include "courseselect/json/writer.hpp"
#include "courseselect/nodes/auth/steps.hpp"
#include "courseselect/repo/auth_tokens.hpp"

namespace courseselect::nodes::accounts {
namespace {

namespace auth = courseselect::auth;
using core::Errc;

constexpr const char* token_gone = "Token revoked or not found";

core::Error bad_refresh_token() {
    return {Errc::unauthenticated, "session_over", "Invalid refresh token"};
}

async::Task<net::http::Response> key_set(std::string keys) {
    net::http::Response response;
    response.body = std::move(keys);
    co_return response;
}

/// Somebody has a copy of a token. Told once: the record goes with its session.
Notice reuse_notice(const repo::RefreshToken& token, const repo::AuditEntry& event) {
    Notice notice{.event = "session_reused", .user = token.owner};
    notice.values = {{"address", event.address}, {"time", core::format_rfc3339(event.time)}};
    return notice;
}

bool needs_totp(const repo::User& user) {
    return user.key.kind == UserKind::student || user.has_2fa();
}

}  // namespace

void Sessions::add_routes(api::Service& service) {
    service.add(api::get("/.well-known/jwks.json")
                    .summary("The public keys that check our tokens (RFC 7517).")
                    .description("None while tokens are signed with a shared secret.")
                    .tag("sessions"),
                [this](api::Context&) { return key_set(state_.tokens.key_set()); });
    service.add(api::post("/refresh")
                    .summary("An access token more; counts the code of those who have 2FA.")
                    .tag("sessions")
                    .access(api::Access::refresh)
                    .body<wire::TotpStepBody>()
                    .error(401, token_gone)
                    .error(400, "Invalid 2FA code")
                    .error(404, "User not found"),
                [this](api::Context& context, wire::TotpStepBody body) {
                    return refresh(context, std::move(body));
                });
    service.add(
        api::post("/auth/refresh")
            .summary("New access and refresh token; the old refresh token is dead.")
            .description("The token comes in the query or in the body. A token that was "
                         "replaced already ends its whole session.")
            .tag("sessions")
            .errors(api::ErrorStyle::success_flag_with_body)
            .query<wire::RefreshInQuery>()
            .optional_body<wire::RefreshInBody>()
            .error(401, "Invalid refresh token"),
        [this](api::Context& context, wire::RefreshInQuery query, wire::RefreshInBody body) {
            return rotate(context, std::move(query), std::move(body));
        });
    service.add(api::post("/logout")
                    .summary("End the session; also fine when it has ended.")
                    .description("Takes `Authorization: Bearer` with a refresh token, or with an "
                                 "access token to end the session it belongs to.")
                    .handler_reads(api::HandlerReads::bearer)
                    .tag("sessions"),
                [this](api::Context& context) { return logout(context); });
    service.add(api::get("/get/user")
                    .summary("The account behind an access token.")
                    .tag("sessions")
                    .access(api::Access::bearer)
                    .error(401, "Invalid token")
                    .error(404, "User not found"),
                [this](api::Context& context) { return account(context); });
}

async::Task<core::Result<wire::TokenOut>> Sessions::refresh(api::Context& context,
                                                            wire::TotpStepBody body) {
    auto check = [code = std::move(body.totp_code)](storage::Connection& connection,
                                                    const Session& session,
                                                    core::WallTime now) -> core::Result<> {
        return needs_totp(session.user) ? use_totp(connection, session.user, code, now)
                                        : core::Result<>();
    };
    SessionStep step{.action = "refresh",
                     .takes_totp = true,
                     .check = std::move(check),
                     .gone_text = token_gone};
    return take_last_step(state_, context, std::move(step));
}

async::Task<core::Result<wire::AdminTokens>> Sessions::rotated(api::Context& context,
                                                               std::string token) {
    COURSESELECT_CO_TRY_OK(state_.guesses.admit(context));
    const core::WallTime now = state_.runtime.clock.wall_now();
    COURSESELECT_CO_TRY(auto claims, state_.tokens.claims(token, TokenType::refresh));
    const Principal owner = claims.principal;
    // The new tokens carry the name of today.
    auto look = [key = key_of(owner)](storage::Connection& connection) {
        return repo::find_user(connection, key);
    };
    COURSESELECT_CO_TRY(const auto present, co_await state_.readers->read(std::move(look)));
    repo::User user;
    user.key = key_of(owner);
    user.username = present ? present->username : owner.username;
    COURSESELECT_CO_TRY(auto next, state_.tokens.session(user, true, std::move(claims.session_id)));
    COURSESELECT_CO_TRY(auto issued, state_.tokens.both(user, next));
    auto replace = [who = owner, hash = auth::refresh_token_hash(token), record = next.record, now,
                    &book = state_.sessions, &notices = state_.notices,
                    settings = state_.control.settings().security](
                       storage::Connection& connection,
                       repo::AuditEntry& event) mutable -> core::Result<bool> {
        event.actor = repo::to_string(key_of(who));
        COURSESELECT_TRY(const auto old, repo::find_refresh_token(connection, hash));
        if (old && !old->replaced_by.empty()) {
            COURSESELECT_TRY_OK(book.end(connection, old->family, who.kind, now));
            COURSESELECT_TRY_OK(notices.tell(connection, reuse_notice(*old, event), now));
            return core::Error(Errc::unauthenticated, "token_reused", "Invalid refresh token");
        }
        auto session = find_session(connection, who, hash, now);
        if (!session) {
            // Whatever is wrong with it, this path only says that the token is not good.
            return is_refusal(session.error()) ? bad_refresh_token() : session.error();
        }
        if (!session->record.is_complete && needs_totp(session->user)) {
            return core::Error(Errc::unauthenticated, "login_incomplete", "Invalid refresh token");
        }
        record.family = session->record.family;
        COURSESELECT_TRY(const bool is_alive, book.use(connection, record.family, settings, now));
        if (!is_alive) {
            return bad_refresh_token();
        }
        COURSESELECT_TRY_OK(repo::rotate_refresh_token(connection, hash, record, now));
        return true;
    };
    repo::AuditEntry event = state_.event(context, "rotate");
    COURSESELECT_CO_TRY_OK(co_await state_.decide(std::move(event), std::move(replace)));
    co_return issued;
}

async::Task<net::http::Response> Sessions::rotate(api::Context& context, wire::RefreshInQuery query,
                                                  wire::RefreshInBody body) {
    const bool in_body = body.refresh_token.has_value();
    if (!in_body && !query.refresh_token) {
        const char* const where = context.request.body.empty() ? "query" : "body";
        const std::vector faults{json::missing_error(where, "refresh_token")};
        co_return api::validation_response(faults);
    }
    std::string token =
        in_body ? std::string(body.refresh_token->reveal()) : *std::move(query.refresh_token);
    auto tokens = co_await rotated(context, std::move(token));
    net::http::Response response;
    if (!tokens) {
        co_return api::error_response(tokens.error());
    }
    if (in_body) {
        tokens->token_type = "Bearer";
    }
    {
        json::ObjectWriter object(response.body);
        if (in_body) {
            object.add("success", true).add("message", "Token refreshed");
            object.add("data", *tokens);
        }
        object.add("access_token", tokens->access_token);
        object.add("refresh_token", tokens->refresh_token);
        object.add("token_type", tokens->token_type);
        object.add("expires_in", tokens->expires_in);
    }
    co_return response;
}

async::Task<net::http::Response> Sessions::logout(api::Context& context) {
    const auto header = context.request.header("Authorization");
    if (!header) {
        const std::vector faults{json::missing_error("header", "authorization")};
        co_return api::validation_response(faults);
    }
    net::http::Response done;
    done.body = json::to_text(wire::Done{.message = "Logged out successfully"});
    const auto admitted = state_.guesses.admit(context);
    if (!admitted) {
        co_return api::error_response(admitted.error());
    }
    const auto token = auth::bearer_token(*header);
    const core::WallTime now = state_.runtime.clock.wall_now();
    auto claims = state_.tokens.claims(token.value_or(""), TokenType::refresh);
    if (!claims) {
        claims = state_.tokens.claims(token.value_or(""), TokenType::access);
    }
    if (!claims) {
        co_return done;
    }
    auto end = [who = claims->principal, id = claims->session_id, now, &book = state_.sessions](
                   storage::Connection& connection, repo::AuditEntry& event) -> core::Result<bool> {
        event.actor = repo::to_string(key_of(who));
        // A token of before sessions had names speaks for all of its user's.
        COURSESELECT_TRY_OK(id.empty() ? book.end_all(connection, key_of(who), now)
                                       : book.end(connection, id, who.kind, now));
        return true;
    };
    repo::AuditEntry event = state_.event(context, "logout");
    const auto ended = co_await state_.decide(std::move(event), std::move(end));
    if (!ended) {
        co_return api::error_response(ended.error());
    }
    co_return done;
}

async::Task<core::Result<wire::AccountSeen>> Sessions::account(api::Context& context) {
    auto find = [caller = caller_of(state_, context)](storage::Connection& connection) {
        return find_caller(connection, caller);
    };
    COURSESELECT_CO_TRY(const auto user, co_await state_.readers->read(std::move(find)));
    wire::AccountSeen seen{.user_id = user.key.id,
                           .admin_id = {},
                           .username = user.username,
                           .user_type = std::string(auth::user_kind_name(user.key.kind)),
                           .is_active = true,
                           .has_2fa = user.has_2fa(),
                           .must_change_password = user.must_change_password,
                           .created_at = user.created_at};
    if (user.key.kind == UserKind::admin) {
        seen.admin_id = user.key.id;
    }
    co_return seen;
}

}  // namespace courseselect::nodes::accounts
