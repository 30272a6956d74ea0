#pragma once
/// Takes messages out of the house: the outbox's courier, with the senders that the settings name.

#include "courseselect/metrics/registry.hpp"
#include "courseselect/nodes/auth/auth_state.hpp"
#include "courseselect/nodes/parts.hpp"
#include "courseselect/notify/courier.hpp"

namespace courseselect::nodes::accounts {

/// Servers and switches are settings and change while everything runs; passwords and keys are
/// configuration. A channel that is off keeps its messages.
/// Ownership: borrows the state. Thread-safety: the runtime's loop.
class MailRoom {
  public:
    explicit MailRoom(AuthState& state);

    /// From now on with these. What cannot be used is logged and its channel is off.
    void use(const NotificationSettings& settings);
    void start() { courier_.start(); }
    [[nodiscard]] async::Task<> stop();
    /// Delivers what is due, now; returns how many messages were tried.
    [[nodiscard]] async::Task<std::size_t> deliver_due();

    [[nodiscard]] NotificationHealth health() const;
    void collect(metrics::Scrape& scrape) const;

  private:
    [[nodiscard]] std::shared_ptr<notify::Sender> mail_sender(const NotificationSettings& settings);
    [[nodiscard]] std::shared_ptr<notify::Sender> sms_sender(const NotificationSettings& settings);

    AuthState& state_;
    notify::Courier courier_;
};

}  // namespace courseselect::nodes::accounts
