#include "courseselect/nodes/student/student_classroom.hpp"

#include <doctest/doctest.h>

#include "nodes/teacher/fixture.hpp"

using namespace courseselect;
using net::http::Method;

namespace {

constexpr const char* two_questions =
    R"({"course_id":1,"title":"Week 1","passing_score":50,"attempts_max":2,"questions":[)"
    R"({"question":"1 + 1","options":["1","2"],"answer":1},)"
    R"({"question":"2 + 2","options":["4","5"],"answer":0}]})";

/// Course 1 of teacher 1, in which alice (student 1) has a seat and bob (student 2) has none.
struct EnrolledRoom : test::TeacherNodes {
    EnrolledRoom() {
        base.add_course("Algebra", 3);
        base.add_student("alice");
        base.add_student("bob");
        CHECK(base.wait(1, base.select(1, 1)).body["status"].string() == "completed");
    }
    test::Answer post(std::int64_t student, std::string path, std::string body) {
        return base.as(student, Method::post, std::move(path), std::move(body));
    }
    test::Answer get(std::int64_t student, std::string target) {
        return base.as(student, Method::get, std::move(target));
    }
};

}  // namespace

TEST_SUITE("nodes/student/student_classroom") {
    TEST_CASE("a review: stored, replaced, listed; others may not") {
        EnrolledRoom room;
        const std::string path = "/student/course/review";
        const auto first = room.post(1, path, R"({"course_id":1,"rating":2,"comment":"hm"})");
        CHECK(first.status == 200);
        CHECK(first.body["student_name"].string() == "alice");
        CHECK(room.post(1, path, R"({"course_id":1,"rating":5})").body["rating"].integer() == 5);
        const auto list = room.get(1, "/student/course/reviews?course_id=1");
        CHECK(list.body["total"].integer() == 1);
        CHECK(list.body["average_rating"].number() == 5);
        const auto stranger = room.post(2, path, R"({"course_id":1,"rating":5})");
        CHECK(stranger.status == 403);
        CHECK(stranger.detail() == "Not enrolled in this course");
        const auto lost = room.post(1, path, R"({"course_id":9,"rating":5})");
        CHECK(lost.status == 404);
        CHECK(lost.detail() == "Course not found");
        CHECK(room.post(1, path, R"({"course_id":1,"rating":6})").status == 422);
        CHECK(room.post(1, path, R"({"course_id":1,"rating":0})").status == 422);
        CHECK(room.post(1, path, R"({"course_id":1,"rating":4.5})").status == 422);
        const std::string longest(2000, 'x');
        CHECK(room.post(1, path, json::make_object("course_id", 1, "rating", 3, "comment", longest))
                  .status == 200);
        CHECK(room.post(1, path,
                        json::make_object("course_id", 1, "rating", 3, "comment", longest + "x"))
                  .status == 422);
    }

    TEST_CASE("a quiz: shown without its answers, submitted, scored") {
        EnrolledRoom room;
        CHECK(room.teacher(Method::post, "/teacher/quiz/create", two_questions).status == 200);
        const auto quiz = room.get(1, "/student/quiz?quiz_id=1");
        CHECK(quiz.status == 200);
        CHECK(quiz.body["questions"].size() == 2);
        CHECK(quiz.text.find("answer") == std::string::npos);
        const auto list = room.get(1, "/student/quizzes?course_id=1");
        CHECK(list.body["total"].integer() == 1);
        CHECK(list.text.find("answer") == std::string::npos);
        const std::string path = "/student/quiz/submit";
        const auto half = room.post(1, path, R"({"quiz_id":1,"answers":[1,null]})");
        CHECK(half.status == 200);
        CHECK(half.body["score"].number() == 50);
        CHECK(half.body["passed"].boolean() == true);
        CHECK(half.body["attempts_left"].integer() == 1);
        CHECK(room.post(1, path, R"({"quiz_id":1,"answers":[1]})").detail() ==
              "answers must have 2 entries, one for each question");
        CHECK(room.post(1, path, R"({"quiz_id":1,"answers":[0,1]})").body["score"].number() == 0);
        const auto spent = room.post(1, path, R"({"quiz_id":1,"answers":[1,0]})");
        CHECK(spent.status == 400);
        CHECK(spent.detail() == "No attempts left");
        CHECK(room.get(1, "/student/quiz/attempts?quiz_id=1").body["attempts"].size() == 2);
        CHECK(room.post(2, path, R"({"quiz_id":1,"answers":[1,0]})").status == 403);
        CHECK(room.get(2, "/student/quiz?quiz_id=1").status == 403);
        CHECK(room.post(1, path, R"({"quiz_id":9,"answers":[1,0]})").detail() == "Quiz not found");
        CHECK(room.post(1, path, R"({"quiz_id":1,"answers":["x",0]})").status == 422);
    }

    TEST_CASE("videos are shown with the student's own progress, and the chat") {
        EnrolledRoom room;
        const auto made = room.teacher(Method::post, "/teacher/video/create",
                                       R"({"course_id":1,"title":"Lecture","url":"x"})");
        CHECK(made.status == 200);
        room.base.inside(*room.base.data, Method::post, "/internal/classroom/progress",
                         R"({"items":[{"user_kind":"student","user_id":1,"video_id":1,)"
                         R"("course_id":1,"progress":80,"timestamp":480}]})");
        room.base.inside(*room.base.data, Method::post, "/internal/classroom/messages",
                         R"({"items":[{"user_kind":"student","user_id":1,"video_id":1,)"
                         R"("user_name":"alice","message":"hello"}]})");
        const auto videos = room.get(1, "/student/videos?course_id=1");
        CHECK(videos.body["videos"][0]["progress"]["percent_complete"].number() == 80);
        const auto chat = room.get(1, "/student/video/messages?video_id=1");
        CHECK(chat.body["messages"][0]["message"].string() == "hello");
        CHECK(room.get(1, "/student/video/messages?video_id=1&limit=201").status == 422);
        CHECK(room.get(2, "/student/videos?course_id=1").status == 403);
        CHECK(room.get(2, "/student/video/messages?video_id=1").status == 403);
        CHECK(room.get(1, "/student/video/messages?video_id=9").status == 404);
    }

    TEST_CASE("while the data node is away the answer is 503") {
        EnrolledRoom room;
        room.base.data_away = true;
        CHECK(room.get(1, "/student/videos?course_id=1").status == 503);
        CHECK(room.post(1, "/student/course/review", R"({"course_id":1,"rating":5})").status ==
              503);
    }
}
