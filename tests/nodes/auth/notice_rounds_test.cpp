#include "courseselect/nodes/auth/notice_rounds.hpp"

#include <doctest/doctest.h>

#include "courseselect/core/time_format.hpp"
#include "message_world.hpp"

using namespace courseselect;
using net::http::Method;
using test::MessageWorld;

namespace {

struct RoundsWorld : MessageWorld {
    explicit RoundsWorld(int batch = 200, test::ChannelsOn on = {.email = true})
        : MessageWorld(on,
                       [batch](Options& options) { options.notifications.round_batch = batch; }) {
        reach("ada", "ada@example.org");
        ada_id = id_of("ada");
    }
    void decide(const char* path, std::int64_t course) {
        ask_data(Method::post, path, json::make_object("student_id", ada_id, "course_id", course));
    }
    std::string told() {
        deliver();
        return messages();
    }
    std::int64_t ada_id = 0;
};

}  // namespace

TEST_SUITE("nodes/auth/notice_rounds") {
    TEST_CASE("decisions are told once, with the course and the reason") {
        RoundsWorld world;
        const auto algebra = world.make_course("Algebra");
        const auto biology = world.make_course("Biology", 0, 1);
        CHECK(world.told() == "");
        world.decide("/select/course", algebra);
        CHECK(world.told() == "selection_accepted email ada@example.org;");
        CHECK(world.last_text.find("a seat in Algebra") != std::string::npos);
        CHECK(world.told() == "");
        world.decide("/select/course", algebra);
        CHECK(world.told() == "selection_refused email ada@example.org;");
        CHECK(world.last_text.find("Student already selected this course") != std::string::npos);
        world.decide("/deselect/course", algebra);
        world.decide("/select/course", biology);
        world.ask_data(Method::post, "/delete/course?course_id=" + std::to_string(biology));
        CHECK(world.told() ==
              "selection_ended email ada@example.org;selection_accepted email ada@example.org;"
              "selection_ended email ada@example.org;");
        world.decide("/deselect/course", algebra);  // refused: she has no seat there
        CHECK(world.told() == "");
    }

    TEST_CASE("what was decided before the messages were switched on is not told") {
        RoundsWorld world(200, {});
        const auto algebra = world.make_course("Algebra");
        world.decide("/select/course", algebra);
        CHECK(world.told() == "");
        world.settings(R"({"notifications":{"email_enabled":true}})");
        CHECK(world.told() == "");
        world.decide("/deselect/course", algebra);
        CHECK(world.told() == "selection_ended email ada@example.org;");
        world.settings(R"({"notifications":{"email_enabled":false}})");
        CHECK(world.told() == "");
        world.decide("/select/course", algebra);
        world.settings(R"({"notifications":{"email_enabled":true}})");
        CHECK(world.told() == "");
    }

    TEST_CASE("decisions made while this node was down are told when it is back") {
        RoundsWorld world;
        const auto algebra = world.make_course("Algebra");
        CHECK(world.told() == "");
        world.close();
        world.decide("/select/course", algebra);
        world.open();
        CHECK(world.told() == "selection_accepted email ada@example.org;");
    }

    TEST_CASE("while the data node is away nothing is told and nothing is lost") {
        RoundsWorld world;
        const auto algebra = world.make_course("Algebra");
        CHECK(world.told() == "");
        world.decide("/select/course", algebra);
        world.data.mode = test::DataMode::away;
        CHECK(world.told() == "");
        world.data.mode = test::DataMode::works;
        CHECK(world.told() == "selection_accepted email ada@example.org;");
    }

    TEST_CASE("more than a batch is told in one go") {
        RoundsWorld world(2);
        const auto algebra = world.make_course("Algebra");
        CHECK(world.told() == "");
        for (int i = 0; i < 5; ++i) {
            world.decide(i % 2 == 0 ? "/select/course" : "/deselect/course", algebra);
        }
        const std::string told = world.told();
        CHECK(std::count(told.begin(), told.end(), ';') == 5);
    }

    TEST_CASE("a data node that begins anew is followed from where it is") {
        RoundsWorld world;
        CHECK(world.told() == "");
        world.write("UPDATE notice_progress SET position = 1000 WHERE round = 'decisions'");
        const auto algebra = world.make_course("Algebra");
        world.decide("/select/course", algebra);
        CHECK(world.told() == "");
        world.decide("/deselect/course", algebra);
        CHECK(world.told() == "selection_ended email ada@example.org;");
    }

    TEST_CASE("students are told of dates as long before as the settings say, and once") {
        RoundsWorld world(1);
        world.student("bob");
        world.reach("bob", "bob@example.org");
        world.student("eve");                       // cannot be reached
        world.reach("curie", "curie@example.org");  // a teacher
        const core::WallTime closes = world.clock.wall_now() + std::chrono::hours(30);
        world.settings(R"({"courses":{"selection_closes_at":")" + core::format_rfc3339(closes) +
                       R"("}})");
        CHECK(world.told() == "");
        world.clock.advance(std::chrono::hours(6));
        const std::string told = world.told();
        CHECK(told ==
              "selection_closes email ada@example.org;selection_closes email bob@example.org;");
        CHECK(world.last_text.find(core::format_rfc3339(closes)) != std::string::npos);
        CHECK(world.told() == "");
        world.reopen();
        CHECK(world.told() == "");
    }

    TEST_CASE("a date that moved is told again, one that has passed is not") {
        RoundsWorld world;
        const auto set = [&](std::chrono::hours from_now) {
            world.settings(R"({"courses":{"selection_opens_at":")" +
                           core::format_rfc3339(world.clock.wall_now() + from_now) + R"("}})");
        };
        set(std::chrono::hours(20));
        CHECK(world.told() == "selection_opens email ada@example.org;");
        set(std::chrono::hours(21));
        CHECK(world.told() == "selection_opens email ada@example.org;");
        set(std::chrono::hours(-1));
        CHECK(world.told() == "");
        world.settings(R"({"notifications":{"deadline_notice_hours":2}})");
        set(std::chrono::hours(3));
        CHECK(world.told() == "");
        set(std::chrono::hours(2));
        CHECK(world.told() == "selection_opens email ada@example.org;");
    }

    TEST_CASE("a round of dates that a crash interrupted goes on where it was") {
        RoundsWorld world(1);
        world.student("bob");
        world.reach("bob", "bob@example.org");
        const auto number =
            world.text("SELECT CAST(number AS TEXT) FROM users WHERE username = 'ada'");
        const core::WallTime closes = world.clock.wall_now() + std::chrono::hours(3);
        const auto micros =
            std::chrono::duration_cast<std::chrono::microseconds>(closes.time_since_epoch());
        world.write("INSERT INTO notice_progress VALUES ('selection_closes." +
                    std::to_string(micros.count()) + "', " + number + ")");
        world.settings(R"({"courses":{"selection_closes_at":")" + core::format_rfc3339(closes) +
                       R"("}})");
        CHECK(world.told() == "selection_closes email bob@example.org;");
    }
}
