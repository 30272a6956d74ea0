#include "courseselect/repo/realtime.hpp"

#include <doctest/doctest.h>

#include "courseselect/core/clock.hpp"
#include "storage/support.hpp"

using namespace courseselect;
using test::must;

namespace {

struct RealtimeDatabase {
    RealtimeDatabase() { must(storage::migrate(*writer, repo::realtime_migrations(), clock)); }

    void tell(std::int64_t number, std::vector<std::string> rooms) {
        const std::vector<repo::Telling> tellings{{.number = number,
                                                   .rooms = std::move(rooms),
                                                   .event = "new_review",
                                                   .payload = "{}",
                                                   .at = clock.wall_now()}};
        must(repo::insert_tellings(*writer, tellings));
    }
    void enter(const std::string& connection, const std::string& room) {
        const std::vector<repo::RoomPlace> places{{.connection = connection,
                                                   .room = room,
                                                   .user = "student:1",
                                                   .left_number = std::nullopt,
                                                   .left_at = std::nullopt}};
        must(repo::insert_places(*writer, places));
    }
    repo::RealtimeRows load() {
        return must(repo::load_realtime(*writer, clock.wall_now(),
                                        clock.wall_now() - std::chrono::seconds{120}));
    }

    core::ManualClock clock;
    std::unique_ptr<storage::Database> database = test::open_database("");
    std::unique_ptr<storage::Connection> writer = must(database->connect_writer());
};

}  // namespace

TEST_SUITE("repo/realtime") {
    TEST_CASE("what was told and how far each source is comes back as it was") {
        RealtimeDatabase data;
        data.tell(4, {"course_1", "instructor_1"});
        data.tell(5, {"user_student_7"});
        must(repo::put_source(*data.writer, "data", 10, data.clock.wall_now()));
        must(repo::put_source(*data.writer, "data", 12, data.clock.wall_now()));
        const auto rows = data.load();
        CHECK(rows.sources.at("data") == 12);
        REQUIRE(rows.tellings.size() == 2);
        CHECK(rows.tellings[0].rooms == std::vector<std::string>{"course_1", "instructor_1"});
        CHECK(rows.tellings[1].number == 5);
    }

    TEST_CASE("a place left open counts as left with the youngest telling") {
        RealtimeDatabase data;
        data.enter("a", "course_1");
        data.enter("b", "course_1");
        data.enter("b", "course_2");
        data.enter("c", "course_1");
        data.tell(3, {"course_1"});
        must(repo::leave_places(*data.writer, "b", 2, data.clock.wall_now()));
        must(repo::delete_places(*data.writer, "c"));
        must(repo::delete_place(*data.writer, "b", "course_2"));
        const auto rows = data.load();
        REQUIRE(rows.places.size() == 2);
        CHECK(rows.places[0].connection == "b");
        CHECK(rows.places[0].left_number == 2);
        CHECK(rows.places[1].connection == "a");
        CHECK(rows.places[1].left_number == 3);
    }

    TEST_CASE("a place left open counts as left with what was told, if that is known") {
        RealtimeDatabase data;
        data.enter("a", "course_1");
        data.tell(4, {"course_1"});
        data.tell(5, {"course_1"});
        must(repo::leave_open_places(*data.writer, 4, data.clock.wall_now()));
        CHECK(data.load().places.at(0).left_number == 4);
        data.enter("b", "course_2");
        must(repo::leave_open_places(*data.writer, 99, data.clock.wall_now()));
        CHECK(data.load().places.at(1).left_number == 5);
    }

    TEST_CASE("what is too old is forgotten, but numbers go on and fresh places stay") {
        RealtimeDatabase data;
        data.enter("a", "course_1");
        must(repo::leave_places(*data.writer, "a", 0, data.clock.wall_now()));
        data.tell(1, {"course_1"});
        data.tell(2, {"course_1"});
        data.clock.advance(std::chrono::seconds{120});
        CHECK(data.load().tellings.size() == 2);
        CHECK(data.load().places.size() == 1);
        data.clock.advance(std::chrono::seconds{1});
        const auto rows = data.load();
        REQUIRE(rows.tellings.size() == 1);
        CHECK(rows.tellings[0].number == 2);
        CHECK(rows.places.empty());
    }

    TEST_CASE("a source that was silent for a week is forgotten") {
        RealtimeDatabase data;
        must(repo::put_source(*data.writer, "queue.old", 10, data.clock.wall_now()));
        data.clock.advance(std::chrono::hours{24 * 7});
        CHECK(data.load().sources.size() == 1);
        data.clock.advance(std::chrono::seconds{1});
        CHECK(data.load().sources.empty());
    }

    TEST_CASE("seats that were not told are given out once") {
        RealtimeDatabase data;
        must(repo::put_untold_seats(*data.writer, {core::CourseId(1), 3, 4}));
        must(repo::put_untold_seats(*data.writer, {core::CourseId(1), 4, 3}));
        must(repo::put_untold_seats(*data.writer, {core::CourseId(2), 1, 1}));
        must(repo::delete_untold_seats(*data.writer, core::CourseId(2)));
        const auto rows = data.load();
        REQUIRE(rows.seats.size() == 1);
        CHECK(rows.seats[0].taken == 4);
        CHECK(rows.seats[0].left == 3);
        CHECK(data.load().seats.empty());
    }
}
