#include "courseselect/nodes/data/classroom.hpp"

#include <doctest/doctest.h>

#include "courseselect/nodes/data/outboxes.hpp"
#include "nodes/data/fixture.hpp"

using namespace courseselect;
using nodes::data::Classroom;
namespace wire = nodes::wire;

namespace {

/// A course of teacher 1 with a seat taken by alice; bob has none.
struct DataRoom : test::DataFixture {
    DataRoom() : room(*state) {
        course = add_course("Algebra", 3);
        alice = add_student("alice");
        bob = add_student("bob");
        std::vector<nodes::data::SelectionTask> tasks;
        tasks.push_back(task(alice, course));
        decide(std::move(tasks));
    }
    wire::Video add_video() {
        wire::VideoDraft draft;
        draft.course_id = course;
        draft.title = "Lecture 1";
        draft.url = "https://example.org/1";
        return wait(room.add_video(std::move(draft)));
    }
    wire::Quiz add_quiz(int attempts_max = 0) {
        wire::QuizDraft draft;
        draft.course_id = course;
        draft.title = "Week 1";
        draft.questions = {{.question = "1 + 1", .options = {"1", "2"}, .answer = 1},
                           {.question = "2 + 2", .options = {"4", "5"}, .answer = 0}};
        draft.attempts_max = attempts_max;
        return wait(room.add_quiz(std::move(draft)));
    }
    core::Result<wire::QuizResult> submit(const wire::Quiz& quiz, core::StudentId student,
                                          std::vector<std::optional<int>> answers) {
        wire::QuizSubmission submission;
        submission.quiz_id = quiz.quiz_id;
        submission.answers = std::move(answers);
        submission.student_id = student;
        return wait_result(room.submit(std::move(submission)));
    }
    wire::ClassroomAccess access(const std::string& kind, std::int64_t id) {
        wire::AccessQuery query;
        query.user_kind = kind;
        query.user_id = id;
        query.course_id = course;
        return wait(room.access(std::move(query)));
    }
    wire::ProgressReport report(wire::VideoId video, core::StudentId student) {
        wire::ProgressReport made;
        made.user_kind = "student";
        made.user_id = student.value();
        made.video_id = video;
        made.course_id = course;
        made.progress = 50;
        made.timestamp = 300;
        return made;
    }
    template <class Outbox>
    nodes::events::Page news(std::int64_t after = 0, std::size_t limit = 100) {
        Outbox outbox(*state);
        return wait(outbox.read(after, limit));
    }

    Classroom room;
    core::CourseId course;
    core::StudentId alice;
    core::StudentId bob;
};

}  // namespace

