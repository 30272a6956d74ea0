#include "courseselect/nodes/realtime/announcer.hpp"

#include <doctest/doctest.h>

#include "nodes/realtime/school.hpp"

using namespace courseselect;
using test::Poller;

namespace {

std::string enrolment(int sequence, int left) {
    return R"({"sequence":)" + std::to_string(sequence) +
           R"(,"kind":"enrolment","course_id":1,"student_id":2,"user_name":"bob","data":)"
           R"({"course_name":"Algebra","course_selected":)" +
           std::to_string(5 - left) + R"(,"course_left":)" + std::to_string(left) + "}}";
}
std::string review(int sequence) {
    return R"({"sequence":)" + std::to_string(sequence) +
           R"(,"kind":"review","course_id":1,"student_id":1,"user_name":"alice",)"
           R"("data":{"rating":5,"comment":"good"}})";
}

/// How many events of that name came before the marker review that is reported last.
int count_until_review(Poller& client, const std::string& name) {
    int count = 0;
    client.event("new_review");
    for (const std::string& packet : client.packets) {
        count += packet.starts_with("42[\"" + name + "\"") ? 1 : 0;
    }
    return count;
}

struct Members : test::RealtimeSchool {
    Poller member() {
        Poller client(*this, student_token(alice, "alice"));
        client.emit("join_course", "1");
        client.event("joined_course");
        return client;
    }
};

}  // namespace

TEST_SUITE("nodes/realtime/announcer") {
    TEST_CASE("a batch that comes again is told once, and its receipt is the same") {
        Members school;
        Poller alice = school.member();
        CHECK(school.report("data", "", 10) == 10);
        CHECK(school.report("data", enrolment(11, 3), 11) == 11);
        CHECK(school.report("data", enrolment(11, 3), 11) == 11);
        CHECK(school.report("data", enrolment(11, 3) + "," + review(12), 13) == 13);
        CHECK(count_until_review(alice, "new_enrollment") == 1);
    }

    TEST_CASE("sources have cursors of their own, which outlive the process") {
        Members school;
        school.report("a", review(7), 7);
        school.report("b", "", 3);
        school.close();
        school.open();
        CHECK(school.report("a", "", 99) == 7);
        CHECK(school.report("b", "", 99) == 3);
        CHECK(school.report("c", "", 99) == 99);
    }

    TEST_CASE("a source that was set back begins anew") {
        Members school;
        school.report("a", review(50), 50);
        CHECK(school.report("a", "", 20) == 20);
    }

    TEST_CASE("names become addresses; without the auth node they stay names") {
        Members school;
        Poller alice = school.member();
        school.report("data", enrolment(1, 3), 1);
        CHECK(
            alice.event("new_enrollment") ==
            R"(42["new_enrollment",{"user_id":"2","user_email":"bob@example.org","message":"bob enrolled in Algebra"}])");
        school.addresses_away = true;
        school.report("data", review(2), 2);
        CHECK(alice.event("new_review") ==
              R"(42["new_review",{"user_email":"alice","rating":5,"comment":"good"}])");
    }

    TEST_CASE("seats: the first at once, then the latest after the pause, none twice") {
        Members school;
        Poller alice = school.member();
        school.report("data", enrolment(1, 4), 1);
        school.report("data", enrolment(2, 3) + "," + enrolment(3, 2) + "," + enrolment(4, 1), 4);
        CHECK(alice.event("course_updated") ==
              R"(42["course_updated",{"course_id":"1","course_left":4,"course_selected":1}])");
        CHECK(alice.event("course_updated") ==
              R"(42["course_updated",{"course_id":"1","course_left":1,"course_selected":4}])");
        school.report("data", enrolment(5, 1) + "," + review(6), 6);
        CHECK(count_until_review(alice, "course_updated") == 0);
    }

    TEST_CASE("who was in the room when the server stopped hears what was missed") {
        Members school;
        {
            Poller alice = school.member();
            school.report("data", review(1), 1);
            alice.event("new_review");
        }
        school.close();
        school.open();
        school.report("data", enrolment(2, 3), 2);
        Poller bob(school, school.student_token(school.bob, "bob"));
        Poller alice = school.member();
        school.report("data", review(3), 3);
        CHECK(count_until_review(alice, "new_enrollment") == 1);
        CHECK(alice.event("course_updated").find("\"course_left\":3") != std::string::npos);
    }

    TEST_CASE(
        "killed between the commit and the telling it tells once; behind the telling, no more") {
        const std::string mark = "realtime.db.told";
        for (const bool was_told : {false, true}) {
            CAPTURE(was_told);
            Members school;
            Poller before = school.member();
            school.report("data", review(1), 1);
            before.event("new_review");
            const auto then = school.files();
            school.report("data", enrolment(2, 3), 2);
            auto killed = school.files();
            REQUIRE(killed.at(mark) != then.at(mark));
            if (!was_told) {
                killed[mark] = then.at(mark);  // it is the last to be written
            }
            school.open_on(killed);
            Poller alice = school.member();
            CHECK(school.report("data", enrolment(2, 3), 2) == 2);
            school.report("data", review(3), 3);
            CHECK(count_until_review(alice, "new_enrollment") == (was_told ? 0 : 1));
            school.report("data", review(4), 4);
            CHECK(count_until_review(alice, "course_updated") == (was_told ? 0 : 1));
        }
    }

    TEST_CASE("a student's own news go to that student alone") {
        Members school;
        Poller alice = school.member();
        Poller bob(school, school.student_token(school.bob, "bob"));
        school.report("queue",
                      R"({"sequence":1,"kind":"task","student_id":2,"data":{"task_id":"t",)"
                      R"("status":"completed"}})",
                      1);
        CHECK(bob.event("queue_update") ==
              R"(42["queue_update",{"task_id":"t","status":"completed"}])");
        school.report("data", review(1), 1);
        CHECK(count_until_review(alice, "queue_update") == 0);
    }

    TEST_CASE("when the disk fails there is no receipt, and who sends again tells nobody twice") {
        Members school;
        Poller alice = school.member();
        CHECK(school.report("data", "", 0) == 0);
        school.faults.commit = 1;
        CHECK(school.report("data", enrolment(1, 3), 1) == -1);
        CHECK(school.report("data", enrolment(1, 3), 1) == 1);
        school.report("data", review(2), 2);
        CHECK(count_until_review(alice, "new_enrollment") == 1);
        school.close();
        school.open();
        CHECK(school.report("data", "", 99) == 2);
    }
}
