#include "courseselect/nodes/realtime/recovery.hpp"

#include <doctest/doctest.h>

using namespace courseselect;
using nodes::realtime::Recovery;

namespace {

using Rooms = std::vector<std::string>;

struct Log {
    explicit Log(nodes::realtime::RecoveryOptions options = {}) : recovery(options) {}

    void tell(Rooms rooms, std::string payload) {
        recovery.note(
            recovery.make(std::move(rooms), "event", std::move(payload), clock.wall_now()));
    }
    void lose(const std::string& connection, const std::string& user, const Rooms& rooms) {
        recovery.lose(connection, user, rooms, clock.wall_now());
    }
    /// What the user missed in the rooms: the payloads in order.
    std::string missed(const std::string& user, const Rooms& rooms) {
        std::string text;
        for (const repo::Telling* telling : recovery.enter(user, rooms).missed) {
            text += telling->payload;
        }
        return text;
    }

    core::ManualClock clock;
    Recovery recovery;
};

}  // namespace

TEST_SUITE("nodes/realtime/recovery") {
    TEST_CASE("who comes back hears what was told meanwhile, in order, once") {
        Log log;
        log.tell({"course_1"}, "a");
        log.lose("x", "student:1", {"course_1"});
        log.tell({"course_1"}, "b");
        log.tell({"course_2"}, "c");
        log.tell({"course_1", "instructor_1"}, "d");
        CHECK(log.missed("student:1", {"course_1"}) == "bd");
        CHECK(log.missed("student:1", {"course_1"}) == "");
    }

    TEST_CASE("what is made and not yet told is not missed: it is still to come") {
        Log log;
        auto coming = log.recovery.make({"course_1"}, "event", "b", log.clock.wall_now());
        log.lose("x", "student:1", {"course_1"});
        CHECK(log.missed("student:1", {"course_1"}) == "");
        log.lose("y", "student:1", {"course_1"});
        log.recovery.note(std::move(coming));
        CHECK(log.missed("student:1", {"course_1"}) == "b");
    }

    TEST_CASE("who was not there before hears nothing of the past") {
        Log log;
        log.lose("x", "student:1", {"course_1"});
        log.tell({"course_1"}, "a");
        CHECK(log.missed("student:2", {"course_1"}) == "");
        CHECK(log.missed("student:1", {"course_2"}) == "");
        CHECK(log.recovery.is_missed_in("course_1"));
        CHECK_FALSE(log.recovery.is_missed_in("course_2"));
    }

    TEST_CASE("what is told to two rooms of a teacher is heard once") {
        Log log;
        log.lose("x", "teacher:1", {"course_1", "instructor_1"});
        log.tell({"course_1", "instructor_1"}, "a");
        log.tell({"instructor_1"}, "b");
        CHECK(log.missed("teacher:1", {"course_1", "instructor_1"}) == "ab");
    }

    TEST_CASE("two connections of a user each take a place of their own") {
        Log log;
        log.lose("x", "student:1", {"course_1"});
        log.tell({"course_1"}, "a");
        log.lose("y", "student:1", {"course_1"});
        log.tell({"course_1"}, "b");
        CHECK(log.missed("student:1", {"course_1"}) == "ab");
        CHECK(log.missed("student:1", {"course_1"}) == "b");
        CHECK(log.recovery.places() == 0);
    }

    TEST_CASE("who is elsewhere since has no place here any more, the oldest first") {
        Log log;
        const auto before = log.clock.wall_now();
        log.clock.advance(std::chrono::seconds{1});
        log.lose("x", "student:1", {"course_1"});
        log.tell({"course_1"}, "a");
        log.lose("y", "student:1", {"course_1"});
        log.tell({"course_1"}, "b");
        const auto left = log.clock.wall_now();
        const auto after = left + std::chrono::microseconds{1};
        CHECK_FALSE(log.recovery.give_up("student:1", "course_1", before));
        CHECK_FALSE(log.recovery.give_up("student:1", "course_1", left));
        CHECK_FALSE(log.recovery.give_up("student:2", "course_1", after));
        CHECK_FALSE(log.recovery.give_up("student:1", "course_2", after));
        const auto given = log.recovery.give_up("student:1", "course_1", after);
        REQUIRE(given);
        CHECK(given->connection == "x");
        CHECK(log.missed("student:1", {"course_1"}) == "b");
        CHECK(log.recovery.places() == 0);
    }

    TEST_CASE("a place is kept for the window and not longer") {
        Log log;
        log.lose("x", "student:1", {"course_1"});
        log.tell({"course_1"}, "a");
        log.clock.advance(std::chrono::seconds{120});
        log.recovery.expire(log.clock.wall_now());
        CHECK(log.recovery.places() == 1);
        log.clock.advance(std::chrono::microseconds{1});
        log.recovery.expire(log.clock.wall_now());
        CHECK(log.recovery.places() == 0);
        CHECK(log.recovery.tellings() == 0);
        CHECK_FALSE(log.recovery.is_missed_in("course_1"));
    }

    TEST_CASE("beyond the bounds the oldest go") {
        Log log({.tellings_max = 2, .places_max = 2});
        log.lose("x", "student:1", {"course_1"});
        for (const char* payload : {"a", "b", "c"}) {
            log.tell({"course_1"}, payload);
        }
        CHECK(log.recovery.tellings() == 2);
        log.clock.advance(std::chrono::seconds{1});
        log.lose("y", "student:2", {"course_2"});
        CHECK(log.recovery.places() == 2);
        log.clock.advance(std::chrono::seconds{1});
        log.lose("z", "student:3", {"course_3"});
        CHECK(log.recovery.places() == 2);
        CHECK_FALSE(log.recovery.is_missed_in("course_1"));
        CHECK(log.recovery.is_missed_in("course_2"));
    }

    TEST_CASE("after a restart numbers go on and places count from where they were left") {
        Log log;
        repo::RealtimeRows rows;
        rows.tellings.push_back({.number = 8,
                                 .rooms = {"course_1"},
                                 .event = "event",
                                 .payload = "old",
                                 .at = log.clock.wall_now()});
        rows.tellings.push_back({.number = 9,
                                 .rooms = {"course_1"},
                                 .event = "event",
                                 .payload = "late",
                                 .at = log.clock.wall_now()});
        rows.places.push_back({.connection = "x",
                               .room = "course_1",
                               .user = "student:1",
                               .left_number = 8,
                               .left_at = log.clock.wall_now()});
        log.recovery.restore(rows);
        log.tell({"course_1"}, "new");
        CHECK(log.recovery.last_number() == 10);
        const auto back = log.recovery.enter("student:1", {"course_1"});
        REQUIRE(back.places.size() == 1);
        CHECK(back.places[0].connection == "x");
        REQUIRE(back.missed.size() == 2);
        CHECK(back.missed[0]->payload == "late");
        CHECK(back.missed[1]->payload == "new");
    }
}
