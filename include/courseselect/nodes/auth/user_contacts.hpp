#pragma once
/// `/admin/user/{id}` and `/admin/user/contact`: who somebody is and how they are reached (contract
/// §3.4 and §7).

#include "courseselect/api/service.hpp"
#include "courseselect/nodes/auth/auth_state.hpp"
#include "courseselect/nodes/wire/user_admin.hpp"

namespace courseselect::nodes::accounts {

/// An account in all detail an administrator may see.
[[nodiscard]] core::Result<wire::UserDetail> detail_of(storage::Connection& connection,
                                                       const repo::User& user);

/// Ownership: borrows the state. Thread-safety: the runtime's loop.
class UserContacts {
  public:
    explicit UserContacts(AuthState& state) : state_(state) {}
    void add_routes(api::Service& service);

  private:
    async::Task<core::Result<wire::UserDetail>> look(api::Context& context, std::int64_t id,
                                                     std::string user_type);
    async::Task<core::Result<wire::UserDetail>> change(api::Context& context,
                                                       wire::ContactChange body);

    AuthState& state_;
};

}  // namespace courseselect::nodes::accounts
