#pragma once
/// What an administrator may change while everything runs (architecture §8). The auth node keeps
/// the settings, versioned and audited; every other node follows them through `Control`.

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "courseselect/core/clock.hpp"
#include "courseselect/core/result.hpp"
#include "courseselect/json/describe.hpp"

namespace courseselect::nodes {

struct SecuritySettings {
    bool student_registration_enabled = true;
    bool teacher_registration_enabled = true;
    bool open_registration_enabled = false;
    int password_length_min = 6;
    int password_classes_min = 1;
    bool students_need_2fa = true;
    bool teachers_need_2fa = false;
    int session_idle_seconds = 3'600;
    int sessions_per_user_max = 1;

    friend bool operator==(const SecuritySettings&, const SecuritySettings&) = default;
};

struct CourseSettings {
    int courses_per_student_max = 0;
    double credits_per_student_max = 0;
    bool check_time_conflicts = true;
    bool check_tags = true;
    std::optional<core::WallTime> selection_opens_at;
    std::optional<core::WallTime> selection_closes_at;

    friend bool operator==(const CourseSettings&, const CourseSettings&) = default;
};

struct QueueSettings {
    int select_priority = 0;
    int deselect_priority = 10;
    int attempts_max = 8;
    int retry_delay_ms_min = 100;
    int retry_delay_ms_max = 30'000;
    int time_limit_seconds = 30;

    friend bool operator==(const QueueSettings&, const QueueSettings&) = default;
};

enum class MailSecurity : std::uint8_t { none, starttls, tls };

/// Passwords and keys of mail servers and gateways are configuration (`SMTP_PASSWORD`,
/// `SMS_AUTHORIZATION`), so that they are neither in the database nor in the audit.
struct NotificationSettings {
    bool email_enabled = false;
    std::string smtp_host;
    int smtp_port = 587;
    MailSecurity smtp_security = MailSecurity::starttls;
    std::string smtp_username;
    std::string email_from;
    std::string email_from_name = "Course selection";
    bool sms_enabled = false;
    std::string sms_url;
    std::string sms_content_type = "application/json";
    std::string sms_body = R"({"to":"{{to}}","text":"{{text}}","id":"{{id}}"})";
    /// `new_login` is left out: who changes networks often would be told often.
    std::vector<std::string> events{"account_created",    "account_status",    "password_changed",
                                    "two_factor_reset",   "reset_code_made",   "session_reused",
                                    "selection_accepted", "selection_refused", "selection_ended",
                                    "selection_opens",    "selection_closes"};
    int deadline_notice_hours = 24;

    friend bool operator==(const NotificationSettings&, const NotificationSettings&) = default;
};

struct Settings {
    SecuritySettings security;
    CourseSettings courses;
    QueueSettings queue;
    NotificationSettings notifications;

    friend bool operator==(const Settings&, const Settings&) = default;
};

/// What no single field can say. Errors: invalid_argument `settings`, the detail names the fields.
[[nodiscard]] core::Result<> check_settings(const Settings& settings);

}  // namespace courseselect::nodes

