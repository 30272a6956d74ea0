#include "courseselect/nodes/auth/notification_admin.hpp"

#include <doctest/doctest.h>

#include "message_world.hpp"

using namespace courseselect;
using net::http::Method;
using test::MessageWorld;

namespace {

struct OutboxWorld : MessageWorld {
    OutboxWorld() : MessageWorld({.email = true}) {
        reach("ada", "ada@example.org");
        for (int i = 0; i < 3; ++i) {
            post("/generate/reset-code", R"({"username":"ada"})", boss);
        }
        write(
            "UPDATE notifications SET state = 'dead', attempts = 10, last_error = '550', "
            "finished_at = created_at WHERE id = 1;"
            "UPDATE notifications SET state = 'sent', attempts = 1, finished_at = created_at "
            "WHERE id = 2");
    }
    test::AuthAnswer list(const std::string& query = "") {
        return get("/admin/notifications" + query, boss);
    }
};

}  // namespace

TEST_SUITE("nodes/auth/notification_admin") {
    TEST_CASE("only administrators see and change the outbox") {
        OutboxWorld world;
        check_admin_only(world, {.method = Method::get, .path = "/admin/notifications"});
        check_admin_only(world, {.method = Method::get, .path = "/admin/notifications/1"});
        check_admin_only(world, {.path = "/admin/notifications/retry", .body = R"({"ids":[1]})"});
        check_admin_only(world, {.path = "/admin/notifications/discard", .body = R"({"ids":[1]})"});
        check_admin_only(world, {.path = "/admin/notifications/test",
                                 .body = R"({"channel":"email","recipient":"a@example.org"})"});
    }

    TEST_CASE("messages are listed newest first, by state and page, without their texts") {
        OutboxWorld world;
        const auto all = world.list();
        CHECK(all.status == 200);
        CHECK(test::member_names(all.body) == "notifications total page page_size");
        CHECK(all.body["total"].integer() == 3);
        CHECK(all.body["notifications"][0]["id"].integer() == 3);
        CHECK(test::member_names(all.body["notifications"][0]) ==
              "id message_id event channel recipient subject state attempts next_at created_at "
              "finished_at last_error");
        const auto dead = world.list("?state=dead");
        CHECK(dead.body["total"].integer() == 1);
        CHECK(dead.body["notifications"][0]["last_error"].string() == "550");
        CHECK(world.list("?state=").body["total"].integer() == 3);
        CHECK(world.list("?state=lost").status == 422);
        const auto second = world.list("?page=2&page_size=2");
        REQUIRE(second.body["notifications"].size() == 1);
        CHECK(second.body["notifications"][0]["id"].integer() == 1);
        CHECK(world.list("?page_size=1001").status == 422);
    }

    TEST_CASE("one message is shown with its text") {
        OutboxWorld world;
        const auto one = world.get("/admin/notifications/1", world.boss);
        CHECK(one.status == 200);
        CHECK(one.text("text").find("Hello ada") != std::string::npos);
        CHECK(one.text("state") == "dead");
        const auto none = world.get("/admin/notifications/99", world.boss);
        CHECK(none.status == 404);
        CHECK(none.detail() == "Notification not found");
        CHECK(world.get("/admin/notifications/x", world.boss).status == 422);
    }

    TEST_CASE("dead and waiting messages are retried, sent ones are not; the audit has it") {
        OutboxWorld world;
        const auto done =
            world.post("/admin/notifications/retry", R"({"ids":[1,2,3,99]})", world.boss);
        CHECK(done.status == 200);
        CHECK(done.body["count"].integer() == 2);
        CHECK(world.list("?state=waiting").body["total"].integer() == 2);
        CHECK(world.list("?state=dead").body["total"].integer() == 0);
        CHECK(world.audited("retry_notifications") == "ok");
        CHECK(world.text("SELECT target FROM audit WHERE action = 'retry_notifications'") ==
              "1,2,3,99");
    }

    TEST_CASE("what was not sent can be discarded; the audit has it") {
        OutboxWorld world;
        const auto done =
            world.post("/admin/notifications/discard", R"({"ids":[1,2]})", world.boss);
        CHECK(done.body["count"].integer() == 1);
        CHECK(world.list().body["total"].integer() == 2);
        CHECK(world.get("/admin/notifications/1", world.boss).status == 404);
        CHECK(world.get("/admin/notifications/2", world.boss).status == 200);
        CHECK(world.audited("discard_notifications") == "ok");
    }

    TEST_CASE("1000 ids go in one call, none and 1001 do not") {
        OutboxWorld world;
        const auto of = [](std::size_t count) {
            std::string ids;
            for (std::size_t i = 1; i <= count; ++i) {
                ids += (i == 1 ? "" : ",") + std::to_string(i);
            }
            return R"({"ids":[)" + ids + "]}";
        };
        for (const char* path : {"/admin/notifications/retry", "/admin/notifications/discard"}) {
            CHECK(world.post(path, of(0), world.boss).status == 422);
            CHECK(world.post(path, of(1'001), world.boss).status == 422);
            CHECK(world.post(path, R"({"ids":[0]})", world.boss).status == 422);
        }
        CHECK(world.post("/admin/notifications/retry", of(1'000), world.boss).status == 200);
        CHECK(world.text("SELECT target FROM audit WHERE action = 'retry_notifications'")
                  .ends_with("19,20,... (1000 in all)"));
    }

    TEST_CASE("a message tries the settings out, on a channel that is on") {
        OutboxWorld world;
        (void)world.messages();
        const auto test = [&](const char* body) {
            return world.post("/admin/notifications/test", body, world.boss);
        };
        CHECK(test(R"({"channel":"email","recipient":"boss@example.org"})").status == 200);
        CHECK(world.messages() == "test email boss@example.org;");
        CHECK(world.audited("test_notification") == "ok");
        const auto off = test(R"({"channel":"sms","recipient":"+123456"})");
        CHECK(off.status == 400);
        CHECK(off.detail() == "sms is off; set notifications.sms_enabled");
        const auto wrong = test(R"({"channel":"email","recipient":"nobody"})");
        CHECK(wrong.status == 400);
        CHECK(wrong.detail() == "recipient is no mail address like name@example.org");
        CHECK(test(R"({"channel":"post","recipient":"x"})").status == 422);
        CHECK(world.messages() == "");
    }

    TEST_CASE("/health tells administrators how many messages wait and are dead") {
        OutboxWorld world;
        world.deliver();  // nobody listens there: the message is put off
        const auto health = world.get("/health", world.boss).body["details"]["notifications"];
        CHECK(health["email"].boolean() == true);
        CHECK(health["sms"].boolean() == false);
        CHECK(health["waiting"].integer() == 1);
        CHECK(health["dead"].integer() == 1);
        CHECK_FALSE(world.get("/health").body["details"].exists());
    }
}
