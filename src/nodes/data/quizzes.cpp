// The quizzes' half of Classroom.

#include <fmt/format.h>

#include <utility>

#include "courseselect/json/reader.hpp"
#include "courseselect/json/writer.hpp"
#include "courseselect/nodes/data/classroom.hpp"

namespace courseselect::nodes::data {
namespace {

core::Error no_such_quiz() { return {core::Errc::not_found, "Quiz not found"}; }
core::Error quiz_course_missing() { return {core::Errc::not_found, "Course not found"}; }

core::Result<> check_questions(const std::vector<domain::QuizQuestion>& questions) {
    if (const auto bad = domain::question_without_answer(questions)) {
        return core::Error(core::Errc::invalid_argument, "quiz_answer",
                           fmt::format("questions.{}.answer must be the place of one of its {} "
                                       "options, from 0",
                                       *bad, questions[*bad].options.size()));
    }
    return {};
}

core::Result<std::vector<domain::QuizQuestion>> questions_of(const repo::Quiz& quiz) {
    return json::parse<std::vector<domain::QuizQuestion>>(quiz.questions);
}

core::Result<wire::Quiz> quiz_to_wire(const repo::Quiz& quiz) {
    COURSESELECT_TRY(auto questions, questions_of(quiz));
    return wire::Quiz{.quiz_id = quiz.id,
                      .course_id = quiz.course,
                      .title = quiz.title,
                      .questions = std::move(questions),
                      .passing_score = quiz.passing_score,
                      .attempts_max = static_cast<int>(quiz.attempts_max),
                      .created_at = quiz.created_at,
                      .updated_at = quiz.updated_at};
}

/// Runs on the writer: the quiz as it is, changed.
core::Result<repo::Quiz> change_quiz(storage::Connection& connection, wire::QuizId id,
                                     const wire::QuizUpdate& update, core::WallTime now) {
    COURSESELECT_TRY(auto found, repo::find_quiz(connection, id));
    if (!found) {
        return no_such_quiz();
    }
    repo::Quiz quiz = *std::move(found);
    update.title.apply_to(quiz.title);
    update.passing_score.apply_to(quiz.passing_score);
    if (update.attempts_max.has_value()) {
        quiz.attempts_max = *update.attempts_max;
    }
    if (update.questions.has_value()) {
        quiz.questions = json::to_text(*update.questions);
    }
    quiz.updated_at = now;
    COURSESELECT_TRY_OK(repo::update_quiz(connection, quiz));
    return quiz;
}

/// Runs on the writer: one attempt scored against the quiz that is stored, and its event.
core::Result<wire::QuizResult> score_attempt(storage::Connection& connection,
                                             const wire::QuizSubmission& submission,
                                             core::WallTime now) {
    COURSESELECT_TRY(const auto quiz, repo::find_quiz(connection, submission.quiz_id));
    if (!quiz) {
        return no_such_quiz();
    }
    COURSESELECT_TRY(const auto questions, questions_of(*quiz));
    if (submission.answers.size() != questions.size()) {
        return core::Error(
            core::Errc::invalid_argument, "quiz_answers",
            fmt::format("answers must have {} entries, one for each question", questions.size()));
    }
    COURSESELECT_TRY(const auto before,
                     repo::count_attempts(connection, quiz->id, submission.student_id));
    if (quiz->attempts_max > 0 && before >= quiz->attempts_max) {
        return core::Error(core::Errc::failed_precondition, "No attempts left");
    }
    const auto score = domain::score_quiz(questions, submission.answers, quiz->passing_score);
    COURSESELECT_TRY_OK(
        repo::insert_attempt(connection, {.quiz = quiz->id,
                                          .student = submission.student_id,
                                          .student_name = {},
                                          .attempt = before + 1,
                                          .answers = json::to_text(submission.answers),
                                          .score = score.percent,
                                          .passed = score.passed,
                                          .submitted_at = now}));
    COURSESELECT_TRY_OK(repo::insert_event(
        connection, {.kind = "quiz",
                     .course = quiz->course,
                     .student = submission.student_id,
                     .data = json::make_object("quiz_id", std::to_string(quiz->id.value()), "score",
                                               score.percent, "passed", score.passed),
                     .created_at = now}));
    wire::QuizResult result{.quiz_id = quiz->id,
                            .score = score.percent,
                            .passed = score.passed,
                            .correct_count = score.correct,
                            .question_count = static_cast<std::int64_t>(questions.size()),
                            .attempt = before + 1};
    if (quiz->attempts_max > 0) {
        result.attempts_left = quiz->attempts_max - result.attempt;
    }
    return result;
}

}  // namespace

async::Task<core::Result<wire::Quiz>> Classroom::add_quiz(wire::QuizDraft draft) {
    if (!has_course(draft.course_id)) {
        co_return quiz_course_missing();
    }
    COURSESELECT_CO_TRY_OK(check_questions(draft.questions));
    const core::WallTime now = state_.runtime.clock.wall_now();
    repo::Quiz quiz{.id = {},
                    .course = draft.course_id,
                    .title = std::move(draft.title),
                    .questions = json::to_text(draft.questions),
                    .passing_score = draft.passing_score,
                    .attempts_max = draft.attempts_max,
                    .created_at = now,
                    .updated_at = now};
    auto insert = [quiz](storage::Connection& connection) {
        return repo::insert_quiz(connection, quiz);
    };
    const auto id = co_await write(std::move(insert));
    if (!id && id.error().reason() == "foreign_key_violation") {
        co_return quiz_course_missing();
    }
    if (!id) {
        co_return core::Error(id.error());
    }
    quiz.id = *id;
    co_return quiz_to_wire(quiz);
}

async::Task<core::Result<wire::Quiz>> Classroom::update_quiz(wire::QuizId id,
                                                             wire::QuizUpdate update) {
    if (update.questions.has_value()) {
        COURSESELECT_CO_TRY_OK(check_questions(*update.questions));
    }
    const core::WallTime now = state_.runtime.clock.wall_now();
    auto change = [id, changes = std::move(update), now](storage::Connection& connection) {
        return change_quiz(connection, id, changes, now);
    };
    COURSESELECT_CO_TRY(const auto quiz, co_await write(std::move(change)));
    co_return quiz_to_wire(quiz);
}

async::Task<core::Result<wire::Done>> Classroom::delete_quiz(wire::QuizId id) {
    auto remove = [id](storage::Connection& connection) {
        return repo::delete_quiz(connection, id);
    };
    COURSESELECT_CO_TRY_OK(co_await write(std::move(remove)));
    co_return wire::Done{.message = "Quiz deleted successfully"};
}

async::Task<core::Result<wire::Quiz>> Classroom::quiz(wire::QuizId id) {
    auto read = [id](storage::Connection& connection) { return repo::find_quiz(connection, id); };
    COURSESELECT_CO_TRY(const auto found, co_await state_.readers->read(std::move(read)));
    if (!found) {
        co_return no_such_quiz();
    }
    co_return quiz_to_wire(*found);
}

async::Task<core::Result<wire::Quizzes>> Classroom::quizzes(core::CourseId course) {
    if (!has_course(course)) {
        co_return quiz_course_missing();
    }
    auto read = [course](storage::Connection& connection) {
        return repo::list_quizzes(connection, course);
    };
    COURSESELECT_CO_TRY(const auto rows, co_await state_.readers->read(std::move(read)));
    wire::Quizzes answer;
    for (const repo::Quiz& row : rows) {
        COURSESELECT_CO_TRY(auto shown, quiz_to_wire(row));
        answer.quizzes.push_back(std::move(shown));
    }
    answer.total = static_cast<std::int64_t>(answer.quizzes.size());
    co_return answer;
}

async::Task<core::Result<wire::QuizResult>> Classroom::submit(wire::QuizSubmission submission) {
    COURSESELECT_CO_TRY(const auto asked, co_await quiz(submission.quiz_id));
    if (!is_enrolled(submission.student_id, asked.course_id)) {
        co_return core::Error(core::Errc::failed_precondition,
                              "Student has not selected this course");
    }
    auto score = [sent = std::move(submission),
                  now = state_.runtime.clock.wall_now()](storage::Connection& connection) {
        return score_attempt(connection, sent, now);
    };
    co_return co_await write(std::move(score));
}

async::Task<core::Result<wire::QuizAttempts>> Classroom::attempts(wire::AttemptsQuery query) {
    COURSESELECT_CO_TRY_OK(co_await quiz(query.quiz_id));
    auto read = [query](storage::Connection& connection) {
        return repo::list_attempts(connection, query.quiz_id, query.student_id, query.offset(),
                                   query.page_size);
    };
    COURSESELECT_CO_TRY(const auto rows, co_await state_.readers->read(std::move(read)));
    wire::QuizAttempts answer;
    for (const repo::QuizAttempt& row : rows) {
        COURSESELECT_CO_TRY(auto answers,
                            json::parse<std::vector<std::optional<int>>>(row.answers));
        answer.attempts.push_back({.student_id = row.student,
                                   .student_name = row.student_name,
                                   .attempt = row.attempt,
                                   .answers = std::move(answers),
                                   .score = row.score,
                                   .passed = row.passed,
                                   .submitted_at = row.submitted_at});
    }
    co_return answer;
}

}  // namespace courseselect::nodes::data
