#include "courseselect/repo/classroom.hpp"

#include <doctest/doctest.h>

#include "repo/data_support.hpp"

using namespace courseselect;
using test::must;

namespace {

/// A course with a video and a quiz, and two students.
struct Classroom : test::DataDatabase {
    Classroom() {
        course = add_course(10);
        alice = add_student("alice");
        bob = add_student("bob");
        video = must(repo::insert_video(*writer, {.id = {},
                                                  .course = course,
                                                  .title = "Lecture 1",
                                                  .url = "https://example.org/1",
                                                  .description = "",
                                                  .position = 2,
                                                  .created_at = clock.wall_now(),
                                                  .updated_at = clock.wall_now()}));
        quiz = must(repo::insert_quiz(*writer, {.id = {},
                                                .course = course,
                                                .title = "Week 1",
                                                .questions = "[]",
                                                .passing_score = 60,
                                                .attempts_max = 2,
                                                .created_at = clock.wall_now(),
                                                .updated_at = clock.wall_now()}));
    }
    repo::Review review(core::StudentId student, int rating) {
        return {.course = course,
                .student = student,
                .student_name = {},
                .rating = rating,
                .comment = "fine",
                .created_at = clock.wall_now(),
                .updated_at = clock.wall_now()};
    }
    repo::VideoProgress progress(double percent, double seconds) {
        return {.video = video,
                .user_kind = auth::UserKind::student,
                .user_id = alice.value(),
                .latest_percent = percent,
                .latest_seconds = seconds,
                .updated_at = clock.wall_now()};
    }
    repo::VideoMessage message(const std::string& text) {
        return {.video = video,
                .user_kind = auth::UserKind::teacher,
                .user_id = 1,
                .user_name = "curie",
                .message = text,
                .client_time = "",
                .sent_at = clock.wall_now()};
    }

    core::CourseId course;
    core::StudentId alice;
    core::StudentId bob;
    repo::VideoId video;
    repo::QuizId quiz;
};

}  // namespace

