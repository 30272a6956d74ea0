#pragma once
/// Settings that administrators change while everything runs: `/admin/settings` (contract §3.3) and
/// the whole of them, `/admin/system-settings` (architecture §8).

#include "courseselect/api/service.hpp"
#include "courseselect/nodes/auth/auth_state.hpp"
#include "courseselect/nodes/wire/page.hpp"
#include "courseselect/nodes/wire/settings.hpp"

namespace courseselect::nodes::accounts {

/// Every change is a new version in the database, with who made it, and an audit entry; it holds
/// here at once and in the other nodes as soon as they hear of it (see `ControlFeed`).
/// Ownership: borrows the state. Thread-safety: the runtime's loop.
class SystemSettings {
  public:
    explicit SystemSettings(AuthState& state) : state_(state) {}
    void add_routes(api::Service& service);

    /// At start: takes over the latest version. Errors: data_corrupt (it cannot be read).
    [[nodiscard]] async::Task<core::Result<>> load();

  private:
    async::Task<core::Result<wire::RegistrationSettings>> registration(
        api::Context& context, wire::RegistrationSettingsChange change);
    async::Task<core::Result<wire::RegistrationSettings>> registration_now(api::Context& context);
    async::Task<core::Result<wire::SettingsVersion>> now(api::Context& context);
    async::Task<core::Result<wire::SettingsVersion>> patch(api::Context& context);
    async::Task<core::Result<wire::SettingsHistory>> history(api::Context& context,
                                                             wire::Page page);
    /// Stores `next` as the next version and lets it hold.
    async::Task<core::Result<>> change(api::Context& context, Settings next);

    AuthState& state_;
    core::WallTime changed_at_;
    std::string changed_by_;
};

}  // namespace courseselect::nodes::accounts
