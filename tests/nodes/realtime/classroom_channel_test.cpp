#include "courseselect/nodes/realtime/classroom_channel.hpp"

#include <doctest/doctest.h>

#include "nodes/realtime/school.hpp"

using namespace courseselect;
using net::http::Method;
using test::Poller;

namespace {

struct Classroom : test::RealtimeSchool {
    Classroom() {
        const auto made = nodes.inside(*nodes.data, Method::post, "/internal/classroom/videos",
                                       R"({"course_id":1,"title":"Lecture","url":"x"})");
        video = made.body["video_id"].integer().value_or(0);
    }
    Poller as_alice() { return Poller(*this, student_token(alice, "alice")); }
    Poller as_bob() { return Poller(*this, student_token(bob, "bob")); }
    Poller as_teacher() { return Poller(*this, signed_token(auth::UserKind::teacher, 1, "curie")); }
    std::int64_t video = 0;
};

}  // namespace

TEST_SUITE("nodes/realtime/classroom_channel") {
    TEST_CASE("an answer is sent to who asked for one, an event always") {
        Classroom room;
        Poller alice = room.as_alice();
        CHECK(alice.event("connected") == R"(42["connected",{"status":"Connected successfully"}])");
        alice.send(R"(427["join_course",{"course_id":"1"}])");
        CHECK(alice.event("joined_course") ==
              R"(42["joined_course",{"course_id":"1","status":"Joined successfully"}])");
        CHECK(alice.wait("43") == R"(437[{"status":"ok","course_id":"1"}])");
        alice.send(R"(428["join_course",{}])");
        CHECK(alice.event("error") == R"(42["error",{"message":"course_id is required"}])");
        CHECK(
            alice.wait("43") ==
            R"(438[{"status":"error","code":"invalid_argument","message":"course_id is required"}])");
    }

    TEST_CASE("addresses name people in rooms") {
        Classroom room;
        room.enrol(room.bob);
        Poller alice = room.as_alice();
        Poller bob = room.as_bob();
        alice.emit("join_video", "1");
        alice.event("joined_video");
        bob.emit("join_video", R"({"video_id":1})");
        CHECK(alice.event("user_joined_video") ==
              R"(42["user_joined_video",{"user_id":"2","user_email":"bob@example.org"}])");
        bob.emit("send_chat_message", R"({"video_id":1,"message":"hi"})");
        CHECK(alice.event("new_chat_message")
                  .starts_with(R"(42["new_chat_message",{"user_id":"2","user_email":)"
                               R"("bob@example.org","message":"hi","timestamp":")"));
    }

    TEST_CASE("many questions in one call: up to a thousand, and each with an answer of its own") {
        Classroom room;
        const auto ask = [&](std::size_t count) {
            std::string items;
            for (std::size_t i = 0; i < count; ++i) {
                items += (i == 0 ? "" : ",") +
                         std::string(R"({"user_kind":"student","user_id":1,"course_id":1})");
            }
            return room.nodes.inside(*room.nodes.data, Method::post,
                                     "/internal/classroom/access/batch",
                                     R"({"items":[)" + items + "]}");
        };
        const test::Answer all = ask(1'000);
        CHECK(all.status == 200);
        CHECK(all.body["results"].items().size() == 1'000);
        CHECK(ask(1'001).status == 422);
        CHECK(ask(0).status == 422);
        // Events of one payload are asked about in one call, and answered in order.
        Poller alice = room.as_alice();
        alice.event("connected");
        alice.send(
            "421[\"join_course\",1]\x1e"
            "422[\"join_course\",9]\x1e"
            "423[\"join_video\",1]\x1e"
            "424[\"join_video\",9]");
        CHECK(alice.wait("431") == R"(431[{"status":"ok","course_id":"1"}])");
        CHECK(alice.wait("432").find("not found: course 9") != std::string::npos);
        CHECK(alice.wait("433") == R"(433[{"status":"ok","video_id":"1"}])");
        CHECK(alice.wait("434").find("not found: video 9") != std::string::npos);
    }

    TEST_CASE("progress reaches the course's teacher and is stored") {
        Classroom room;
        Poller teacher = room.as_teacher();
        Poller alice = room.as_alice();
        teacher.emit("join_course", "1");
        teacher.event("joined_course");
        alice.emit("video_progress",
                   R"({"video_id":"1","course_id":1,"progress":75,"timestamp":450})");
        CHECK(
            teacher.event("student_progress") ==
            R"(42["student_progress",{"user_id":"1","video_id":"1","progress":75.0,"timestamp":450.0}])");
        CHECK(
            teacher.event("progress_update") ==
            R"(42["progress_update",{"user_id":"1","video_id":"1","watched_seconds":450.0,"percent_complete":75.0}])");
        alice.emit("video_progress",
                   R"({"video_id":"1","course_id":2,"progress":75,"timestamp":450})");
        CHECK(alice.event("error") ==
              R"(42["error",{"message":"course_id is not the course of this video"}])");
    }

    TEST_CASE("while the data node is away it says so, and works again afterwards") {
        Classroom room;
        Poller alice = room.as_alice();
        room.nodes.data_away = true;
        alice.emit("join_course", "1");
        CHECK(alice.event("error") ==
              R"(42["error",{"message":"unavailable: try again shortly"}])");
        alice.emit("send_chat_message", R"({"video_id":1,"message":"hi"})");
        CHECK(alice.event("error").find("the message was not stored") != std::string::npos);
        room.nodes.data_away = false;
        alice.emit("join_course", "1");
        CHECK(alice.event("joined_course") != "nothing");
    }

    TEST_CASE("a token taken back ends the connection with a word") {
        Classroom room;
        Poller alice = room.as_alice();
        alice.event("connected");
        const auto now = room.nodes.clock.wall_now();
        room.revoked.end_user("student:1", now + std::chrono::seconds{2},
                              now + std::chrono::hours{1});
        CHECK(alice.event("error") == R"(42["error",{"message":"token revoked"}])");
        CHECK(alice.wait("41") == "41");
    }

    TEST_CASE("a message of 4000 characters is taken, one more is not") {
        Classroom room;
        Poller alice = room.as_alice();
        alice.emit("join_video", "1");
        alice.event("joined_video");
        const std::string longest(4'000, 'x');
        alice.emit("send_chat_message", json::make_object("video_id", 1, "message", longest + "x"));
        CHECK(alice.event("error") ==
              R"(42["error",{"message":"message must be a text of 1 to 4000 characters"}])");
        alice.emit("send_chat_message", json::make_object("video_id", 1, "message", longest));
        CHECK(alice.event("new_chat_message").find(longest) != std::string::npos);
    }
}
