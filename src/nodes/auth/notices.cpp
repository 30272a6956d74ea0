#include "courseselect/nodes/auth/notices.hpp"

#include "courseselect/core/log.hpp"
#include "courseselect/core/time_format.hpp"
#include "courseselect/core/uuid.hpp"
#include "courseselect/notify/outbox.hpp"

namespace courseselect::nodes::accounts {

using core::Errc;
using notify::Channel;

void Notices::use(const NotificationSettings& settings) {
    auto next = std::make_shared<Rules>();
    next->by_email = settings.email_enabled;
    next->by_sms = settings.sms_enabled;
    next->events.insert(settings.events.begin(), settings.events.end());
    const std::lock_guard lock(gate_);
    rules_ = std::move(next);
}

std::shared_ptr<const Notices::Rules> Notices::rules() const {
    const std::lock_guard lock(gate_);
    return rules_;
}

bool Notices::wants(std::string_view event) const {
    const auto now = rules();
    return (now->by_email || now->by_sms) && now->events.contains(event);
}

core::Result<> Notices::tell(storage::Connection& connection, const Notice& notice,
                             core::WallTime now) const {
    if (!wants(notice.event)) {
        return {};
    }
    COURSESELECT_TRY(const auto contact, repo::find_contact(connection, notice.user));
    return contact ? tell(connection, notice, *contact, now) : core::Result<>();
}

core::Result<> Notices::tell(storage::Connection& connection, const Notice& notice,
                             const repo::Contact& contact, core::WallTime now) const {
    const auto allowed = rules();
    if (!allowed->events.contains(notice.event)) {
        return {};
    }
    if (allowed->by_email && contact.email) {
        COURSESELECT_TRY_OK(put(connection, Channel::email, notice, contact, now));
    }
    if (allowed->by_sms && contact.phone) {
        COURSESELECT_TRY_OK(put(connection, Channel::sms, notice, contact, now));
    }
    return {};
}

core::Result<> Notices::tell_of_login(storage::Connection& connection, repo::UserKey user,
                                      const std::string& address, core::WallTime now) const {
    if (!wants("new_login")) {
        return {};
    }
    COURSESELECT_TRY(const bool is_known, repo::is_known_address(connection, user, address));
    if (is_known) {
        return {};
    }
    Notice notice{.event = "new_login", .user = user};
    notice.values = {{"address", address}, {"time", core::format_rfc3339(now)}};
    return tell(connection, notice, now);
}

core::Result<> Notices::put(storage::Connection& connection, Channel channel, const Notice& notice,
                            const repo::Contact& contact, core::WallTime now) const {
    notify::Values values = notice.values;
    values.emplace("username", contact.username);
    values.emplace("name", contact.name.value_or(contact.username));
    COURSESELECT_TRY(auto rendered, templates_.render(notice.event, channel, values));
    const bool is_mail = channel == Channel::email;
    const notify::Message message{.channel = channel,
                                  .recipient = is_mail ? *contact.email : *contact.phone,
                                  .subject = std::move(rendered.subject),
                                  .text = std::move(rendered.text)};
    std::string id = notice.key.empty()
                         ? core::format_uuid(core::make_uuid_v4(random_.array<16>()))
                         : notice.key + "." + std::string(notify::channel_name(channel));
    const auto put = notify::enqueue(connection, id, notice.event, message, now);
    if (!put && put.error().code() == Errc::invalid_argument) {
        core::log::warn("not_notified", {{"user", repo::to_string(contact.user)},
                                         {"about", notice.event},
                                         {"error", put.error()}});
        return {};
    }
    return put;
}

core::Result<> Notices::try_out(storage::Connection& connection, Channel channel,
                                const std::string& recipient, const std::string& username,
                                core::WallTime now) const {
    COURSESELECT_TRY(
        auto rendered,
        templates_.render("test", channel, {{"username", username}, {"name", username}}));
    const notify::Message message{.channel = channel,
                                  .recipient = recipient,
                                  .subject = std::move(rendered.subject),
                                  .text = std::move(rendered.text)};
    return notify::enqueue(connection, core::format_uuid(core::make_uuid_v4(random_.array<16>())),
                           "test", message, now);
}

}  // namespace courseselect::nodes::accounts
