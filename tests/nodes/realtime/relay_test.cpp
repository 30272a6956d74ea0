#include "courseselect/nodes/realtime/relay.hpp"

#include <doctest/doctest.h>

#include <string>
#include <utility>
#include <vector>

#include "nodes/realtime/school.hpp"

using namespace courseselect;
using test::Poller;

namespace {

std::string review(int sequence, const std::string& comment) {
    return R"({"sequence":)" + std::to_string(sequence) +
           R"(,"kind":"review","course_id":1,"student_id":1,"user_name":"alice",)"
           R"("data":{"rating":5,"comment":")" +
           comment + R"("}})";
}

std::string batch(const std::string& events, int last, int previous) {
    return R"({"from":"other","kind":"batch","previous":)" + std::to_string(previous) +
           R"(,"batch":{"source":"data","events":[)" + events + R"(],"last":)" +
           std::to_string(last) + "}}";
}

/// What another realtime server would hear, and its voice.
struct OtherServer final : redis::ChannelObserver {
    void on_joined() override {}
    void on_lost() override {}
    void on_message(std::string_view text) override {
        if (const auto message = json::Value::parse(text)) {
            heard.push_back(*message);
        }
    }

    std::vector<json::Value> heard;
};

struct SharedSchool : test::RealtimeSchool {
    SharedSchool() : test::RealtimeSchool(true), channel(*others) {
        channel.start(other);
        settle();
    }
    ~SharedSchool() { channel.stop(); }

    void settle() {
        for (int i = 0; i < 20; ++i) {
            nodes.loop.poll();
        }
    }
    void say(const std::string& message) {
        channel.publish(message);
        settle();
    }
    /// What the server said of that kind since the last question.
    std::vector<json::Value> said(const std::string& kind) {
        settle();
        std::vector<json::Value> found;
        for (const json::Value& message : std::exchange(other.heard, {})) {
            const bool is_own = message["from"].string() == "other";
            if (!is_own && message["kind"].string() == kind) {
                found.push_back(message);
            }
        }
        return found;
    }
    Poller member() {
        Poller client(*this, student_token(alice, "alice"));
        client.emit("join_course", "1");
        client.event("joined_course");
        return client;
    }

    OtherServer other;
    redis::MemoryChannel channel;
};

/// The comments of the next reviews that the client hears.
std::vector<std::string> reviews(Poller& client, int count) {
    std::vector<std::string> comments;
    for (int i = 0; i < count; ++i) {
        const auto told = json::Value::parse(client.event("new_review").substr(2));
        comments.push_back((*told)[1]["comment"].string().value_or("nothing"));
    }
    return comments;
}

}  // namespace

