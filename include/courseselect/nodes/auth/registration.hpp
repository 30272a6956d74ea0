#pragma once
/// `/register/v1` and `/register/v2` (contract §3.1), and the one step of older command lines (§7).

#include "courseselect/api/service.hpp"
#include "courseselect/nodes/auth/account_maker.hpp"
#include "courseselect/nodes/wire/auth.hpp"

namespace courseselect::nodes::accounts {

/// Ownership: borrows both. Thread-safety: the runtime's loop.
class Registration {
  public:
    Registration(AuthState& state, AccountMaker& accounts) : state_(state), accounts_(accounts) {}
    void add_routes(api::Service& service);

  private:
    /// What older command lines say besides.
    struct RegisterExtra {
        std::optional<std::string> name;
        std::optional<std::string> email;
    };
    [[nodiscard]] async::Task<core::Result<MadeAccount>> make(api::Context& context,
                                                              wire::RegisterStart body,
                                                              RegisterExtra extra);
    async::Task<core::Result<wire::Registered>> at_once(api::Context& context,
                                                        wire::RegisterAtOnce body,
                                                        std::string user_type);
    async::Task<core::Result<wire::RegisterStarted>> start(api::Context& context,
                                                           wire::RegisterStart body);
    async::Task<core::Result<wire::TokenOut>> confirm(api::Context& context,
                                                      wire::TotpStepBody body);

    AuthState& state_;
    AccountMaker& accounts_;
    const api::Service* service_ = nullptr;  ///< that serves our routes
};

}  // namespace courseselect::nodes::accounts
