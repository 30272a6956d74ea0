#include "courseselect/nodes/auth/mail_room.hpp"

#include "courseselect/core/log.hpp"

namespace courseselect::nodes::accounts {
namespace {

notify::SmtpSecurity smtp_security_of(MailSecurity security) {
    switch (security) {
        case MailSecurity::none: return notify::SmtpSecurity::none;
        case MailSecurity::starttls: return notify::SmtpSecurity::starttls;
        case MailSecurity::tls: return notify::SmtpSecurity::tls;
    }
    return notify::SmtpSecurity::starttls;
}

/// Settings were checked when they were stored; what is wrong now is the configuration beside them.
std::shared_ptr<notify::Sender> usable(core::Result<std::unique_ptr<notify::Sender>> made,
                                       const char* channel) {
    if (!made) {
        core::log::error("channel_not_usable", {{"channel", channel}, {"error", made.error()}});
        return nullptr;
    }
    return *std::move(made);
}

}  // namespace

MailRoom::MailRoom(AuthState& state)
    : state_(state),
      courier_(state.runtime.loop, state.runtime.clock, state.runtime.random, *state.readers,
               *state.writes, state.options.notifications.courier) {}

void MailRoom::use(const NotificationSettings& settings) {
    notify::Senders senders;
    if (settings.email_enabled) {
        senders.email = mail_sender(settings);
    }
    if (settings.sms_enabled) {
        senders.sms = sms_sender(settings);
    }
    courier_.use(std::move(senders));
}

std::shared_ptr<notify::Sender> MailRoom::mail_sender(const NotificationSettings& settings) {
    const NotificationOptions& given = state_.options.notifications;
    auto made = notify::make_smtp_sender({.host = settings.smtp_host,
                                          .port = static_cast<std::uint16_t>(settings.smtp_port),
                                          .security = smtp_security_of(settings.smtp_security),
                                          .username = settings.smtp_username,
                                          .password = given.smtp_password,
                                          .from = settings.email_from,
                                          .from_name = settings.email_from_name,
                                          .ca_file = given.ca_file,
                                          .timeout = given.delivery_timeout});
    return usable(std::move(made), "email");
}

std::shared_ptr<notify::Sender> MailRoom::sms_sender(const NotificationSettings& settings) {
    const NotificationOptions& given = state_.options.notifications;
    auto made = notify::make_sms_sender({.url = settings.sms_url,
                                         .content_type = settings.sms_content_type,
                                         .body = settings.sms_body,
                                         .authorization = given.sms_authorization,
                                         .ca_file = given.ca_file,
                                         .timeout = given.delivery_timeout});
    return usable(std::move(made), "sms");
}

async::Task<> MailRoom::stop() { co_await courier_.stop(); }

async::Task<std::size_t> MailRoom::deliver_due() {
    const std::size_t tried = co_await courier_.deliver_due();
    co_return tried;
}

NotificationHealth MailRoom::health() const {
    const notify::CourierFigures& figures = courier_.figures();
    return {.email = courier_.senders().email != nullptr,
            .sms = courier_.senders().sms != nullptr,
            .waiting = figures.waiting,
            .dead = figures.dead};
}

void MailRoom::collect(metrics::Scrape& scrape) const {
    const notify::CourierFigures& figures = courier_.figures();
    constexpr const char* left = "Messages to people in the outbox, at the courier's last turn.";
    scrape.gauge("courseselect_notifications", left, static_cast<double>(figures.waiting),
                 {{"state", "waiting"}});
    scrape.gauge("courseselect_notifications", left, static_cast<double>(figures.dead),
                 {{"state", "dead"}});
    constexpr const char* tries = "Tries to deliver a message, by what came of them.";
    scrape.counter("courseselect_notification_tries_total", tries, figures.sent,
                   {{"outcome", "sent"}});
    scrape.counter("courseselect_notification_tries_total", tries, figures.postponed,
                   {{"outcome", "postponed"}});
    scrape.counter("courseselect_notification_tries_total", tries, figures.given_up,
                   {{"outcome", "given_up"}});
}

}  // namespace courseselect::nodes::accounts
