#include "courseselect/nodes/control/settings.hpp"

#include <doctest/doctest.h>

#include "courseselect/json/reader.hpp"
#include "courseselect/json/writer.hpp"

namespace courseselect::nodes {
namespace {

std::string refusal_of(const Settings& settings) {
    const auto checked = check_settings(settings);
    return checked ? "" : checked.error().detail();
}

std::size_t faults_of(std::string_view text) {
    return json::parse_body<Settings>(text).errors().size();
}

}  // namespace

TEST_SUITE("nodes/control/settings") {
    TEST_CASE("the defaults are allowed, and what is written is read back") {
        Settings settings;
        CHECK(refusal_of(settings).empty());
        settings.courses.selection_opens_at = core::WallTime{std::chrono::seconds{1'800'000'000}};
        settings.notifications.events = {"test"};
        const auto read = json::parse<Settings>(json::to_text(settings));
        REQUIRE(read.has_value());
        CHECK(*read == settings);
    }

    TEST_CASE("a part changes what it names and leaves the rest") {
        Settings settings;
        settings.queue.attempts_max = 3;
        settings.courses.check_tags = false;
        settings.notifications.events = {"test", "account_created"};
        const auto faults = json::read_document(
            json::type_of<Settings>(), &settings,
            R"({"queue":{"select_priority":5},"notifications":{"events":["test"]}})", "body");
        CHECK(faults.empty());
        CHECK(settings.queue.select_priority == 5);
        CHECK(settings.queue.attempts_max == 3);
        CHECK_FALSE(settings.courses.check_tags);
        CHECK(settings.notifications.events == std::vector<std::string>{"test"});
    }

    TEST_CASE("a deadline can be cleared with null") {
        Settings settings;
        settings.courses.selection_closes_at = core::WallTime{std::chrono::seconds{1}};
        const auto faults =
            json::read_document(json::type_of<Settings>(), &settings,
                                R"({"courses":{"selection_closes_at":null}})", "body");
        CHECK(faults.empty());
        CHECK_FALSE(settings.courses.selection_closes_at.has_value());
    }

    TEST_CASE("every bound holds at its number") {
        struct Bound {
            const char* part;
            const char* name;
            const char* low;
            const char* below;
            const char* high;
            const char* above;
        };
        const Bound bounds[] = {
            {"security", "password_length_min", "6", "5", "72", "73"},
            {"security", "password_classes_min", "1", "0", "4", "5"},
            {"security", "session_idle_seconds", "60", "59", "2592000", "2592001"},
            {"security", "sessions_per_user_max", "1", "0", "100", "101"},
            {"courses", "courses_per_student_max", "0", "-1", "1000", "1001"},
            {"courses", "credits_per_student_max", "0", "-0.5", "10000", "10000.5"},
            {"queue", "select_priority", "-100", "-101", "100", "101"},
            {"queue", "deselect_priority", "-100", "-101", "100", "101"},
            {"queue", "attempts_max", "1", "0", "100", "101"},
            {"queue", "retry_delay_ms_min", "10", "9", "60000", "60001"},
            {"queue", "retry_delay_ms_max", "10", "9", "3600000", "3600001"},
            {"queue", "time_limit_seconds", "1", "0", "3600", "3601"},
            {"notifications", "smtp_port", "1", "0", "65535", "65536"},
        };
        for (const Bound& bound : bounds) {
            CAPTURE(bound.name);
            const auto body = [&](const char* value) {
                return std::string(R"({")") + bound.part + R"(":{")" + bound.name + R"(":)" +
                       value + "}}";
            };
            CHECK(faults_of(body(bound.low)) == 0);
            CHECK(faults_of(body(bound.below)) == 1);
            CHECK(faults_of(body(bound.high)) == 0);
            CHECK(faults_of(body(bound.above)) == 1);
        }
        CHECK(faults_of(R"({"notifications":{"smtp_security":"ssl"}})") == 1);
    }

    TEST_CASE("what no single field can say is said with the fields' names") {
        const core::WallTime noon{std::chrono::seconds{1'800'000'000}};
        Settings settings;
        settings.courses.selection_opens_at = noon;
        settings.courses.selection_closes_at = noon;
        CHECK(refusal_of(settings).find("selection_opens_at") != std::string::npos);
        settings.courses.selection_closes_at = noon + std::chrono::microseconds(1);
        CHECK(refusal_of(settings).empty());
        settings.queue.retry_delay_ms_min = 200;
        settings.queue.retry_delay_ms_max = 199;
        CHECK(refusal_of(settings).find("retry_delay_ms_min") != std::string::npos);
        settings.queue.retry_delay_ms_max = 200;
        CHECK(refusal_of(settings).empty());
    }

    TEST_CASE("mail and SMS are switched on only with what they need") {
        Settings settings;
        settings.notifications.email_enabled = true;
        CHECK(refusal_of(settings).find("smtp host") != std::string::npos);
        settings.notifications.smtp_host = "mail.example.org";
        CHECK(refusal_of(settings).find("smtp from") != std::string::npos);
        settings.notifications.email_from = "courses@example.org";
        CHECK(refusal_of(settings).empty());
        settings.notifications.sms_enabled = true;
        CHECK(refusal_of(settings).find("sms url") != std::string::npos);
        settings.notifications.sms_url = "https://gateway.example.org/";
        CHECK(refusal_of(settings).empty());
        settings.notifications.events = {"weather"};
        CHECK(refusal_of(settings).find("weather") != std::string::npos);
    }
}

}  // namespace courseselect::nodes
