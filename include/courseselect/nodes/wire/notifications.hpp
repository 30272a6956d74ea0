#pragma once
/// Messages to people, as administrators see them: the outbox, its retries and its dead letters.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "courseselect/core/clock.hpp"
#include "courseselect/json/describe.hpp"

namespace courseselect::nodes::wire {

/// Messages that one call retries or discards.
inline constexpr std::size_t notifications_changed_max = 1'000;

/// Query of `GET /admin/notifications`.
struct NotificationQuery {
    std::optional<std::string> state;
    int page = 1;
    int page_size = 20;

    [[nodiscard]] std::int64_t offset() const {
        return static_cast<std::int64_t>(page - 1) * page_size;
    }
};
struct NotificationPath {
    std::int64_t id = 0;
};
struct NotificationSeen {
    std::int64_t id = 0;
    std::string message_id;
    std::string event;
    std::string channel;
    std::string recipient;
    std::string subject;
    std::optional<std::string> text;  ///< of one message, not in lists
    std::string state;
    std::int64_t attempts = 0;
    core::WallTime next_at;
    core::WallTime created_at;
    std::optional<core::WallTime> finished_at;
    std::string last_error;
};
struct NotificationPage {
    std::vector<NotificationSeen> notifications;
    std::int64_t total = 0;
    int page = 1;
    int page_size = 20;
};
/// Body of `POST /admin/notifications/retry` and `.../discard`.
struct NotificationIds {
    std::vector<std::int64_t> ids;
};
struct NotificationsChanged {
    bool success = true;
    std::string message;
    std::int64_t count = 0;
};
/// Body of `POST /admin/notifications/test`.
struct NotificationTest {
    std::string channel;
    std::string recipient;
};

}  // namespace courseselect::nodes::wire

namespace courseselect::json {

template <>
struct Describe<nodes::wire::NotificationQuery> {
    static constexpr auto fields() {
        using N = nodes::wire::NotificationQuery;
        return object("NotificationQuery", "Which messages, and which page of them.",
                      field<&N::state>("state", one_of<"waiting", "sent", "dead">, empty_is_absent),
                      field<&N::page>("page", between(1, 1'000'000), optional_with_default),
                      field<&N::page_size>("page_size", between(1, 1'000), optional_with_default));
    }
};
template <>
struct Describe<nodes::wire::NotificationPath> {
    static constexpr auto fields() {
        return object("NotificationPath", "A message.",
                      field<&nodes::wire::NotificationPath::id>("id", at_least(1)));
    }
};
template <>
struct Describe<nodes::wire::NotificationSeen> {
    static constexpr auto fields() {
        using N = nodes::wire::NotificationSeen;
        return object(
            "Notification", "A message to somebody.", field<&N::id>("id"),
            field<&N::message_id>("message_id", doc("The same for every try.")),
            field<&N::event>("event", example("\"password_changed\"")),
            field<&N::channel>("channel", one_of<"email", "sms">),
            field<&N::recipient>("recipient", example("\"alice@example.org\"")),
            field<&N::subject>("subject"),
            field<&N::text>("text", omit_empty, doc("Of one message, not in lists.")),
            field<&N::state>("state", one_of<"waiting", "sent", "dead">),
            field<&N::attempts>("attempts"),
            field<&N::next_at>("next_at", doc("Of a message that waits: not tried before.")),
            field<&N::created_at>("created_at"), field<&N::finished_at>("finished_at"),
            field<&N::last_error>("last_error"));
    }
};
template <>
struct Describe<nodes::wire::NotificationPage> {
    static constexpr auto fields() {
        using N = nodes::wire::NotificationPage;
        return object("NotificationPage", "Messages, newest first.",
                      field<&N::notifications>("notifications"), field<&N::total>("total"),
                      field<&N::page>("page"), field<&N::page_size>("page_size"));
    }
};
template <>
struct Describe<nodes::wire::NotificationIds> {
    static constexpr auto fields() {
        return object("NotificationIds", "Which messages.",
                      field<&nodes::wire::NotificationIds::ids>(
                          "ids", items(1, nodes::wire::notifications_changed_max),
                          each(at_least(1)), example("[1]")));
    }
};
template <>
struct Describe<nodes::wire::NotificationsChanged> {
    static constexpr auto fields() {
        using N = nodes::wire::NotificationsChanged;
        return object("NotificationsChanged", "How many it concerned.",
                      field<&N::success>("success"), field<&N::message>("message"),
                      field<&N::count>("count", doc("Ids that are unknown or were sent do not "
                                                    "count.")));
    }
};
template <>
struct Describe<nodes::wire::NotificationTest> {
    static constexpr auto fields() {
        using N = nodes::wire::NotificationTest;
        return object("NotificationTest", "Where a message goes that shows the settings work.",
                      field<&N::channel>("channel", one_of<"email", "sms">, example("\"email\"")),
                      field<&N::recipient>("recipient", length(1, 254),
                                           doc("A mail address, or `+` and 5 to 15 digits."),
                                           example("\"admin@example.org\"")));
    }
};

}  // namespace courseselect::json
