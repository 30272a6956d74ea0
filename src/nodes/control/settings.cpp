#include "courseselect/nodes/control/settings.hpp"

#include <fmt/format.h>

#include "courseselect/notify/sender.hpp"
#include "courseselect/notify/templates.hpp"

namespace courseselect::nodes {
namespace {

core::Error settings_error(std::string text) {
    return {core::Errc::invalid_argument, "settings", std::move(text)};
}

core::Result<> check_notifications(const NotificationSettings& given) {
    for (const std::string& event : given.events) {
        if (notify::find_event(event) == nullptr) {
            return settings_error(fmt::format("notifications.events: there is no event {}", event));
        }
    }
    if (given.email_enabled) {
        const auto sender = notify::make_smtp_sender({.host = given.smtp_host,
                                                      .from = given.email_from,
                                                      .from_name = given.email_from_name});
        if (!sender) {
            return settings_error("notifications: " + sender.error().detail());
        }
    }
    if (given.sms_enabled) {
        const auto sender = notify::make_sms_sender(
            {.url = given.sms_url, .content_type = given.sms_content_type, .body = given.sms_body});
        if (!sender) {
            return settings_error("notifications: " + sender.error().detail());
        }
    }
    return {};
}

}  // namespace

core::Result<> check_settings(const Settings& settings) {
    const CourseSettings& courses = settings.courses;
    if (courses.selection_opens_at && courses.selection_closes_at &&
        *courses.selection_opens_at >= *courses.selection_closes_at) {
        return settings_error(
            "courses.selection_opens_at must be before courses.selection_closes_at");
    }
    if (settings.queue.retry_delay_ms_min > settings.queue.retry_delay_ms_max) {
        return settings_error("queue.retry_delay_ms_min must not be over queue.retry_delay_ms_max");
    }
    return check_notifications(settings.notifications);
}

}  // namespace courseselect::nodes