namespace courseselect::json {

template <>
struct Names<nodes::MailSecurity> {
    static constexpr auto values =
        std::to_array<Name<nodes::MailSecurity>>({{nodes::MailSecurity::none, "none"},
                                                  {nodes::MailSecurity::starttls, "starttls"},
                                                  {nodes::MailSecurity::tls, "tls"}});
};

template <>
struct Describe<nodes::SecuritySettings> {
    static constexpr auto fields() {
        using S = nodes::SecuritySettings;
        return object(
            "SecuritySettings", "Accounts, passwords, 2FA and sessions.",
            field<&S::student_registration_enabled>("student_registration_enabled",
                                                    optional_with_default,
                                                    doc("Students register with a code.")),
            field<&S::teacher_registration_enabled>("teacher_registration_enabled",
                                                    optional_with_default,
                                                    doc("Teachers register with a code.")),
            field<&S::open_registration_enabled>("open_registration_enabled", optional_with_default,
                                                 doc("Anybody registers, without a code.")),
            field<&S::password_length_min>("password_length_min", between(6, 72),
                                           optional_with_default, doc("Characters.")),
            field<&S::password_classes_min>(
                "password_classes_min", between(1, 4), optional_with_default,
                doc("How many of: lower case, upper case, digits, other.")),
            field<&S::students_need_2fa>("students_need_2fa", optional_with_default),
            field<&S::teachers_need_2fa>("teachers_need_2fa", optional_with_default),
            field<&S::session_idle_seconds>("session_idle_seconds", between(60, 2'592'000),
                                            optional_with_default,
                                            doc("A session nobody used so long is over.")),
            field<&S::sessions_per_user_max>("sessions_per_user_max", between(1, 100),
                                             optional_with_default,
                                             doc("A new login ends the oldest.")));
    }
};

template <>
struct Describe<nodes::CourseSettings> {
    static constexpr auto fields() {
        using C = nodes::CourseSettings;
        return object(
            "CourseSettings", "Limits and deadlines of selecting.",
            field<&C::courses_per_student_max>("courses_per_student_max", between(0, 1'000),
                                               optional_with_default, doc("0: no limit.")),
            field<&C::credits_per_student_max>("credits_per_student_max", between(0, 10'000),
                                               optional_with_default, doc("0: no limit.")),
            field<&C::check_time_conflicts>("check_time_conflicts", optional_with_default,
                                            doc("Refuse courses whose times clash.")),
            field<&C::check_tags>("check_tags", optional_with_default,
                                  doc("Refuse students who lack a tag of the course.")),
            field<&C::selection_opens_at>("selection_opens_at",
                                          doc("Nothing is selected before; null: at once.")),
            field<&C::selection_closes_at>("selection_closes_at",
                                           doc("Nothing is selected from then on; null: never.")));
    }
};

template <>
struct Describe<nodes::QueueSettings> {
    static constexpr auto fields() {
        using Q = nodes::QueueSettings;
        return object(
            "QueueSettings", "Order and patience of the queue.",
            field<&Q::select_priority>("select_priority", between(-100, 100), optional_with_default,
                                       doc("Higher runs first.")),
            field<&Q::deselect_priority>("deselect_priority", between(-100, 100),
                                         optional_with_default,
                                         doc("Above selecting, so that seats come free first.")),
            field<&Q::attempts_max>("attempts_max", between(1, 100), optional_with_default,
                                    doc("Failed attempts until a task is given up.")),
            field<&Q::retry_delay_ms_min>("retry_delay_ms_min", between(10, 60'000),
                                          optional_with_default,
                                          doc("Doubles with every attempt.")),
            field<&Q::retry_delay_ms_max>("retry_delay_ms_max", between(10, 3'600'000),
                                          optional_with_default),
            field<&Q::time_limit_seconds>(
                "time_limit_seconds", between(1, 3'600), optional_with_default,
                doc("A task not decided so long has failed an attempt.")));
    }
};

template <>
struct Describe<nodes::NotificationSettings> {
    static constexpr auto fields() {
        using N = nodes::NotificationSettings;
        return object(
            "NotificationSettings", "Mail and SMS; off until switched on.",
            field<&N::email_enabled>("email_enabled", optional_with_default),
            field<&N::smtp_host>("smtp_host", length_max(253), optional_with_default),
            field<&N::smtp_port>("smtp_port", between(1, 65'535), optional_with_default),
            field<&N::smtp_security>("smtp_security", optional_with_default),
            field<&N::smtp_username>("smtp_username", length_max(254), optional_with_default,
                                     doc("Empty: no login; the password is SMTP_PASSWORD.")),
            field<&N::email_from>("email_from", length_max(254), optional_with_default),
            field<&N::email_from_name>("email_from_name", length_max(100), optional_with_default),
            field<&N::sms_enabled>("sms_enabled", optional_with_default),
            field<&N::sms_url>("sms_url", length_max(1'000), optional_with_default,
                               doc("The gateway; {{to}}, {{text}} and {{id}} are filled in.")),
            field<&N::sms_content_type>("sms_content_type", length_max(100), optional_with_default),
            field<&N::sms_body>("sms_body", length_max(4'000), optional_with_default),
            field<&N::events>("events", items(0, 50), each(length(1, 50)), optional_with_default,
                              doc("What people are told about.")),
            field<&N::deadline_notice_hours>(
                "deadline_notice_hours", between(1, 720), optional_with_default,
                doc("How long before selecting opens and closes people are told.")));
    }
};

template <>
struct Describe<nodes::Settings> {
    static constexpr auto fields() {
        using S = nodes::Settings;
        return object("Settings", "What may change while everything runs.",
                      field<&S::security>("security", optional_with_default),
                      field<&S::courses>("courses", optional_with_default),
                      field<&S::queue>("queue", optional_with_default),
                      field<&S::notifications>("notifications", optional_with_default));
    }
};

}  // namespace courseselect::json
