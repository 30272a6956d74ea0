#pragma once
/// `/setup/2fa/v1` and `/setup/2fa/v2` (contract §3.1).

#include "courseselect/api/service.hpp"
#include "courseselect/nodes/auth/auth_state.hpp"
#include "courseselect/nodes/wire/auth.hpp"
#include "courseselect/nodes/wire/course.hpp"

namespace courseselect::nodes::accounts {

/// Only the secret that was handed out can be confirmed, and only while 2FA is off.
/// Ownership: borrows the state. Thread-safety: the runtime's loop.
class TwoFactor {
  public:
    explicit TwoFactor(AuthState& state) : state_(state) {}
    void add_routes(api::Service& service);

  private:
    async::Task<core::Result<wire::TotpSetup>> begin(api::Context& context);
    async::Task<core::Result<wire::Done>> confirm(api::Context& context, wire::TotpConfirm body);

    AuthState& state_;
};

}  // namespace courseselect::nodes::accounts
