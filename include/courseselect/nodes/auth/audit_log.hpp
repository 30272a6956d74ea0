#pragma once
/// `GET /audit`: what happened, for administrators (user management contract).

#include "courseselect/api/service.hpp"
#include "courseselect/nodes/auth/auth_state.hpp"
#include "courseselect/nodes/wire/audit.hpp"

namespace courseselect::nodes::accounts {

/// Ownership: borrows the state. Thread-safety: the runtime's loop.
class AuditLog {
  public:
    explicit AuditLog(AuthState& state) : state_(state) {}
    void add_routes(api::Service& service);

  private:
    async::Task<core::Result<wire::AuditPage>> read(api::Context& context, wire::AuditQuery query);

    AuthState& state_;
};

}  // namespace courseselect::nodes::accounts
