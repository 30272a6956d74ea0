#pragma once
/// `/admin/notifications`: the outbox of messages to people, for administrators.

#include "courseselect/api/service.hpp"
#include "courseselect/nodes/auth/auth_state.hpp"
#include "courseselect/nodes/wire/notifications.hpp"

namespace courseselect::nodes::accounts {

/// Lists what waits, was sent or is dead; retries, discards, tries out. Every change is audited.
/// Ownership: borrows the state. Thread-safety: the runtime's loop.
class NotificationAdmin {
  public:
    explicit NotificationAdmin(AuthState& state) : state_(state) {}
    void add_routes(api::Service& service);

  private:
    async::Task<core::Result<wire::NotificationPage>> list(api::Context& context,
                                                           wire::NotificationQuery query);
    async::Task<core::Result<wire::NotificationSeen>> look(api::Context& context, std::int64_t id);
    async::Task<core::Result<wire::NotificationsChanged>> retry(api::Context& context,
                                                                wire::NotificationIds body);
    async::Task<core::Result<wire::NotificationsChanged>> discard(api::Context& context,
                                                                  wire::NotificationIds body);
    async::Task<core::Result<wire::NotificationsChanged>> try_out(api::Context& context,
                                                                  wire::NotificationTest body);

    AuthState& state_;
};

}  // namespace courseselect::nodes::accounts
