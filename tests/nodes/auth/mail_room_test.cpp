#include "courseselect/nodes/auth/mail_room.hpp"

#include <doctest/doctest.h>

#include "message_world.hpp"
#include "notify/sink_process.hpp"

using namespace courseselect;
using test::MessageWorld;
using test::SinkProcess;

namespace {

json::Value next_of(SinkProcess& sink) {
    const auto read = json::Value::parse(sink.next());
    REQUIRE(read.has_value());
    return *read;
}

std::string port_setting(const SinkProcess& sink) {
    return R"({"notifications":{"smtp_port":)" + std::to_string(sink.port()) + "}}";
}

}  // namespace

TEST_SUITE("nodes/auth/mail_room") {
    TEST_CASE("a mail reaches the server that the settings name, and it is counted") {
        SinkProcess sink({"smtp", "", ""});
        MessageWorld world({.email = true});
        world.settings(port_setting(sink));
        world.reach("ada", "ada@example.org");
        world.change_password("ada");
        world.deliver();
        const json::Value mail = next_of(sink);
        CHECK(mail["to"][0].string() == "ada@example.org");
        CHECK(mail["subject"].string() == "Your password was changed");
        CHECK(world.get("/admin/notifications?state=sent", world.boss).body["total"].integer() ==
              1);
    }

    TEST_CASE("an SMS goes to the gateway with the key of the configuration") {
        SinkProcess sink({"http", "200"});
        MessageWorld world({.sms = true}, [&](test::AuthFixture::Options& options) {
            options.settings.notifications.sms_url =
                "http://127.0.0.1:" + std::to_string(sink.port()) + "/send";
            options.notifications.sms_authorization = core::Secret("Authorization: Bearer the-key");
        });
        world.reach("ada", "", "+123456");
        world.change_password("ada");
        world.deliver();
        const json::Value call = next_of(sink);
        CHECK(call["key"].string() == "Bearer the-key");
        CHECK(call["body"].string().value_or("").find(R"("to":"+123456")") != std::string::npos);
    }

    TEST_CASE("a server that is away is tried again; one that is back gets the message once") {
        MessageWorld world({.email = true});
        world.reach("ada", "ada@example.org");
        world.change_password("ada");
        world.settings(R"({"notifications":{"smtp_port":1}})");  // nobody listens there
        world.deliver();
        const auto waiting = world.get("/admin/notifications?state=waiting", world.boss);
        REQUIRE(waiting.body["total"].integer() == 1);
        CHECK(waiting.body["notifications"][0]["attempts"].integer() == 1);
        CHECK_FALSE(waiting.body["notifications"][0]["last_error"].string().value_or("").empty());
        SinkProcess sink({"smtp", "", ""});
        world.settings(port_setting(sink));
        world.deliver();  // too early
        CHECK(world.get("/admin/notifications?state=sent", world.boss).body["total"].integer() ==
              0);
        world.clock.advance(std::chrono::minutes(2));
        world.deliver();
        CHECK(next_of(sink)["to"][0].string() == "ada@example.org");
        CHECK(world.get("/admin/notifications?state=sent", world.boss).body["total"].integer() ==
              1);
    }

    TEST_CASE("what a server refuses is dead at once, and can be retried elsewhere") {
        MessageWorld world({.email = true});
        world.reach("ada", "ada@example.org");
        world.change_password("ada");
        {
            SinkProcess refusing({"smtp-refuse", "", ""});
            world.settings(port_setting(refusing));
            world.deliver();
        }
        const auto dead = world.get("/admin/notifications?state=dead", world.boss);
        REQUIRE(dead.body["total"].integer() == 1);
        SinkProcess sink({"smtp", "", ""});
        world.settings(port_setting(sink));
        const auto id = dead.body["notifications"][0]["id"].integer().value_or(0);
        CHECK(world
                  .post("/admin/notifications/retry", R"({"ids":[)" + std::to_string(id) + "]}",
                        world.boss)
                  .body["count"]
                  .integer() == 1);
        world.deliver();
        CHECK(next_of(sink)["to"][0].string() == "ada@example.org");
    }

    TEST_CASE("a channel that is switched off keeps its messages") {
        SinkProcess sink({"smtp", "", ""});
        MessageWorld world({.email = true});
        world.settings(port_setting(sink));
        world.reach("ada", "ada@example.org");
        world.change_password("ada");
        world.settings(R"({"notifications":{"email_enabled":false}})");
        world.deliver();
        CHECK(world.get("/admin/notifications?state=waiting", world.boss).body["total"].integer() ==
              1);
        world.settings(R"({"notifications":{"email_enabled":true}})");
        world.deliver();
        CHECK(next_of(sink)["to"][0].string() == "ada@example.org");
    }

    TEST_CASE("a key that cannot be sent switches its channel off, and says so in /health") {
        MessageWorld world({.sms = true}, [](test::AuthFixture::Options& options) {
            options.notifications.sms_authorization = core::Secret("no header at all\r\n");
        });
        CHECK(world.get("/health", world.boss).body["details"]["notifications"]["sms"].boolean() ==
              false);
    }
}
