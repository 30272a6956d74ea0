#pragma once
/// `/users`, `/auth/register` and `/auth/{user_id}`: users made, seen, changed and deleted (user
/// management contract).

#include <string>

#include "courseselect/api/service.hpp"
#include "courseselect/net/http/client.hpp"
#include "courseselect/nodes/auth/account_maker.hpp"
#include "courseselect/nodes/auth/account_remover.hpp"
#include "courseselect/nodes/wire/course.hpp"
#include "courseselect/nodes/wire/user_api.hpp"

namespace courseselect::nodes::accounts {

/// Users made here are students of origin `open`. Where registration is closed
/// (`open_registration_enabled`), an administrator's token opens it.
/// A new name is told to the data node first: while that is away, names stay.
/// Ownership: borrows all. Thread-safety: the runtime's loop.
class UserAccounts {
  public:
    UserAccounts(AuthState& state, AccountMaker& maker, AccountRemover& remover,
                 net::http::Client& data_node)
        : state_(state), maker_(maker), remover_(remover), data_node_(data_node) {}
    void add_routes(api::Service& service);

  private:
    async::Task<core::Result<wire::UserMade>> make(api::Context& context, wire::NewUser body);
    async::Task<core::Result<wire::UserRegistered>> enrol(api::Context& context,
                                                          wire::NewUser body);
    async::Task<core::Result<wire::ManagedUser>> look(api::Context& context, wire::UserPath path);
    async::Task<core::Result<wire::UserChanged>> change(api::Context& context, wire::UserPath path,
                                                        wire::UserChangeBody body);
    async::Task<core::Result<wire::Done>> remove(api::Context& context, wire::UserPath path);

    /// Whether the caller may make users.
    [[nodiscard]] async::Task<core::Result<>> admit(api::Context& context);
    /// Whoever has a good token becomes the context's principal.
    [[nodiscard]] async::Task<core::Result<auth::UserKind>> identify(api::Context& context);
    [[nodiscard]] async::Task<core::Result<repo::User>> create(api::Context& context,
                                                               wire::NewUser body);
    [[nodiscard]] async::Task<core::Result<repo::User>> find(api::Context& context,
                                                             std::string oid);
    [[nodiscard]] async::Task<core::Result<>> rename(const api::Context& context, repo::User user,
                                                     std::string name);

    AuthState& state_;
    AccountMaker& maker_;
    AccountRemover& remover_;
    net::http::Client& data_node_;
};

}  // namespace courseselect::nodes::accounts
