#include "courseselect/nodes/auth/notification_admin.hpp"

#include <fmt/format.h>

#include <utility>

#include "courseselect/nodes/auth/steps.hpp"
#include "courseselect/notify/outbox.hpp"

namespace courseselect::nodes::accounts {
namespace {

using core::Errc;

constexpr std::size_t ids_audited_max = 20;

wire::NotificationSeen notification_seen(notify::Entry entry) {
    return {.id = entry.id,
            .message_id = std::move(entry.message_id),
            .event = std::move(entry.event),
            .channel = std::string(notify::channel_name(entry.message.channel)),
            .recipient = std::move(entry.message.recipient),
            .subject = std::move(entry.message.subject),
            .text = {},
            .state = std::string(notify::state_name(entry.state)),
            .attempts = entry.attempts,
            .next_at = entry.next_at,
            .created_at = entry.created_at,
            .finished_at = entry.finished_at,
            .last_error = std::move(entry.last_error)};
}

/// "3,4,5", or "3,4,... (30 in all)".
std::string ids_text(const std::vector<std::int64_t>& ids) {
    const auto shown = static_cast<std::ptrdiff_t>(std::min(ids.size(), ids_audited_max));
    std::string text = fmt::format("{}", fmt::join(ids.begin(), ids.begin() + shown, ","));
    if (ids.size() > ids_audited_max) {
        text += fmt::format(",... ({} in all)", ids.size());
    }
    return text;
}

}  // namespace

void NotificationAdmin::add_routes(api::Service& service) {
    service.add(api::get("/admin/notifications")
                    .summary("Messages to people: those that wait, were sent or are dead.")
                    .tag("notifications")
                    .access(api::Access::admin)
                    .query<wire::NotificationQuery>()
                    .error(404, "Admin not found"),
                [this](api::Context& context, wire::NotificationQuery query) {
                    return list(context, std::move(query));
                });
    service.add(api::get("/admin/notifications/{id}")
                    .summary("One message with its text.")
                    .tag("notifications")
                    .access(api::Access::admin)
                    .path<wire::NotificationPath>()
                    .error(404, "Notification not found"),
                [this](api::Context& context, wire::NotificationPath path) {
                    return look(context, path.id);
                });
    service.add(api::post("/admin/notifications/retry")
                    .summary("Try messages again, now and from the beginning.")
                    .description("Of those that are dead or wait; sent ones stay sent.")
                    .tag("notifications")
                    .access(api::Access::admin)
                    .body<wire::NotificationIds>()
                    .error(404, "Admin not found"),
                [this](api::Context& context, wire::NotificationIds body) {
                    return retry(context, std::move(body));
                });
    service.add(api::post("/admin/notifications/discard")
                    .summary("Forget messages that were not sent.")
                    .tag("notifications")
                    .access(api::Access::admin)
                    .body<wire::NotificationIds>()
                    .error(404, "Admin not found"),
                [this](api::Context& context, wire::NotificationIds body) {
                    return discard(context, std::move(body));
                });
    service.add(api::post("/admin/notifications/test")
                    .summary("Send a message that shows whether the settings work.")
                    .tag("notifications")
                    .access(api::Access::admin)
                    .body<wire::NotificationTest>()
                    .error(400, "email is off; set notifications.email_enabled")
                    .error(400, "recipient is no mail address like name@example.org")
                    .error(404, "Admin not found"),
                [this](api::Context& context, wire::NotificationTest body) {
                    return try_out(context, std::move(body));
                });
}

async::Task<core::Result<wire::NotificationPage>> NotificationAdmin::list(
    api::Context& context, wire::NotificationQuery query) {
    auto read = [query = std::move(query)](
                    storage::Connection& connection) -> core::Result<wire::NotificationPage> {
        const auto state = notify::parse_state(query.state.value_or(""));
        wire::NotificationPage answer;
        answer.page = query.page;
        answer.page_size = query.page_size;
        COURSESELECT_TRY(answer.total, notify::count(connection, state));
        COURSESELECT_TRY(auto entries,
                         notify::list(connection, state, query.offset(), query.page_size));
        for (notify::Entry& entry : entries) {
            answer.notifications.push_back(notification_seen(std::move(entry)));
        }
        return answer;
    };
    auto answer = co_await look_as_admin(state_, context, std::move(read));
    co_return answer;
}

async::Task<core::Result<wire::NotificationSeen>> NotificationAdmin::look(api::Context& context,
                                                                          std::int64_t id) {
    auto read = [id](storage::Connection& connection) -> core::Result<wire::NotificationSeen> {
        COURSESELECT_TRY(auto entry, notify::find(connection, id));
        if (!entry) {
            return core::Error(Errc::not_found, "notification_unknown", "Notification not found");
        }
        std::string text = entry->message.text;
        wire::NotificationSeen seen = notification_seen(*std::move(entry));
        seen.text = std::move(text);
        return seen;
    };
    auto answer = co_await look_as_admin(state_, context, std::move(read));
    co_return answer;
}

async::Task<core::Result<wire::NotificationsChanged>> NotificationAdmin::retry(
    api::Context& context, wire::NotificationIds body) {
    std::string target = ids_text(body.ids);
    auto change = [ids = std::move(body.ids), now = state_.runtime.clock.wall_now()](
                      storage::Connection& connection) -> core::Result<std::int64_t> {
        std::int64_t count = 0;
        for (const std::int64_t id : ids) {
            COURSESELECT_TRY(const bool is_due, notify::retry(connection, id, now));
            count += is_due ? 1 : 0;
        }
        return count;
    };
    COURSESELECT_CO_TRY(const std::int64_t count,
                        co_await act_as_admin(state_, context, "retry_notifications",
                                              std::move(target), std::move(change)));
    co_return wire::NotificationsChanged{.message = "Notifications will be tried again now",
                                         .count = count};
}

async::Task<core::Result<wire::NotificationsChanged>> NotificationAdmin::discard(
    api::Context& context, wire::NotificationIds body) {
    std::string target = ids_text(body.ids);
    auto change =
        [ids = std::move(body.ids)](storage::Connection& connection) -> core::Result<std::int64_t> {
        std::int64_t count = 0;
        for (const std::int64_t id : ids) {
            COURSESELECT_TRY(const bool is_gone, notify::discard(connection, id));
            count += is_gone ? 1 : 0;
        }
        return count;
    };
    COURSESELECT_CO_TRY(const std::int64_t count,
                        co_await act_as_admin(state_, context, "discard_notifications",
                                              std::move(target), std::move(change)));
    co_return wire::NotificationsChanged{.message = "Notifications discarded", .count = count};
}

async::Task<core::Result<wire::NotificationsChanged>> NotificationAdmin::try_out(
    api::Context& context, wire::NotificationTest body) {
    const auto channel = notify::parse_channel(body.channel);
    COURSESELECT_CHECK(channel.has_value());  // the declaration lets no other pass
    const NotificationSettings& settings = state_.control.settings().notifications;
    const bool is_on =
        *channel == notify::Channel::email ? settings.email_enabled : settings.sms_enabled;
    if (!is_on) {
        co_return core::Error(
            Errc::invalid_argument, "channel_off",
            fmt::format("{} is off; set notifications.{}_enabled", body.channel, body.channel));
    }
    std::string target = body.channel + " " + body.recipient;
    auto change = [channel = *channel, recipient = std::move(body.recipient),
                   name = context.who().username, &notices = state_.notices,
                   now = state_.runtime.clock.wall_now()](
                      storage::Connection& connection) -> core::Result<bool> {
        COURSESELECT_TRY_OK(notices.try_out(connection, channel, recipient, name, now));
        return true;
    };
    COURSESELECT_CO_TRY_OK(co_await act_as_admin(state_, context, "test_notification",
                                                 std::move(target), std::move(change)));
    co_return wire::NotificationsChanged{.message = "The message is on its way", .count = 1};
}

}  // namespace courseselect::nodes::accounts
