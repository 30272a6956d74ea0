#include "courseselect/nodes/teacher/teacher_classroom.hpp"

#include <doctest/doctest.h>

#include "nodes/teacher/fixture.hpp"

using namespace courseselect;
using net::http::Method;

namespace {

constexpr const char* one_question = R"({"course_id":1,"title":"Week 1","questions":[)"
                                     R"({"question":"1 + 1","options":["1","2"],"answer":1}]})";
constexpr const char* one_video =
    R"({"course_id":1,"title":"Lecture","url":"https://a.example/1"})";

/// Course 1 belongs to teacher 1.
struct TaughtSchool : test::TeacherNodes {
    TaughtSchool() { base.add_course("Algebra", 3); }
};

}  // namespace

TEST_SUITE("nodes/teacher/teacher_classroom") {
    TEST_CASE("videos: created, changed, listed in their order, deleted") {
        TaughtSchool school;
        const auto made = school.teacher(Method::post, "/teacher/video/create", one_video);
        CHECK(made.status == 200);
        CHECK(made.body["video_id"].integer() == 1);
        school.teacher(Method::post, "/teacher/video/create", one_video);
        const auto moved = school.teacher(Method::put, "/teacher/video/update?video_id=1",
                                          R"({"position":5,"title":"Last"})");
        CHECK(moved.body["title"].string() == "Last");
        CHECK(moved.body["url"].string() == "https://a.example/1");
        const auto list = school.teacher(Method::get, "/teacher/videos?course_id=1");
        CHECK(list.body["videos"][0]["video_id"].integer() == 2);
        CHECK(list.body["videos"][1]["video_id"].integer() == 1);
        CHECK(school.teacher(Method::delete_, "/teacher/video/delete?video_id=1")
                  .body["message"]
                  .string() == "Video deleted successfully");
        const auto gone = school.teacher(Method::delete_, "/teacher/video/delete?video_id=1");
        CHECK(gone.status == 404);
        CHECK(gone.detail() == "Video not found");
        CHECK(school.teacher(Method::get, "/teacher/video/progress?video_id=2").status == 200);
    }

    TEST_CASE("quizzes: created, changed, listed with answers, deleted; attempts") {
        TaughtSchool school;
        CHECK(school.teacher(Method::post, "/teacher/quiz/create", one_question).status == 200);
        const auto changed = school.teacher(Method::put, "/teacher/quiz/update?quiz_id=1",
                                            R"({"passing_score":75,"attempts_max":3})");
        CHECK(changed.body["passing_score"].number() == 75);
        CHECK(changed.body["title"].string() == "Week 1");
        const auto list = school.teacher(Method::get, "/teacher/quizzes?course_id=1");
        CHECK(list.body["quizzes"][0]["questions"][0]["answer"].integer() == 1);
        CHECK(school.teacher(Method::get, "/teacher/quiz/attempts?quiz_id=1&student_id=1")
                  .body["attempts"]
                  .size() == 0);
        CHECK(school.teacher(Method::delete_, "/teacher/quiz/delete?quiz_id=1").status == 200);
        CHECK(school.teacher(Method::get, "/teacher/quiz/attempts?quiz_id=1").detail() ==
              "Quiz not found");
    }

    TEST_CASE("a quiz at its bounds, and one step beyond") {
        TaughtSchool school;
        const auto quiz = [&school](std::size_t questions, std::size_t options) {
            std::string one = R"({"question":"?","answer":0,"options":[)";
            for (std::size_t i = 0; i < options; ++i) {
                one += i == 0 ? "\"a\"" : ",\"a\"";
            }
            one += "]}";
            std::string all;
            for (std::size_t i = 0; i < questions; ++i) {
                all += (i == 0 ? "" : ",") + one;
            }
            return school
                .teacher(Method::post, "/teacher/quiz/create",
                         R"({"course_id":1,"title":"Week 1","questions":[)" + all + "]}")
                .status;
        };
        CHECK(quiz(1, 2) == 200);
        CHECK(quiz(domain::quiz_questions_max, domain::quiz_options_max) == 200);
        CHECK(quiz(0, 2) == 422);
        CHECK(quiz(domain::quiz_questions_max + 1, 2) == 422);
        CHECK(quiz(1, 1) == 422);
        CHECK(quiz(1, domain::quiz_options_max + 1) == 422);
    }

    TEST_CASE("another teacher may not, an admin may, on every route") {
        TaughtSchool school;
        school.teacher(Method::post, "/teacher/video/create", one_video);
        school.teacher(Method::post, "/teacher/quiz/create", one_question);
        struct Row {
            Method method;
            std::string target;
            std::string body;
            std::string refusal;
        };
        const std::string view = "Not authorized to view this course";
        const std::string modify = "Not authorized to modify this course";
        const std::vector<Row> rows{
            {Method::get, "/teacher/videos?course_id=1", "", view},
            {Method::post, "/teacher/video/create", one_video, modify},
            {Method::put, "/teacher/video/update?video_id=1", "{}", modify},
            {Method::get, "/teacher/video/progress?video_id=1", "", view},
            {Method::delete_, "/teacher/video/delete?video_id=1", "", modify},
            {Method::get, "/teacher/quizzes?course_id=1", "", view},
            {Method::post, "/teacher/quiz/create", one_question, modify},
            {Method::put, "/teacher/quiz/update?quiz_id=1", "{}", modify},
            {Method::get, "/teacher/quiz/attempts?quiz_id=1", "", view},
            {Method::delete_, "/teacher/quiz/delete?quiz_id=1", "", modify},
            {Method::get, "/teacher/course/reviews?course_id=1", "", view},
        };
        for (const Row& row : rows) {
            CAPTURE(row.target);
            const auto refused = school.other(row.method, row.target, row.body);
            CHECK(refused.status == 403);
            CHECK(refused.detail() == row.refusal);
        }
        for (const Row& row : rows) {
            CAPTURE(row.target);
            CHECK(school.admin(row.method, row.target, row.body).status == 200);
        }
    }
}
