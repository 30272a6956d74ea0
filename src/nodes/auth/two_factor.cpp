#include "courseselect/nodes/auth/two_factor.hpp"

#include "courseselect/auth/totp.hpp"
#include "courseselect/crypto/digest.hpp"
#include "courseselect/nodes/auth/steps.hpp"

namespace courseselect::nodes::accounts {
namespace {

namespace auth = courseselect::auth;
using core::Errc;

/// Teachers set 2FA up here only when they cannot log in without.
core::Result<> check_may_set_up(const repo::User& user, const SecuritySettings& settings) {
    const bool is_locked_out = user.key.kind == UserKind::teacher && settings.teachers_need_2fa;
    if (user.key.kind != UserKind::student && !is_locked_out) {
        return core::Error(Errc::invalid_argument, "not_student", "Only students can setup 2FA");
    }
    if (user.has_2fa()) {
        return core::Error(Errc::invalid_argument, "has_2fa", "User already has 2FA enabled");
    }
    return {};
}

}  // namespace

void TwoFactor::add_routes(api::Service& service) {
    service.add(api::post("/setup/2fa/v1")
                    .summary("Ask for a 2FA secret; it is not active yet.")
                    .tag("two-factor")
                    .access(api::Access::refresh)
                    .error(400, "Only students can setup 2FA")
                    .error(400, "User already has 2FA enabled")
                    .error(404, "User not found"),
                [this](api::Context& context) { return begin(context); });
    service.add(api::post("/setup/2fa/v2")
                    .summary("Turn 2FA on with a code made from the secret.")
                    .tag("two-factor")
                    .access(api::Access::refresh)
                    .body<wire::TotpConfirm>()
                    .error(400, "Missing totp_secret or totp_code")
                    .error(400, "Invalid 2FA code")
                    .error(400, "User already has 2FA enabled")
                    .error(404, "User not found"),
                [this](api::Context& context, wire::TotpConfirm body) {
                    return confirm(context, std::move(body));
                });
}

async::Task<core::Result<wire::TotpSetup>> TwoFactor::begin(api::Context& context) {
    const core::Secret secret = auth::make_totp_secret(state_.runtime.random);
    auto keep = [secret, settings = state_.control.settings().security](
                    storage::Connection& connection, const Session& session,
                    core::WallTime now) -> core::Result<> {
        COURSESELECT_TRY_OK(check_may_set_up(session.user, settings));
        return repo::set_pending_totp(connection, session.user.key, secret, now);
    };
    SessionStep step{.action = "2fa_setup", .check = std::move(keep)};
    COURSESELECT_CO_TRY(const auto session, co_await take_step(state_, context, std::move(step)));
    co_return wire::TotpSetup{.totp_secret = std::string(secret.reveal()),
                              .totp_uri = auth::totp_uri(session.user.username, secret),
                              .message = "Scan the code, then confirm with a 2FA code"};
}

async::Task<core::Result<wire::Done>> TwoFactor::confirm(api::Context& context,
                                                         wire::TotpConfirm body) {
    const core::Secret secret = body.totp_secret.value_or(core::Secret());
    std::string code = body.totp_code.value_or("");
    if (secret.empty() || code.empty()) {
        co_return core::Error(Errc::invalid_argument, "Missing totp_secret or totp_code");
    }
    auto activate = [secret, code = std::move(code), settings = state_.control.settings().security](
                        storage::Connection& connection, const Session& session,
                        core::WallTime now) -> core::Result<> {
        const repo::User& user = session.user;
        COURSESELECT_TRY_OK(check_may_set_up(user, settings));
        const bool issued =
            !user.pending_totp_secret.empty() &&
            crypto::constant_time_equal(user.pending_totp_secret.reveal(), secret.reveal());
        return issued ? confirm_totp(connection, user, code, now) : invalid_totp();
    };
    SessionStep step{.action = "2fa_on", .takes_totp = true, .check = std::move(activate)};
    COURSESELECT_CO_TRY_OK(co_await take_step(state_, context, std::move(step)));
    co_return wire::Done{.message = "2FA setup successful, please log in again"};
}

}  // namespace courseselect::nodes::accounts
