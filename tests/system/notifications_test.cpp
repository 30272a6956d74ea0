/// Notifications from the real auth daemon to a real mail server (aiosmtpd) and an HTTP gateway.

#include <memory>
#include <string>

#include "courseselect/core/time_format.hpp"
#include "notify/sink_process.hpp"
#include "school.hpp"
#include "support/prometheus_text.hpp"

using namespace courseselect;
using test::Reply;
using test::School;
using test::SinkProcess;

namespace {

json::Value next_of(SinkProcess& sink) {
    const auto read = json::Value::parse(sink.next());
    REQUIRE(read.has_value());
    return *read;
}

/// A school with a student who can be reached, mail going to `port`.
struct Told : School {
    Told()
        : School(std::map<std::string, std::string>{
              {"SMS_AUTHORIZATION", "Authorization: Bearer gateway-key"}}) {
        ada = enrol("ada");
        const Reply reached = post("auth", "/admin/user/contact",
                                   R"({"username":"ada","email":"ada@example.org",)"
                                   R"("phone":"+4912345678"})",
                                   boss);
        REQUIRE(reached.status == 200);
    }
    void mail_to(std::uint16_t port) {
        settings(fmt::format(R"({{"notifications":{{"email_enabled":true,)"
                             R"("smtp_host":"127.0.0.1","smtp_port":{},"smtp_security":"none",)"
                             R"("email_from":"courses@example.org"}}}})",
                             port));
    }
    std::int64_t count(const std::string& state) {
        return get("auth", "/admin/notifications?state=" + state, boss)
            .body["total"]
            .integer()
            .value_or(-1);
    }
    Reply first(const std::string& state) {
        return get("auth", "/admin/notifications?state=" + state, boss);
    }
    /// Tells ada of a reset code.
    void make_reset_code() {
        CHECK(post("auth", "/generate/reset-code", R"({"username":"ada"})", boss).status == 200);
    }
    /// Makes every message of that state due now.
    void retry(const std::string& state) {
        std::string ids;
        for (const json::Value& one : first(state).body["notifications"].items()) {
            ids += (ids.empty() ? "" : ",") + std::to_string(one["id"].integer().value_or(0));
        }
        const Reply done =
            post("auth", "/admin/notifications/retry", fmt::format(R"({{"ids":[{}]}})", ids), boss);
        CHECK(done.status == 200);
    }

    std::string ada;
};

}  // namespace

TEST_SUITE("system/notifications") {
    TEST_CASE("off by default; once on, decisions, resets and dates reach mail and phone") {
        Told school;
        const auto algebra = school.course("Algebra");
        school.make_reset_code();
        CHECK(school.count("waiting") == 0);  // nobody is told: it is off

        SinkProcess mailbox({"smtp", "", ""});
        SinkProcess gateway({"http", "200"});
        school.mail_to(mailbox.port());
        school.settings(fmt::format(R"({{"notifications":{{"sms_enabled":true,)"
                                    R"("sms_url":"http://127.0.0.1:{}/send"}}}})",
                                    gateway.port()));
        school.make_reset_code();
        const json::Value mail = next_of(mailbox);
        CHECK(mail["to"][0].string() == "ada@example.org");
        CHECK(mail["from"].string() == "courses@example.org");
        CHECK(mail["subject"].string() == "A 2FA reset code was made for you");
        const json::Value text = next_of(gateway);
        CHECK(text["key"].string() == "Bearer gateway-key");
        CHECK(text["body"].string().value_or("").find("+4912345678") != std::string::npos);

        // The cursor into the decisions is set before one is made that should be told.
        REQUIRE(School::becomes_true([&] {
            return school.select(school.ada, algebra) != "completed" ||
                   school.select(school.ada, algebra, "deselect") != "completed" ||
                   school.count("sent") > 2;
        }));
        json::Value seat = next_of(mailbox);
        const std::string subject = seat["subject"].string().value_or("");
        CHECK(
            (subject == "You have a seat in Algebra" || subject == "You are no longer in Algebra"));

        const core::SystemClock clock;
        school.settings(
            fmt::format(R"({{"courses":{{"selection_closes_at":"{}"}}}})",
                        core::format_rfc3339(clock.wall_now() + std::chrono::hours(2))));
        while (seat["subject"].string() != "Course selection closes soon") {
            seat = next_of(mailbox);
        }
        CHECK(seat["to"][0].string() == "ada@example.org");
    }

    TEST_CASE("while the mail server is away messages wait; when it is back they arrive") {
        Told school;
        school.mail_to(1);  // nobody listens there
        school.make_reset_code();
        REQUIRE(School::becomes_true([&] {
            const Reply waiting = school.first("waiting");
            return waiting.body["notifications"][0]["attempts"].integer() == 1 &&
                   !waiting.body["notifications"][0]["last_error"].string().value_or("").empty();
        }));
        // A restart in between loses nothing.
        CHECK(school.fleet.stop("auth") == 0);
        school.fleet.start("auth");
        SinkProcess mailbox({"smtp", "", ""});
        school.mail_to(mailbox.port());
        school.retry("waiting");
        const json::Value mail = next_of(mailbox);
        CHECK(mail["to"][0].string() == "ada@example.org");
        REQUIRE(School::becomes_true([&] { return school.count("sent") == 1; }));
        CHECK(school.count("waiting") == 0);
    }

    TEST_CASE("what is refused is a dead letter: shown, counted, retried or discarded") {
        Told school;
        auto refusing =
            std::make_unique<SinkProcess>(std::vector<std::string>{"smtp-refuse", "", ""});
        school.mail_to(refusing->port());
        school.make_reset_code();
        school.make_reset_code();
        REQUIRE(School::becomes_true([&] { return school.count("dead") == 2; }));
        const Reply dead = school.first("dead");
        CHECK(dead.body["notifications"][0]["last_error"].string().value_or("").find("550") !=
              std::string::npos);
        REQUIRE(School::becomes_true([&] {
            return school.get("auth", "/health", school.boss)
                       .body["details"]["notifications"]["dead"]
                       .integer() == 2;
        }));
        const test::PrometheusText metrics(school.get("auth", "/metrics").text);
        CHECK(metrics.at(R"(courseselect_notifications{state="dead"})") == 2);
        CHECK(metrics.at(R"(courseselect_notification_tries_total{outcome="given_up"})") == 2);

        const auto id = dead.body["notifications"][0]["id"].integer().value_or(0);
        CHECK(school
                  .post("auth", "/admin/notifications/discard",
                        fmt::format(R"({{"ids":[{}]}})", id), school.boss)
                  .body["count"]
                  .integer() == 1);
        SinkProcess mailbox({"smtp", "", ""});
        school.mail_to(mailbox.port());
        school.retry("dead");
        CHECK(next_of(mailbox)["subject"].string() == "A 2FA reset code was made for you");
        REQUIRE(School::becomes_true([&] { return school.count("sent") == 1; }));
        CHECK(school.count("dead") == 0);
        const Reply audit = school.get("auth", "/audit?action=discard_notifications", school.boss);
        CHECK(audit.body["entries"].size() == 1);
    }
}