TEST_SUITE("nodes/realtime/relay") {
    using Comments = std::vector<std::string>;

    TEST_CASE("a batch of another server is told here, once, however often it comes") {
        SharedSchool school;
        Poller alice = school.member();
        school.say(batch(review(5, "one"), 5, 0));
        school.say(batch(review(5, "one"), 5, 0));
        CHECK(school.report("data", review(5, "one"), 5) == 5);
        CHECK(school.report("data", review(6, "two"), 6) == 6);
        CHECK(reviews(alice, 2) == Comments{"one", "two"});
    }

    TEST_CASE("what a node reports is shared with the cursor it follows on, and only what is new") {
        SharedSchool school;
        school.report("data", review(3, "x"), 3);
        school.report("data", review(3, "x"), 3);
        school.report("data", review(4, "y"), 4);
        const auto shared = school.said("batch");
        REQUIRE(shared.size() == 2);
        CHECK(shared[0]["previous"].integer() == 0);
        CHECK(shared[1]["previous"].integer() == 3);
        CHECK(shared[1]["batch"]["last"].integer() == 4);
    }

    TEST_CASE("a gap is noticed, asked for once, and filled in order") {
        SharedSchool school;
        Poller alice = school.member();
        school.say(batch(review(1, "one"), 1, 0));
        CHECK(reviews(alice, 1) == Comments{"one"});
        school.said("hello");
        school.say(batch(review(4, "four"), 4, 3));
        school.say(batch(review(5, "five"), 5, 4));
        const auto hello = school.said("hello");
        REQUIRE(hello.size() == 1);
        CHECK(hello[0]["cursors"]["data"].integer() == 1);
        school.say(batch(review(3, "three"), 3, 1));
        school.say(batch(review(4, "four"), 4, 3));
        school.say(batch(review(5, "five"), 5, 4));
        CHECK(reviews(alice, 3) == Comments{"three", "four", "five"});
    }

    TEST_CASE("who says hello is sent what it lacks; what is no longer kept is not waited for") {
        SharedSchool school;
        for (int i = 1; i <= 4; ++i) {
            school.report("data", review(i, "x"), i);
        }
        school.said("batch");
        school.say(R"({"from":"other","kind":"hello","is_answer":true,"cursors":{"data":2}})");
        const auto missed = school.said("batch");
        REQUIRE(missed.size() == 2);
        CHECK(missed[0]["previous"].integer() == 2);
        CHECK(missed[1]["previous"].integer() == 3);
        // Three are kept: the first that is left stands for what cannot be had any more.
        school.say(R"({"from":"other","kind":"hello","is_answer":true,"cursors":{"data":0}})");
        const auto torn = school.said("batch");
        REQUIRE(torn.size() == 3);
        CHECK(torn[0]["batch"]["last"].integer() == 2);
        CHECK(torn[0]["previous"].integer() == 0);
        CHECK(torn[1]["previous"].integer() == 2);
    }

    TEST_CASE("a hello is answered by one, an answer is not") {
        SharedSchool school;
        school.said("hello");
        school.say(R"({"from":"other","kind":"hello","is_answer":false,"cursors":{}})");
        const auto answer = school.said("hello");
        REQUIRE(answer.size() == 1);
        CHECK(answer[0]["is_answer"].boolean() == true);
        school.say(R"({"from":"other","kind":"hello","is_answer":true,"cursors":{}})");
        CHECK(school.said("hello").empty());
    }

    TEST_CASE("a source that was set back is set back everywhere") {
        SharedSchool school;
        Poller alice = school.member();
        school.say(batch(review(9, "old"), 9, 0));
        school.say(batch("", 2, 0));
        school.say(batch(review(3, "new"), 3, 2));
        CHECK(reviews(alice, 2) == Comments{"old", "new"});
        school.report("data", "", 1);
        CHECK(school.said("batch").back()["batch"]["last"].integer() == 1);
    }

    TEST_CASE("news of another server's clients reach the room here") {
        SharedSchool school;
        Poller alice = school.member();
        school.say(R"({"from":"other","kind":"told","room":"course_1","event":"hi","number":0,)"
                   R"("payload":{"a":[1,"x"]}})");
        CHECK(alice.event("hi") == R"(42["hi",{"a":[1,"x"]}])");
    }

    TEST_CASE("who comes into a video is told to the others' clients, too, once each") {
        SharedSchool school;
        school.nodes.inside(*school.nodes.data, net::http::Method::post,
                            "/internal/classroom/videos",
                            R"({"course_id":1,"title":"Lecture","url":"x"})");
        Poller alice = school.member();
        static_cast<void>(school.said("arrivals"));
        alice.emit("join_video", "1");
        alice.event("joined_video");
        alice.emit("join_video", "1");  // is there already
        alice.event("joined_video");
        const auto said = school.said("arrivals");
        REQUIRE(said.size() == 1);
        CHECK(said[0]["room"].string() == "video_1");
        CHECK(said[0]["event"].string() == "user_joined_video");
        CHECK(said[0]["news"].text() == R"([{"user_id":"1","user_email":"alice@example.org"}])");
        school.say(R"({"from":"other","kind":"arrivals","room":"video_1","event":"in",)"
                   R"("news":[{"a":1},{"a":2}]})");
        CHECK(alice.event("in") == R"(42["in",{"a":1}])");
        CHECK(alice.event("in") == R"(42["in",{"a":2}])");
    }

    TEST_CASE("who has come in elsewhere since is not told again here; who was there before is") {
        for (const bool is_since : {false, true}) {
            CAPTURE(is_since);
            SharedSchool school;
            {
                Poller alice = school.member();
                school.report("data", review(1, "heard"), 1);
                reviews(alice, 1);
                alice.send("1");  // lost
            }
            const auto now =
                school.nodes.clock.wall_now() + std::chrono::seconds{is_since ? 1 : -1};
            const auto since =
                std::chrono::duration_cast<std::chrono::microseconds>(now.time_since_epoch());
            school.say(R"({"from":"other","kind":"here","people":[{"user":"student:1","since":)" +
                       std::to_string(since.count()) +
                       R"(,"rooms":["course_1","user_student_1"]}]})");
            school.report("data", review(2, "away"), 2);
            Poller alice = school.member();
            school.report("data", review(3, "back"), 3);
            const auto heard = reviews(alice, is_since ? 1 : 2);
            CHECK(heard == (is_since ? Comments{"back"} : Comments{"away", "back"}));
        }
    }

    TEST_CASE("who comes in is told to the others, and to one that comes anew all who are in") {
        SharedSchool school;
        Poller alice = school.member();
        const auto came = school.said("here");
        REQUIRE(came.size() == 2);  // into the own room, into the course
        CHECK(came[1]["people"].items()[0]["user"].string() == "student:1");
        CHECK(came[1]["people"].items()[0]["rooms"].text() == R"(["course_1"])");
        school.say(R"({"from":"other","kind":"hello","is_answer":false,"cursors":{}})");
        const auto all = school.said("here");
        REQUIRE(all.size() == 1);
        CHECK(all[0]["people"].items()[0]["rooms"].items().size() == 2);
        school.say(R"({"from":"other","kind":"hello","is_answer":true,"cursors":{}})");
        CHECK(school.said("here").empty());
    }

    TEST_CASE("what is no message of ours is passed over") {
        SharedSchool school;
        Poller alice = school.member();
        for (const std::string text :
             {"{", "[]", "7", R"({"from":"other"})", R"({"from":"other","kind":"batch"})",
              R"({"from":"other","kind":"batch","batch":{"source":""}})",
              R"({"from":"other","kind":"told"})", R"({"from":"other","kind":"arrivals"})",
              R"({"from":"other","kind":"here","people":[7,{"rooms":3}]})",
              R"({"from":"other","kind":"hello"})"}) {
            school.say(text);
        }
        school.report("data", review(1, "well"), 1);
        CHECK(reviews(alice, 1) == Comments{"well"});
    }

    TEST_CASE("without the channel it serves its own, and shares again afterwards") {
        SharedSchool school;
        Poller alice = school.member();
        school.others->set_present(false);
        school.report("data", review(1, "alone"), 1);
        CHECK(reviews(alice, 1) == Comments{"alone"});
        school.others->set_present(true);
        const auto hello = school.said("hello");
        REQUIRE(hello.size() == 1);
        CHECK(hello[0]["is_answer"].boolean() == false);
        CHECK(hello[0]["cursors"]["data"].integer() == 1);
        school.say(R"({"from":"other","kind":"hello","is_answer":true,"cursors":{"data":0}})");
        CHECK(school.said("batch").size() == 1);
    }
}
