#pragma once
/// Access tokens from refresh tokens, rotation, logout, the account behind a token (contract §3.1).

#include "courseselect/api/service.hpp"
#include "courseselect/nodes/auth/auth_state.hpp"
#include "courseselect/nodes/wire/auth.hpp"
#include "courseselect/nodes/wire/course.hpp"

namespace courseselect::nodes::accounts {

/// A refresh token from a password alone opens nothing: `/auth/refresh` asks that the login was
/// completed with it. A token that was rotated away and comes back ends its whole family.
/// Ownership: borrows the state. Thread-safety: the runtime's loop.
class Sessions {
  public:
    explicit Sessions(AuthState& state) : state_(state) {}
    void add_routes(api::Service& service);

  private:
    async::Task<core::Result<wire::TokenOut>> refresh(api::Context& context,
                                                      wire::TotpStepBody body);
    async::Task<net::http::Response> rotate(api::Context& context, wire::RefreshInQuery query,
                                            wire::RefreshInBody body);
    [[nodiscard]] async::Task<core::Result<wire::AdminTokens>> rotated(api::Context& context,
                                                                       std::string token);
    async::Task<net::http::Response> logout(api::Context& context);
    async::Task<core::Result<wire::AccountSeen>> account(api::Context& context);

    AuthState& state_;
};

}  // namespace courseselect::nodes::accounts
