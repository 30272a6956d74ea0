#pragma once
/// `GET /auth/test`: connections, queue and masked configuration, in development only (user
/// management contract).

#include "courseselect/api/service.hpp"
#include "courseselect/nodes/auth/auth_state.hpp"
#include "courseselect/nodes/wire/self_test.hpp"

namespace courseselect::nodes::accounts {

/// In production the path does not exist, whoever asks.
/// Ownership: borrows the state. Thread-safety: the runtime's loop.
class SelfTestApi {
  public:
    explicit SelfTestApi(AuthState& state) : state_(state) {}
    void add_routes(api::Service& service);

  private:
    async::Task<core::Result<wire::SelfTest>> test(api::Context& context);

    AuthState& state_;
};

}  // namespace courseselect::nodes::accounts
