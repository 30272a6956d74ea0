#include "courseselect/notify/outbox.hpp"

#include "outbox_fixture.hpp"

namespace courseselect::notify {

using std::chrono::seconds;

TEST_SUITE("notify/outbox") {
    TEST_CASE_FIXTURE(OutboxFixture, "a message waits, is due, and is found with all its parts") {
        REQUIRE(enqueue(*writer, "m1", "test", mail_to("a@b.c"), clock.wall_now()).has_value());
        const auto found = due(*writer, Channel::email, clock.wall_now(), 10);
        REQUIRE(found.has_value());
        REQUIRE(found->size() == 1);
        const Entry& entry = found->front();
        CHECK(entry.message_id == "m1");
        CHECK(entry.event == "test");
        CHECK(entry.message.recipient == "a@b.c");
        CHECK(entry.message.subject == "subject");
        CHECK(entry.message.text == "text");
        CHECK(entry.state == State::waiting);
        CHECK(entry.attempts == 0);
        CHECK(entry.created_at == clock.wall_now());
        CHECK(due(*writer, Channel::sms, clock.wall_now(), 10)->empty());
    }

    TEST_CASE_FIXTURE(OutboxFixture, "the same id is enqueued once, and a bad message never") {
        for (int i = 0; i < 2; ++i) {
            REQUIRE(enqueue(*writer, "m1", "test", mail_to("a@b.c"), clock.wall_now()).has_value());
        }
        CHECK_FALSE(
            enqueue(*writer, "m2", "test", mail_to("nobody"), clock.wall_now()).has_value());
        CHECK(*count(*writer, std::nullopt) == 1);
    }

    TEST_CASE_FIXTURE(OutboxFixture, "a try puts the message off, so that a crash delays it only") {
        REQUIRE(enqueue(*writer, "m1", "test", mail_to("a@b.c"), clock.wall_now()).has_value());
        const core::WallTime later = clock.wall_now() + seconds(120);
        REQUIRE(begin_try(*writer, 1, later).has_value());
        CHECK(due(*writer, Channel::email, later - seconds(1), 10)->empty());
        const auto again = due(*writer, Channel::email, later, 10);
        REQUIRE(again->size() == 1);
        CHECK(again->front().attempts == 1);
        REQUIRE(postpone(*writer, 1, later + seconds(5), std::string(600, 'e')).has_value());
        CHECK(due(*writer, Channel::email, later, 10)->empty());
        CHECK(list(*writer, State::waiting, 0, 10)->front().last_error.size() == 500);
    }

    TEST_CASE_FIXTURE(OutboxFixture,
                      "what is finished is no longer due, and dead ones can return") {
        const core::WallTime now = clock.wall_now();
        for (const char* id : {"m1", "m2", "m3"}) {
            REQUIRE(enqueue(*writer, id, "test", mail_to("a@b.c"), now).has_value());
        }
        REQUIRE(finish(*writer, 1, State::sent, now, "").has_value());
        REQUIRE(finish(*writer, 2, State::dead, now, "550").has_value());
        CHECK(due(*writer, Channel::email, now, 10)->size() == 1);
        CHECK(*count(*writer, State::sent) == 1);
        CHECK(*count(*writer, State::dead) == 1);
        CHECK(list(*writer, State::dead, 0, 10)->front().last_error == "550");
        CHECK_FALSE(*retry(*writer, 1, now));
        CHECK_FALSE(*retry(*writer, 99, now));
        CHECK(*retry(*writer, 2, now));
        const auto waiting = due(*writer, Channel::email, now, 10);
        REQUIRE(waiting->size() == 2);
        CHECK(waiting->front().attempts == 0);
    }

    TEST_CASE_FIXTURE(OutboxFixture,
                      "one that was put off can be made due, with no tries counted") {
        const core::WallTime now = clock.wall_now();
        REQUIRE(enqueue(*writer, "m1", "test", mail_to("a@b.c"), now).has_value());
        REQUIRE(begin_try(*writer, 1, now + seconds(3'600)).has_value());
        CHECK(due(*writer, Channel::email, now, 10)->empty());
        CHECK(*retry(*writer, 1, now));
        REQUIRE(due(*writer, Channel::email, now, 10)->size() == 1);
        CHECK(find(*writer, 1)->value().attempts == 0);
    }

    TEST_CASE_FIXTURE(OutboxFixture, "what was not sent can be discarded, what was sent stays") {
        const core::WallTime now = clock.wall_now();
        for (const char* id : {"m1", "m2", "m3"}) {
            REQUIRE(enqueue(*writer, id, "test", mail_to("a@b.c"), now).has_value());
        }
        REQUIRE(finish(*writer, 1, State::sent, now, "").has_value());
        REQUIRE(finish(*writer, 2, State::dead, now, "550").has_value());
        CHECK_FALSE(*discard(*writer, 1));
        CHECK(*discard(*writer, 2));
        CHECK(*discard(*writer, 3));
        CHECK_FALSE(*discard(*writer, 3));
        REQUIRE(find(*writer, 1)->has_value());
        CHECK(find(*writer, 1)->value().state == State::sent);
        CHECK_FALSE(find(*writer, 2)->has_value());
        // Who settles a try that was under way meanwhile brings nothing back.
        REQUIRE(finish(*writer, 3, State::sent, now, "").has_value());
        CHECK(*count(*writer, std::nullopt) == 1);
    }

    TEST_CASE_FIXTURE(OutboxFixture, "pages are newest first; limits hold") {
        for (int i = 1; i <= 5; ++i) {
            const std::string id = "m" + std::to_string(i);
            REQUIRE(enqueue(*writer, id, "test", mail_to("a@b.c"), clock.wall_now()).has_value());
        }
        const auto page = list(*writer, std::nullopt, 1, 2);
        REQUIRE(page->size() == 2);
        CHECK(page->at(0).message_id == "m4");
        CHECK(page->at(1).message_id == "m3");
        CHECK(due(*writer, Channel::email, clock.wall_now(), 3)->size() == 3);
    }

    TEST_CASE_FIXTURE(OutboxFixture, "only finished messages are forgotten, and only old ones") {
        const core::WallTime now = clock.wall_now();
        for (const char* id : {"m1", "m2", "m3"}) {
            REQUIRE(enqueue(*writer, id, "test", mail_to("a@b.c"), now).has_value());
        }
        REQUIRE(finish(*writer, 1, State::sent, now, "").has_value());
        REQUIRE(finish(*writer, 2, State::sent, now + seconds(10), "").has_value());
        CHECK(*purge(*writer, now + seconds(10), 100) == 1);
        CHECK(*count(*writer, std::nullopt) == 2);
    }

    TEST_CASE_FIXTURE(OutboxFixture, "looking for due messages uses the index") {
        std::string plan;
        const auto collect = [&](const storage::Row& row) { plan += row.get<std::string>(3); };
        REQUIRE(writer
                    ->each("EXPLAIN QUERY PLAN SELECT id FROM notifications WHERE state = "
                           "'waiting' AND channel = ? AND next_at <= ? ORDER BY next_at, id "
                           "LIMIT ?",
                           collect, "email", clock.wall_now(), 10)
                    .has_value());
        CHECK(plan.find("notifications_due") != std::string::npos);
        CHECK(plan.find("TEMP B-TREE") == std::string::npos);
    }

    TEST_CASE("states have their names") {
        for (const State state : {State::waiting, State::sent, State::dead}) {
            CHECK(parse_state(state_name(state)) == state);
        }
        CHECK_FALSE(parse_state("lost"));
    }
}

}  // namespace courseselect::notify