TEST_SUITE("nodes/data/classroom") {
    TEST_CASE("students with a seat, the course's teacher and admins belong to a course") {
        DataRoom room;
        CHECK(room.access("student", room.alice.value()).allowed);
        CHECK_FALSE(room.access("student", room.bob.value()).allowed);
        CHECK(room.access("teacher", 1).allowed);
        CHECK(room.access("teacher", 1).is_teacher);
        CHECK_FALSE(room.access("teacher", 2).allowed);
        CHECK(room.access("admin", 7).allowed);
        CHECK_FALSE(room.access("admin", 7).is_teacher);
        wire::AccessQuery lost;
        lost.user_kind = "admin";
        lost.user_id = 1;
        lost.course_id = core::CourseId(99);
        const auto refused = room.wait_result(room.room.access(std::move(lost)));
        REQUIRE_FALSE(refused);
        CHECK(refused.error().detail() == "Course not found");
    }

    TEST_CASE("a video and a quiz lead to their course, also after others were deleted") {
        DataRoom room;
        const auto video = room.add_video();
        const auto quiz = room.add_quiz();
        wire::AccessQuery by_video;
        by_video.user_kind = "student";
        by_video.user_id = room.alice.value();
        wire::AccessQuery by_quiz = by_video;
        by_video.video_id = video.video_id;
        by_quiz.quiz_id = quiz.quiz_id;
        CHECK(room.wait(room.room.access(by_video)).course_id == room.course);
        CHECK(room.wait(room.room.access(by_quiz)).allowed);
        room.wait(room.room.delete_video(video.video_id));
        CHECK(room.wait_result(room.room.access(by_video)).error().detail() == "Video not found");
        room.wait(room.editor->delete_course(room.course));
        CHECK(room.wait_result(room.room.access(by_quiz)).error().detail() == "Quiz not found");
    }

    TEST_CASE("many questions at once are answered each on its own, in order") {
        DataRoom room;
        const auto video = room.add_video();
        const auto quiz = room.add_quiz();
        const auto ask = [](const std::string& kind, std::int64_t id) {
            wire::AccessQuery query;
            query.user_kind = kind;
            query.user_id = id;
            return query;
        };
        wire::AccessQueries queries;
        queries.items.assign(6, ask("student", room.alice.value()));
        queries.items[0].course_id = room.course;
        queries.items[1].video_id = video.video_id;
        queries.items[2].quiz_id = quiz.quiz_id;
        queries.items[3].video_id = nodes::wire::VideoId(99);
        queries.items[4] = ask("student", room.bob.value());
        queries.items[4].video_id = video.video_id;
        queries.items[5] = ask("teacher", 1);
        queries.items[5].course_id = room.course;
        const auto answer = room.wait(room.room.access_of_all(std::move(queries)));
        REQUIRE(answer.results.size() == 6);
        std::string statuses;
        for (const wire::AccessOutcome& outcome : answer.results) {
            statuses += std::to_string(outcome.status) + (outcome.is_teacher ? "t " : " ");
        }
        CHECK(statuses == "200 200 200 404 403 200t ");
        CHECK(answer.results[1].course_id == room.course);
        CHECK(answer.results[3].detail == "Video not found");
        CHECK_FALSE(answer.results[3].course_id);
    }

    TEST_CASE("only who has a seat reviews; the review is in the outbox with it") {
        DataRoom room;
        wire::ReviewPut review;
        review.course_id = room.course;
        review.rating = 4;
        review.comment = "good";
        review.student_id = room.bob;
        const auto refused = room.wait_result(room.room.review(review));
        REQUIRE_FALSE(refused);
        CHECK(refused.error().detail() == "Student has not selected this course");
        CHECK(room.news<nodes::data::ClassroomOutbox>().events.empty());
        review.student_id = room.alice;
        CHECK(room.wait(room.room.review(review)).student_name == "alice");
        const auto told = room.news<nodes::data::ClassroomOutbox>();
        REQUIRE(told.events.size() == 1);
        CHECK(told.events[0].kind == "review");
        CHECK(told.events[0].user_name == "alice");
        CHECK(told.events[0].data.text == R"({"rating":4,"comment":"good"})");
        CHECK(told.last == told.events[0].sequence);
    }

    TEST_CASE("a quiz is scored against what is stored; attempts are counted and bounded") {
        DataRoom room;
        const auto quiz = room.add_quiz(2);
        const auto first = room.submit(quiz, room.alice, {1, std::nullopt});
        REQUIRE(first);
        CHECK(first->score == 50);
        CHECK_FALSE(first->passed);
        CHECK(first->attempts_left == 1);
        const auto second = room.submit(quiz, room.alice, {1, 0});
        REQUIRE(second);
        CHECK(second->passed);
        CHECK(second->attempt == 2);
        CHECK(room.submit(quiz, room.alice, {1, 0}).error().detail() == "No attempts left");
        CHECK(room.submit(quiz, room.bob, {1, 0}).error().detail() ==
              "Student has not selected this course");
        CHECK(room.submit(quiz, room.alice, {1}).error().detail() ==
              "answers must have 2 entries, one for each question");
        const auto told = room.news<nodes::data::ClassroomOutbox>();
        REQUIRE(told.events.size() == 2);
        CHECK(told.events[1].kind == "quiz");
        CHECK(told.events[1].data.text == R"({"quiz_id":"1","score":100.0,"passed":true})");
        wire::AttemptsQuery query;
        query.quiz_id = quiz.quiz_id;
        CHECK(room.wait(room.room.attempts(query)).attempts.size() == 2);
    }

    TEST_CASE("a quiz with a question nobody can answer is refused, new or changed") {
        DataRoom room;
        wire::QuizDraft draft;
        draft.course_id = room.course;
        draft.title = "Broken";
        draft.questions = {{.question = "?", .options = {"a", "b"}, .answer = 2}};
        const auto refused = room.wait_result(room.room.add_quiz(std::move(draft)));
        REQUIRE_FALSE(refused);
        CHECK(refused.error().detail() ==
              "questions.0.answer must be the place of one of its 2 options, from 0");
        const auto quiz = room.add_quiz();
        wire::QuizUpdate update;
        update.questions = std::vector<domain::QuizQuestion>{
            {.question = "?", .options = {"a", "b"}, .answer = 5}};
        CHECK_FALSE(room.wait_result(room.room.update_quiz(quiz.quiz_id, std::move(update))));
        wire::QuizUpdate title;
        title.title = std::string("Week 2");
        const auto changed = room.wait(room.room.update_quiz(quiz.quiz_id, std::move(title)));
        CHECK(changed.title == "Week 2");
        CHECK(changed.questions.size() == 2);
    }

    TEST_CASE("each item of a batch is judged on its own, and the rest is stored") {
        DataRoom room;
        const auto video = room.add_video();
        wire::ProgressReports reports;
        reports.items = {
            room.report(video.video_id, room.alice), room.report(video.video_id, room.bob),
            room.report(wire::VideoId(99), room.alice), room.report(video.video_id, room.alice)};
        reports.items[3].course_id = core::CourseId(99);
        const auto stored = room.wait(room.room.put_progress(std::move(reports)));
        REQUIRE(stored.results.size() == 4);
        CHECK(stored.results[0].status == 200);
        CHECK(stored.results[0].percent_complete == 50);
        CHECK(stored.results[0].watched_seconds == 300);
        CHECK(stored.results[1].status == 403);
        CHECK(stored.results[2].status == 404);
        CHECK(stored.results[3].status == 400);
        wire::VideoPageQuery query;
        query.video_id = video.video_id;
        const auto page = room.wait(room.room.progress(query));
        REQUIRE(page.progress.size() == 1);
        CHECK(page.progress[0].user_name == "alice");
    }

    TEST_CASE("chat messages get ids in order and the server's time") {
        DataRoom room;
        const auto video = room.add_video();
        wire::MessageDraft draft;
        draft.user_kind = "student";
        draft.user_id = room.alice.value();
        draft.user_name = "alice";
        draft.video_id = video.video_id;
        draft.message = "one";
        wire::MessageDrafts drafts;
        drafts.items = {draft, draft, draft};
        drafts.items[1].user_id = room.bob.value();
        drafts.items[2].message = "two";
        const auto stored = room.wait(room.room.put_messages(std::move(drafts)));
        CHECK(stored.results[1].status == 403);
        CHECK(stored.results[0].message_id < stored.results[2].message_id);
        CHECK(stored.results[2].sent_at == room.clock.wall_now());
        wire::MessagesQuery query;
        query.video_id = video.video_id;
        const auto shown = room.wait(room.room.messages(query));
        REQUIRE(shown.messages.size() == 2);
        CHECK(shown.messages[1].message == "two");
    }

    TEST_CASE("seats are told with what is left, refusals are passed over") {
        DataRoom room;
        std::vector<nodes::data::SelectionTask> tasks;
        tasks.push_back(room.task(room.alice, room.course));  // refused: she has it
        tasks.push_back(room.task(room.bob, room.course));
        tasks.push_back(room.task(room.bob, room.course, domain::RequestKind::deselect));
        tasks.push_back(room.task(room.bob, room.course, domain::RequestKind::deselect));
        room.decide(std::move(tasks));
        const auto told = room.news<nodes::data::SeatOutbox>();
        REQUIRE(told.events.size() == 3);
        CHECK(told.events[0].kind == "enrolment");
        CHECK(told.events[0].user_name == "alice");
        CHECK(told.events[2].kind == "seats");
        CHECK(told.events[2].data.text ==
              R"({"course_name":"Algebra","course_selected":1,"course_left":2})");
        CHECK(told.last == 5);
        CHECK(room.news<nodes::data::SeatOutbox>(0, 1).last == told.events[0].sequence);
        CHECK(room.news<nodes::data::SeatOutbox>(5).last == 5);
    }

    TEST_CASE("a changed course tells what is another now, a deleted one that it is gone") {
        DataRoom room;
        wire::CourseUpdate update;
        update.course_capacity = 7;
        update.course_notes = std::string("bring a pen");
        room.wait(room.editor->update_course(room.course, std::move(update)));
        room.wait(room.editor->delete_course(room.course));
        const auto told = room.news<nodes::data::ClassroomOutbox>();
        REQUIRE(told.events.size() == 2);
        CHECK(told.events[0].data.text ==
              R"({"course_capacity":7,"course_left":6,"course_notes":"bring a pen"})");
        CHECK(told.events[1].data.text == R"({"is_active":false,"deleted":true})");
    }

    TEST_CASE("when the disk fails nothing is stored and nothing is told") {
        DataRoom room;
        wire::ReviewPut review;
        review.course_id = room.course;
        review.rating = 4;
        review.student_id = room.alice;
        room.faults.commit = 1;
        CHECK_FALSE(room.wait_result(room.room.review(review)));
        CHECK(room.news<nodes::data::ClassroomOutbox>().events.empty());
        CHECK(room.wait(room.room.review(review)).rating == 4);
        CHECK(room.news<nodes::data::ClassroomOutbox>().events.size() == 1);
    }
}
