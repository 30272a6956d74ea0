#include "courseselect/nodes/auth/two_factor.hpp"

#include "courseselect/auth/totp.hpp"
#include "courseselect/crypto/digest.hpp"

namespace courseselect::nodes::accounts {
namespace {

namespace auth = courseselect::auth;
using core::Errc;

core::Result<> check_may_set_up(const repo::User& user) {
    if (user.key.kind != UserKind::student) {
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
    COURSESELECT_CO_TRY_OK(state_.admit_address(context));
    const core::Secret secret = auth::make_totp_secret(state_.runtime.random);
    auto keep = [secret, who = context.who(), hash = auth::refresh_token_hash(context.token),
                 now = state_.runtime.clock.wall_now()](
                    storage::Connection& connection,
                    repo::AuditEntry&) -> core::Result<std::string> {
        COURSESELECT_TRY(auto session, find_session(connection, who, hash, now));
        COURSESELECT_TRY_OK(check_may_set_up(session.user));
        COURSESELECT_TRY_OK(repo::set_pending_totp(connection, session.user.key, secret, now));
        return std::move(session.user.username);
    };
    repo::AuditEntry event = state_.event(context, "2fa_setup");
    COURSESELECT_CO_TRY(const auto name, co_await state_.decide(std::move(event), std::move(keep)));
    co_return wire::TotpSetup{.totp_secret = std::string(secret.reveal()),
                              .totp_uri = auth::totp_uri(name, secret),
                              .message = "Scan the code, then confirm with a 2FA code"};
}

async::Task<core::Result<wire::Done>> TwoFactor::confirm(api::Context& context,
                                                         wire::TotpConfirm body) {
    const Principal who = context.who();
    COURSESELECT_CO_TRY_OK(state_.admit_address(context));
    if (!body.totp_secret || body.totp_secret->empty() || !body.totp_code) {
        co_return core::Error(Errc::invalid_argument, "Missing totp_secret or totp_code");
    }
    COURSESELECT_CO_TRY_OK(state_.admit_totp(key_of(who)));
    auto activate = [who, secret = *body.totp_secret, code = *body.totp_code,
                     hash = auth::refresh_token_hash(context.token),
                     now = state_.runtime.clock.wall_now()](
                        storage::Connection& connection, repo::AuditEntry&) -> core::Result<bool> {
        COURSESELECT_TRY(auto session, find_session(connection, who, hash, now));
        const repo::User& user = session.user;
        COURSESELECT_TRY_OK(check_may_set_up(user));
        const bool issued =
            !user.pending_totp_secret.empty() &&
            crypto::constant_time_equal(user.pending_totp_secret.reveal(), secret.reveal());
        if (!issued || !auth::verify_totp(user.pending_totp_secret, code, now, std::nullopt)) {
            return invalid_totp();
        }
        COURSESELECT_TRY_OK(repo::activate_totp(connection, user.key, now));
        return true;
    };
    repo::AuditEntry event = state_.event(context, "2fa_on");
    COURSESELECT_CO_TRY_OK(co_await state_.decide(std::move(event), std::move(activate)));
    state_.forgive_totp(key_of(who));
    co_return wire::Done{.message = "2FA setup successful, please log in again"};
}

}  // namespace courseselect::nodes::accounts
