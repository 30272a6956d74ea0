#pragma once
/// `/register/v1` and `/register/v2` (contract §3.1).

#include "courseselect/api/service.hpp"
#include "courseselect/nodes/auth/auth_state.hpp"
#include "courseselect/nodes/auth/profile_outbox.hpp"
#include "courseselect/nodes/wire/auth.hpp"

namespace courseselect::nodes::accounts {

/// Code use, user and undelivered profile are one transaction. Then the data node is told: if it
/// refuses, all three are undone; if it is away, the outbox delivers later.
/// Ownership: borrows both. Thread-safety: the runtime's loop.
class Registration {
  public:
    Registration(AuthState& state, ProfileOutbox& outbox) : state_(state), outbox_(outbox) {}
    void add_routes(api::Service& service);

  private:
    async::Task<core::Result<wire::RegisterStarted>> start(api::Context& context,
                                                           wire::RegisterStart body);
    async::Task<core::Result<wire::TokenOut>> confirm(api::Context& context,
                                                      wire::TotpStepBody body);
    [[nodiscard]] async::Task<core::Result<repo::ProfileEntry>> create(api::Context& context,
                                                                       repo::User user,
                                                                       std::string code);
    [[nodiscard]] async::Task<core::Result<repo::User>> introduce(api::Context& context,
                                                                  repo::User user,
                                                                  repo::ProfileEntry profile);
    [[nodiscard]] async::Task<core::Result<>> undo(api::Context& context,
                                                   repo::ProfileEntry profile);
    [[nodiscard]] async::Task<core::Result<std::int64_t>> next_id(repo::UserKey user);

    AuthState& state_;
    ProfileOutbox& outbox_;
};

}  // namespace courseselect::nodes::accounts
