#pragma once
/// `/admin/users`, `/admin/user` and `/admin/user/...`: other people's accounts (contract §3.4).

#include <optional>
#include <string>

#include "courseselect/api/service.hpp"
#include "courseselect/nodes/auth/account_maker.hpp"
#include "courseselect/nodes/auth/account_remover.hpp"
#include "courseselect/nodes/auth/data_calls.hpp"
#include "courseselect/nodes/wire/course.hpp"
#include "courseselect/nodes/wire/user_admin.hpp"

namespace courseselect::nodes::accounts {

/// Whatever an administrator takes from somebody ends that person's sessions on every node, and
/// every change is in the audit. No secret of 2FA leaves here.
/// Ownership: borrows all. Thread-safety: the runtime's loop.
class UserAdmin {
  public:
    UserAdmin(AuthState& state, AccountMaker& maker, AccountRemover& remover,
              net::http::Client& data_node)
        : state_(state), maker_(maker), remover_(remover), data_(state, data_node) {}
    void add_routes(api::Service& service);

  private:
    void add_change_routes(api::Service& service);

    async::Task<core::Result<wire::UserPage>> list(api::Context& context,
                                                   wire::UserListQuery query);
    /// One call for all students of the page. Errors: unavailable.
    async::Task<core::Result<wire::UserPage>> with_tags(api::Context& context, wire::UserPage page);
    async::Task<core::Result<wire::UserDetail>> detail(api::Context& context, std::string username);
    async::Task<core::Result<wire::UserAdded>> add(api::Context& context, wire::UserAdd body);
    async::Task<core::Result<wire::Done>> remove(api::Context& context, wire::UserDelete body);
    async::Task<core::Result<wire::Done>> reset_totp(api::Context& context, wire::UserNamed body);
    async::Task<core::Result<wire::Done>> toggle(api::Context& context, wire::UserToggle body);
    async::Task<core::Result<wire::PasswordResetDone>> reset_password(api::Context& context,
                                                                      wire::PasswordReset body);

    AuthState& state_;
    AccountMaker& maker_;
    AccountRemover& remover_;
    DataCalls data_;
};

/// 12 letters and digits, every one as likely as another: 71 bits.
[[nodiscard]] core::Secret make_password(crypto::RandomSource& random);

}  // namespace courseselect::nodes::accounts
