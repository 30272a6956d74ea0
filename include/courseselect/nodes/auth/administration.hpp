#pragma once
/// `/add/admin`, `/generate/registration-code` (contract §3.3) and the first administrators.

#include "courseselect/api/service.hpp"
#include "courseselect/nodes/auth/auth_state.hpp"
#include "courseselect/nodes/wire/auth.hpp"
#include "courseselect/nodes/wire/course.hpp"

namespace courseselect::nodes::accounts {

/// The passwords that anybody can read in the documentation. Outside development they are refused,
/// at the first start and at logins, so that a database made in development opens to nobody.
[[nodiscard]] bool is_documented_password(const core::Secret& password);

/// Ownership: borrows the state. Thread-safety: the runtime's loop.
class Administration {
  public:
    explicit Administration(AuthState& state) : state_(state) {}
    void add_routes(api::Service& service);

    /// At the first start: the configured administrators, who are asked to change their passwords.
    /// At later ones outside development: refuses those that development left as documented.
    /// Errors: invalid_argument `admin_password` (none, or a documented one outside development);
    /// failed_precondition `documented_password`.
    [[nodiscard]] async::Task<core::Result<>> make_first_admins();

  private:
    async::Task<core::Result<wire::Done>> add_admin(api::Context& context, wire::AdminCreate body);
    async::Task<core::Result<wire::CodesMade>> make_codes(api::Context& context,
                                                          wire::CodeRequest body);
    /// Not stored yet, and without id.
    [[nodiscard]] async::Task<core::Result<repo::User>> new_admin(std::string name,
                                                                  core::Secret password);
    /// Outside development: does an administrator still have the documented password?
    [[nodiscard]] async::Task<core::Result<>> check_kept_passwords();
    [[nodiscard]] async::Task<core::Result<>> make_first_admin(std::string name,
                                                               core::Secret password);

    AuthState& state_;
};

}  // namespace courseselect::nodes::accounts
