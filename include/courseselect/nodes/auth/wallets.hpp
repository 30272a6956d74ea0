#pragma once
/// `/admin/wallets/{user_id}/entries`: administrators change balances, by entries with a reason
/// (user management contract).

#include "courseselect/api/service.hpp"
#include "courseselect/nodes/auth/auth_state.hpp"
#include "courseselect/nodes/wire/page.hpp"
#include "courseselect/nodes/wire/user_api.hpp"

namespace courseselect::nodes::accounts {

/// Ownership: borrows the state. Thread-safety: the runtime's loop.
class Wallets {
  public:
    explicit Wallets(AuthState& state) : state_(state) {}
    void add_routes(api::Service& service);

  private:
    async::Task<core::Result<wire::WalletEntryMade>> enter(api::Context& context,
                                                           wire::UserPath path,
                                                           wire::WalletEntryBody body);
    async::Task<core::Result<wire::WalletEntries>> list(api::Context& context, wire::UserPath path,
                                                        wire::Page page);

    AuthState& state_;
};

}  // namespace courseselect::nodes::accounts
