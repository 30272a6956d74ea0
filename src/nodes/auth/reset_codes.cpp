#include "courseselect/nodes/auth/reset_codes.hpp"

#include <array>

#include "courseselect/auth/codes.hpp"
#include "courseselect/auth/totp.hpp"
#include "courseselect/nodes/auth/steps.hpp"
#include "courseselect/repo/auth_administration.hpp"
#include "courseselect/repo/auth_reset_codes.hpp"

namespace courseselect::nodes::accounts {
namespace {

namespace auth = courseselect::auth;
using core::Errc;

/// Two equal codes of 40 bits are unlikely, three in a row do not happen.
using CodeCandidates = std::array<std::string, 3>;

core::Result<repo::ResetCode> store_reset_code(storage::Connection& connection,
                                               repo::ResetCode code,
                                               const CodeCandidates& candidates) {
    COURSESELECT_TRY(const auto user, repo::find_user(connection, code.username));
    if (!user) {
        return core::Error(Errc::not_found, "user_unknown", "User not found");
    }
    if (user->key.kind != UserKind::student) {
        return core::Error(Errc::invalid_argument, "not_student",
                           "Reset codes are for students only");
    }
    code.user = user->key;
    code.username = user->username;
    for (const std::string& candidate : candidates) {
        COURSESELECT_TRY(const auto other, repo::find_reset_code(connection, candidate));
        if (!other) {
            code.code = candidate;
            COURSESELECT_TRY_OK(repo::insert_reset_code(connection, code));
            return code;
        }
    }
    return core::Error(Errc::internal, "codes_equal", "every new reset code exists already");
}

/// The code as it is good now, with its user.
struct GoodCode {
    repo::ResetCode code;
    repo::User user;
};

core::Result<GoodCode> find_good_code(storage::Connection& connection, std::string_view typed,
                                      core::WallTime now) {
    const core::Error bad(Errc::invalid_argument, "reset_code_bad",
                          "Invalid or expired reset code");
    const auto normal = auth::normalize_reset_code(typed);
    if (!normal) {
        return bad;
    }
    COURSESELECT_TRY(auto code, repo::find_reset_code(connection, *normal));
    if (!code || code->is_used || code->tries_left == 0 || code->expires_at <= now) {
        return bad;
    }
    std::optional<repo::User> user;
    if (code->user) {
        COURSESELECT_TRY(user, repo::find_user(connection, *code->user));
    }
    if (!user) {
        return core::Error(Errc::not_found, "user_gone", "User not found");
    }
    return GoodCode{*std::move(code), *std::move(user)};
}

/// What the user has to put into the app now.
struct ResetOutcome {
    std::string username;
    core::Secret secret;
    bool is_on = false;
};

/// The step itself, once the code is known to be good.
core::Result<ResetOutcome> reset_totp(storage::Connection& connection, const GoodCode& good,
                                      std::string_view totp_code, const core::Secret& next,
                                      core::WallTime now) {
    const repo::User& user = good.user;
    if (!user.has_2fa() && !user.pending_totp_secret.empty()) {
        const auto confirmed = confirm_totp(connection, user, totp_code, now);
        if (!confirmed && is_refusal(confirmed.error())) {
            COURSESELECT_TRY_OK(repo::spend_reset_try(connection, good.code.id));
        }
        COURSESELECT_TRY_OK(confirmed);
        return ResetOutcome{user.username, user.pending_totp_secret, true};
    }
    COURSESELECT_TRY_OK(repo::clear_totp(connection, user.key, now));
    COURSESELECT_TRY_OK(repo::set_pending_totp(connection, user.key, next, now));
    return ResetOutcome{user.username, next, false};
}

}  // namespace

void ResetCodes::add_routes(api::Service& service) {
    for (const char* const path :
         {"/generate/reset-code", "/admin/reset-codes"}) {  // the second: contract §7
        service.add(api::post(path)
                        .summary("Make a code with which a student gets a new 2FA secret.")
                        .tag("administration")
                        .access(api::Access::admin)
                        .body<wire::ResetCodeRequest>()
                        .error(400, "Reset codes are for students only")
                        .error(404, "User not found")
                        .error(404, "Admin not found"),
                    [this](api::Context& context, wire::ResetCodeRequest body) {
                        return make(context, std::move(body));
                    });
    }
    service.add(api::get("/admin/reset-codes")
                    .summary("Reset codes, newest first.")
                    .tag("administration")
                    .access(api::Access::admin)
                    .query<wire::Page>()
                    .error(404, "Admin not found"),
                [this](api::Context& context, wire::Page page) { return list(context, page); });
    service.add(api::post("/reset/2fa")
                    .summary("Trade a reset code for a new 2FA secret.")
                    .description("Both members may come in the query instead of the body.")
                    .tag("two-factor")
                    .query<wire::TotpReset>()
                    .optional_body<wire::TotpReset>()
                    .error(400, "Invalid or expired reset code")
                    .error(400, "Invalid 2FA code")
                    .error(404, "User not found"),
                [this](api::Context& context, wire::TotpReset query, wire::TotpReset body) {
                    return reset(context, std::move(query), std::move(body));
                });
}

async::Task<core::Result<wire::ResetCodeMade>> ResetCodes::make(api::Context& context,
                                                                wire::ResetCodeRequest body) {
    const core::WallTime now = state_.runtime.clock.wall_now();
    CodeCandidates candidates;
    for (std::string& candidate : candidates) {
        candidate = auth::make_reset_code(state_.runtime.random);
    }
    repo::ResetCode code;
    code.username = std::move(body.username);
    code.expires_at = now + std::chrono::days(body.expires_days);
    code.created_by = context.who().id;
    code.created_at = now;
    std::string target = code.username;
    auto store = [code = std::move(code), candidates, &notices = state_.notices,
                  now](storage::Connection& connection) -> core::Result<repo::ResetCode> {
        COURSESELECT_TRY(auto stored, store_reset_code(connection, code, candidates));
        const Notice notice{.event = "reset_code_made", .user = *stored.user};
        COURSESELECT_TRY_OK(notices.tell(connection, notice, now));
        return stored;
    };
    COURSESELECT_CO_TRY(auto made, co_await act_as_admin(state_, context, "make_reset_code",
                                                         std::move(target), std::move(store)));
    co_return wire::ResetCodeMade{.code = std::move(made.code),
                                  .username = std::move(made.username),
                                  .expires_at = made.expires_at};
}

async::Task<core::Result<wire::ResetCodePage>> ResetCodes::list(api::Context& context,
                                                                wire::Page page) {
    auto read = [page](storage::Connection& connection) -> core::Result<wire::ResetCodePage> {
        wire::ResetCodePage answer;
        answer.page = page.page;
        answer.page_size = page.page_size;
        COURSESELECT_TRY(answer.total, repo::count_reset_codes(connection));
        COURSESELECT_TRY(auto codes,
                         repo::list_reset_codes(connection, page.offset(), page.page_size));
        for (repo::ResetCode& code : codes) {
            answer.codes.push_back({.id = code.id,
                                    .code = std::move(code.code),
                                    .username = std::move(code.username),
                                    .is_used = code.is_used,
                                    .expires_at = code.expires_at,
                                    .created_at = code.created_at});
        }
        return answer;
    };
    auto answer = co_await look_as_admin(state_, context, std::move(read));
    co_return answer;
}

async::Task<core::Result<wire::TotpResetDone>> ResetCodes::reset(api::Context& context,
                                                                 wire::TotpReset query,
                                                                 wire::TotpReset body) {
    COURSESELECT_CO_TRY_OK(state_.guesses.admit_reset(context));
    std::string typed = body.reset_code ? *body.reset_code : query.reset_code.value_or("");
    std::string totp = body.new_totp_code ? *body.new_totp_code : query.new_totp_code.value_or("");
    auto change = [typed = std::move(typed), totp = std::move(totp),
                   next = auth::make_totp_secret(state_.runtime.random), &book = state_.sessions,
                   &notices = state_.notices](
                      storage::Connection& connection,
                      repo::AuditEntry& event) -> core::Result<ResetOutcome> {
        COURSESELECT_TRY(const auto good, find_good_code(connection, typed, event.time));
        event.actor = repo::to_string(good.user.key);
        COURSESELECT_TRY(auto outcome, reset_totp(connection, good, totp, next, event.time));
        COURSESELECT_TRY_OK(repo::use_reset_codes(connection, good.user.key));
        COURSESELECT_TRY_OK(book.end_all(connection, good.user.key, event.time));
        const Notice notice{.event = "two_factor_reset", .user = good.user.key};
        COURSESELECT_TRY_OK(notices.tell(connection, notice, event.time));
        return outcome;
    };
    repo::AuditEntry event = state_.event(context, "reset_2fa");
    COURSESELECT_CO_TRY(const auto outcome,
                        co_await state_.decide(std::move(event), std::move(change)));
    state_.guesses.forgive_reset(context);
    co_return wire::TotpResetDone{
        .message = outcome.is_on ? "2FA reset successfully, please log in"
                                 : "2FA reset successfully, please log in and set up 2FA",
        .totp_secret = std::string(outcome.secret.reveal()),
        .totp_uri = auth::totp_uri(outcome.username, outcome.secret)};
}

}  // namespace courseselect::nodes::accounts