TEST_SUITE("repo/classroom") {
    TEST_CASE("a student has one review of a course; the second replaces the first") {
        Classroom room;
        const auto first = must(repo::put_review(*room.writer, room.review(room.alice, 2)));
        room.clock.advance(std::chrono::seconds{5});
        const auto second = must(repo::put_review(*room.writer, room.review(room.alice, 5)));
        must(repo::put_review(*room.writer, room.review(room.bob, 4)));
        CHECK(second.rating == 5);
        CHECK(second.student_name == "alice");
        CHECK(second.created_at == first.created_at);
        CHECK(second.updated_at > first.updated_at);
        CHECK(room.number("SELECT count(*) FROM reviews") == 2);
        const auto totals = must(repo::review_totals(*room.writer, room.course));
        CHECK(totals.count == 2);
        CHECK(totals.average == 4.5);
        CHECK(must(repo::list_reviews(*room.writer, room.course, 0, 1)).size() == 1);
        CHECK(must(repo::list_reviews(*room.writer, room.course, 2, 10)).empty());
    }

    TEST_CASE("the database refuses ratings outside 1 to 5 and reviews of no course") {
        Classroom room;
        for (const int rating : {0, 6}) {
            const auto refused = repo::put_review(*room.writer, room.review(room.alice, rating));
            REQUIRE_FALSE(refused);
            CHECK(refused.error().reason() == "check_violation");
        }
        auto lost = room.review(room.alice, 3);
        lost.course = core::CourseId(99);
        const auto refused = repo::put_review(*room.writer, lost);
        REQUIRE_FALSE(refused);
        CHECK(refused.error().reason() == "foreign_key_violation");
    }

    TEST_CASE("progress keeps the latest and the furthest position") {
        Classroom room;
        must(repo::put_progress(*room.writer, room.progress(40, 240)));
        must(repo::put_progress(*room.writer, room.progress(75, 450)));
        const auto back = must(repo::put_progress(*room.writer, room.progress(10, 60)));
        CHECK(back.latest_percent == 10);
        CHECK(back.max_percent == 75);
        CHECK(back.latest_seconds == 60);
        CHECK(back.max_seconds == 450);
        const auto own = must(repo::progress_of(*room.writer, room.course, auth::UserKind::student,
                                                room.alice.value()));
        REQUIRE(own.size() == 1);
        CHECK(own.front().max_percent == 75);
        CHECK(must(repo::progress_of(*room.writer, room.course, auth::UserKind::teacher,
                                     room.alice.value()))
                  .empty());
        CHECK(must(repo::list_progress(*room.writer, room.video, 0, 10)).size() == 1);
    }

    TEST_CASE("messages are in the order of their ids; pages go backwards") {
        Classroom room;
        std::vector<std::int64_t> ids;
        for (const char* text : {"a", "b", "c"}) {
            ids.push_back(must(repo::insert_message(*room.writer, room.message(text))));
        }
        CHECK(ids[0] < ids[1]);
        CHECK(ids[1] < ids[2]);
        const auto last = must(repo::messages_before(*room.writer, room.video, ids[2] + 1, 2));
        REQUIRE(last.size() == 2);
        CHECK(last[0].message == "b");
        CHECK(last[1].message == "c");
        CHECK(last[1].user_kind == auth::UserKind::teacher);
        const auto before = must(repo::messages_before(*room.writer, room.video, ids[1], 2));
        REQUIRE(before.size() == 1);
        CHECK(before[0].message == "a");
    }

    TEST_CASE("an attempt has its number once; attempts are listed by student") {
        Classroom room;
        const auto attempt = [&](core::StudentId student, std::int64_t number) {
            return repo::insert_attempt(*room.writer, {.quiz = room.quiz,
                                                       .student = student,
                                                       .student_name = {},
                                                       .attempt = number,
                                                       .answers = "[1]",
                                                       .score = 50,
                                                       .passed = false,
                                                       .submitted_at = room.clock.wall_now()});
        };
        must(attempt(room.bob, 1));
        must(attempt(room.alice, 1));
        must(attempt(room.alice, 2));
        const auto again = attempt(room.alice, 2);
        REQUIRE_FALSE(again);
        CHECK(again.error().reason() == "unique_violation");
        CHECK(must(repo::count_attempts(*room.writer, room.quiz, room.alice)) == 2);
        const auto all = must(repo::list_attempts(*room.writer, room.quiz, std::nullopt, 0, 10));
        REQUIRE(all.size() == 3);
        CHECK(all[0].student_name == "alice");
        CHECK(all[2].student_name == "bob");
        CHECK(must(repo::list_attempts(*room.writer, room.quiz, room.bob, 0, 10)).size() == 1);
    }

    TEST_CASE("what is missing cannot be changed or deleted") {
        Classroom room;
        repo::Video video;
        video.id = repo::VideoId(99);
        CHECK(repo::update_video(*room.writer, video).error().detail() == "Video not found");
        CHECK(repo::delete_video(*room.writer, video.id).error().detail() == "Video not found");
        repo::Quiz quiz;
        quiz.id = repo::QuizId(99);
        CHECK(repo::update_quiz(*room.writer, quiz).error().detail() == "Quiz not found");
        CHECK(repo::delete_quiz(*room.writer, quiz.id).error().detail() == "Quiz not found");
    }

    TEST_CASE("with a course goes everything around it") {
        Classroom room;
        must(repo::put_review(*room.writer, room.review(room.alice, 3)));
        must(repo::put_progress(*room.writer, room.progress(10, 60)));
        must(repo::insert_message(*room.writer, room.message("hello")));
        must(repo::delete_course(*room.writer, room.course));
        for (const char* table :
             {"reviews", "videos", "video_progress", "video_messages", "quizzes"}) {
            CAPTURE(table);
            CHECK(room.number("SELECT count(*) FROM " + std::string(table)) == 0);
        }
    }

    TEST_CASE("the outbox is read in order, from where somebody stands") {
        Classroom room;
        CHECK(must(repo::last_event(*room.writer)) == 0);
        for (const char* kind : {"review", "quiz", "course"}) {
            must(repo::insert_event(*room.writer, {.kind = kind,
                                                   .course = room.course,
                                                   .student = room.alice,
                                                   .data = "{}",
                                                   .created_at = room.clock.wall_now()}));
        }
        const auto later = must(repo::events_after(*room.writer, 1, 10));
        REQUIRE(later.size() == 2);
        CHECK(later[0].kind == "quiz");
        CHECK(later[1].sequence == 3);
        CHECK(must(repo::events_after(*room.writer, 0, 1)).size() == 1);
        CHECK(must(repo::last_event(*room.writer)) == 3);
    }

    TEST_CASE("seat moves are the accepted decisions") {
        Classroom room;
        auto refused = room.decision(2, room.bob, room.course);
        refused.accepted = false;
        refused.code = "course_full";
        CHECK(room.store(
                  {room.decision(1, room.alice, room.course), refused,
                   room.decision(3, room.alice, room.course, repo::DecisionKind::deselect)}) == "");
        const auto moves = must(repo::seat_moves_after(*room.writer, 0, 10));
        REQUIRE(moves.size() == 2);
        CHECK(moves[0].is_enrolment);
        CHECK(moves[0].sequence == 1);
        CHECK_FALSE(moves[1].is_enrolment);
        CHECK(moves[1].sequence == 3);
        CHECK(must(repo::last_decision(*room.writer)) == 3);
    }
}
