#pragma once
/// `/generate/reset-code`, `/admin/reset-codes` and `/reset/2fa`: a new start for students who lost
/// their authenticator app (contract §3.3).

#include "courseselect/api/service.hpp"
#include "courseselect/nodes/auth/auth_state.hpp"
#include "courseselect/nodes/wire/page.hpp"
#include "courseselect/nodes/wire/reset_codes.hpp"

namespace courseselect::nodes::accounts {

/// A reset code turns 2FA off and hands out a new secret, which the next login confirms. While a
/// secret is handed out already, a code made from it is asked for, and turns 2FA on at once.
/// A code serves once, dies with its days and after `repo::reset_code_tries_max` wrong 2FA codes;
/// guesses of codes are throttled by address. Every session of the user ends.
/// Ownership: borrows the state. Thread-safety: the runtime's loop.
class ResetCodes {
  public:
    explicit ResetCodes(AuthState& state) : state_(state) {}
    void add_routes(api::Service& service);

  private:
    async::Task<core::Result<wire::ResetCodeMade>> make(api::Context& context,
                                                        wire::ResetCodeRequest body);
    async::Task<core::Result<wire::ResetCodePage>> list(api::Context& context, wire::Page page);
    async::Task<core::Result<wire::TotpResetDone>> reset(api::Context& context,
                                                         wire::TotpReset query,
                                                         wire::TotpReset body);

    AuthState& state_;
};

}  // namespace courseselect::nodes::accounts
