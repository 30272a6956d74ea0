#pragma once
/// `/user/change-password` and `/user/2fa/...`: what users do with their own account (contract
/// §3.2).

#include <string>

#include "courseselect/api/service.hpp"
#include "courseselect/nodes/auth/auth_state.hpp"
#include "courseselect/nodes/wire/course.hpp"
#include "courseselect/nodes/wire/own_account.hpp"

namespace courseselect::nodes::accounts {

/// An access token alone changes nothing: each change asks for the password or a code, and both are
/// throttled by account. A wrong one is a 400, because 401 logs the web client out (§1.2).
/// Ownership: borrows the state. Thread-safety: the runtime's loop.
class OwnAccount {
  public:
    explicit OwnAccount(AuthState& state) : state_(state) {}
    void add_routes(api::Service& service);

  private:
    async::Task<core::Result<wire::Done>> change_password(api::Context& context,
                                                          wire::PasswordChange body);
    async::Task<core::Result<wire::OwnTotpSetup>> set_up_totp(api::Context& context,
                                                              wire::PasswordProof body);
    async::Task<core::Result<wire::Done>> verify_totp(api::Context& context,
                                                      wire::TotpStepBody body);
    async::Task<core::Result<wire::Done>> disable_totp(api::Context& context,
                                                       wire::TotpDisable body);
    async::Task<core::Result<wire::TwoFactorStatus>> status(api::Context& context);

    /// The caller, whose password this is. Errors: those of `find_caller`; invalid_argument with
    /// `text` (it is not); resource_exhausted `rate_limited`.
    [[nodiscard]] async::Task<core::Result<repo::User>> prove(api::Context& context,
                                                              core::Secret password,
                                                              std::string action, std::string text);

    AuthState& state_;
};

}  // namespace courseselect::nodes::accounts
