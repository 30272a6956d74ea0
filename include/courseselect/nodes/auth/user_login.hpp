#pragma once
/// `/auth/login`, `/auth/logout`, `/auth/me` (user management contract).

#include <optional>
#include <string>

#include "courseselect/api/service.hpp"
#include "courseselect/nodes/auth/auth_state.hpp"
#include "courseselect/nodes/wire/course.hpp"
#include "courseselect/nodes/wire/user_api.hpp"

namespace courseselect::nodes::accounts {

/// One step: password, and the code of those who have 2FA. Students who came with a registration
/// code need 2FA, as on the other door (`students_need_2fa`); this door does not go around it.
/// Ownership: borrows the state. Thread-safety: the runtime's loop.
class UserLogin {
  public:
    explicit UserLogin(AuthState& state) : state_(state) {}
    void add_routes(api::Service& service);

  private:
    async::Task<core::Result<wire::UserLoggedIn>> log_in(api::Context& context,
                                                         wire::UserLoginBody body);
    async::Task<core::Result<wire::Done>> log_out(api::Context& context);
    async::Task<core::Result<wire::OwnUser>> me(api::Context& context);

    /// Whose address or name that is. Nothing: nobody's.
    [[nodiscard]] async::Task<core::Result<std::optional<repo::User>>> find(std::string login);
    /// Stores the session of `user`, who gave the right password, if the rest is right as well.
    [[nodiscard]] async::Task<core::Result<NewSession>> open_session(repo::AuditEntry event,
                                                                     std::optional<repo::User> user,
                                                                     std::string totp_code);

    AuthState& state_;
};

}  // namespace courseselect::nodes::accounts
