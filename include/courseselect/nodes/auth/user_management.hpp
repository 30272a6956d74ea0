#pragma once
/// The endpoints of the user management contract, together.

#include "courseselect/nodes/auth/audit_log.hpp"
#include "courseselect/nodes/auth/self_test.hpp"
#include "courseselect/nodes/auth/user_accounts.hpp"
#include "courseselect/nodes/auth/user_login.hpp"
#include "courseselect/nodes/auth/user_search.hpp"
#include "courseselect/nodes/auth/wallets.hpp"

namespace courseselect::nodes::accounts {

/// `POST /auth/refresh` belongs to both contracts: see `Sessions`.
/// Ownership: borrows all. Thread-safety: the runtime's loop.
class UserManagement {
  public:
    UserManagement(AuthState& state, AccountMaker& maker, AccountRemover& remover,
                   net::http::Client& data_node)
        : accounts_(state, maker, remover, data_node),
          login_(state),
          search_(state, data_node),
          wallets_(state),
          audit_(state),
          self_test_(state) {}

    void add_routes(api::Service& service) {
        accounts_.add_routes(service);
        login_.add_routes(service);
        search_.add_routes(service);
        wallets_.add_routes(service);
        audit_.add_routes(service);
        self_test_.add_routes(service);
    }

  private:
    UserAccounts accounts_;
    UserLogin login_;
    UserSearch search_;
    Wallets wallets_;
    AuditLog audit_;
    SelfTestApi self_test_;
};

}  // namespace courseselect::nodes::accounts
