#pragma once
/// Logging in, step by step (contract §3.1).

#include <optional>

#include "courseselect/api/service.hpp"
#include "courseselect/nodes/auth/auth_state.hpp"
#include "courseselect/nodes/wire/auth.hpp"

namespace courseselect::nodes::accounts {

/// The password first (a refresh token that is good for the second step only), then 2FA or none.
/// Administrators have one step of their own and no other.
/// Ownership: borrows the state. Thread-safety: the runtime's loop.
class Login {
  public:
    explicit Login(AuthState& state) : state_(state) {}
    void add_routes(api::Service& service);

    /// Replaces the hash of a password that was right, unless somebody else did meanwhile.
    static async::Task<> rehash(AuthState& state, repo::User user, core::Secret password);

  private:
    struct LoggedIn;

    async::Task<core::Result<wire::LoginStarted>> password_step(api::Context& context,
                                                                wire::LoginStart body);
    async::Task<core::Result<wire::AdminTokens>> admin(api::Context& context,
                                                       wire::LoginStart body);
    async::Task<core::Result<wire::TokenOut>> totp_step(api::Context& context,
                                                        wire::TotpStepBody body);
    async::Task<core::Result<wire::TokenOut>> no_second_step(api::Context& context);
    async::Task<core::Result<wire::TwoFactorStatus>> status(api::Context& context);
    /// Checks name and password and opens a session, for administrators or for all others.
    [[nodiscard]] async::Task<core::Result<LoggedIn>> log_in(api::Context& context,
                                                             wire::LoginStart body, bool admins);
    /// Stores the new session of `user`, who gave the right password; nobody is refused.
    [[nodiscard]] async::Task<core::Result<NewSession>> open_session(
        repo::AuditEntry event, std::optional<repo::User> user);
    AuthState& state_;
};

}  // namespace courseselect::nodes::accounts
