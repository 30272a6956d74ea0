#pragma once
/// Quizzes on the wire, for clients and between nodes.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "courseselect/core/clock.hpp"
#include "courseselect/core/ids.hpp"
#include "courseselect/domain/quiz.hpp"
#include "courseselect/json/describe.hpp"
#include "courseselect/nodes/wire/page.hpp"
#include "courseselect/repo/classroom.hpp"

namespace courseselect::nodes::wire {

using repo::QuizId;

/// Body of `POST /teacher/quiz/create`.
struct QuizDraft {
    core::CourseId course_id;
    std::string title;
    std::vector<domain::QuizQuestion> questions;
    double passing_score = 60;
    int attempts_max = 0;
};
struct QuizUpdate {
    json::Patch<std::string> title;
    json::Patch<std::vector<domain::QuizQuestion>> questions;
    json::Patch<double> passing_score;
    json::Patch<int> attempts_max;
};
struct QuizRef {
    QuizId quiz_id;
};
/// A quiz as its teacher sees it.
struct Quiz {
    QuizId quiz_id;
    core::CourseId course_id;
    std::string title;
    std::vector<domain::QuizQuestion> questions;
    double passing_score = 0;
    int attempts_max = 0;
    core::WallTime created_at;
    core::WallTime updated_at;
};
struct Quizzes {
    std::vector<Quiz> quizzes;
    std::int64_t total = 0;
};

/// A question without its answer.
struct OpenQuestion {
    std::string question;
    std::vector<std::string> options;
    int points = 1;
};
/// A quiz as its students see it.
struct OpenQuiz {
    QuizId quiz_id;
    core::CourseId course_id;
    std::string title;
    std::vector<OpenQuestion> questions;
    double passing_score = 0;
    int attempts_max = 0;
};
struct OpenQuizzes {
    std::vector<OpenQuiz> quizzes;
    std::int64_t total = 0;
};

/// Body of `POST /student/quiz/submit`: the place of the option chosen, from 0; null: left open.
struct QuizAnswers {
    QuizId quiz_id;
    std::vector<std::optional<int>> answers;
};
/// Body of `POST /internal/classroom/quizzes/submit`.
struct QuizSubmission : QuizAnswers {
    core::StudentId student_id;
};
struct QuizResult {
    bool success = true;
    QuizId quiz_id;
    double score = 0;
    bool passed = false;
    std::int64_t correct_count = 0;
    std::int64_t question_count = 0;
    std::int64_t attempt = 0;
    std::optional<std::int64_t> attempts_left;
};

struct AttemptsQuery : Page {
    QuizId quiz_id;
    std::optional<core::StudentId> student_id;
};
struct QuizAttempt {
    core::StudentId student_id;
    std::string student_name;
    std::int64_t attempt = 0;
    std::vector<std::optional<int>> answers;
    double score = 0;
    bool passed = false;
    core::WallTime submitted_at;
};
struct QuizAttempts {
    std::vector<QuizAttempt> attempts;
};

}  // namespace courseselect::nodes::wire

namespace courseselect::json {

namespace wire = nodes::wire;

inline constexpr auto quiz_question_count = items(1, domain::quiz_questions_max);
inline constexpr auto quiz_answer_count = items(0, domain::quiz_questions_max);

template <>
struct Describe<domain::QuizQuestion> {
    static constexpr auto fields() {
        using Q = domain::QuizQuestion;
        return object(
            "QuizQuestion", "A question with one right answer.",
            field<&Q::question>("question", length(1, 1000), example("\"1 + 1 = ?\"")),
            field<&Q::options>("options", items(domain::quiz_options_min, domain::quiz_options_max),
                               each(length(1, 500)), example("[\"1\",\"2\",\"3\"]")),
            field<&Q::answer>("answer", between(0, domain::quiz_options_max - 1),
                              doc("Place of the right option, from 0."), example("1")),
            field<&Q::points>("points", between(1, domain::quiz_points_max),
                              optional_with_default));
    }
};
template <>
struct Describe<wire::QuizDraft> {
    static constexpr auto fields() {
        using Q = wire::QuizDraft;
        return object("QuizDraft", "A quiz to be added to a course.",
                      field<&Q::course_id>("course_id", example("1")),
                      field<&Q::title>("title", length(1, 200), example("\"Week 1\"")),
                      field<&Q::questions>("questions", quiz_question_count),
                      field<&Q::passing_score>("passing_score", between(0, 100),
                                               optional_with_default, doc("Per cent.")),
                      field<&Q::attempts_max>("attempts_max", between(0, 1000),
                                              optional_with_default, doc("0: any number.")));
    }
};
template <>
struct Describe<wire::QuizUpdate> {
    static constexpr auto fields() {
        using Q = wire::QuizUpdate;
        return object("QuizUpdate", "Changes of a quiz: only what is mentioned changes.",
                      field<&Q::title>("title", length(1, 200)),
                      field<&Q::questions>("questions", quiz_question_count),
                      field<&Q::passing_score>("passing_score", between(0, 100)),
                      field<&Q::attempts_max>("attempts_max", between(0, 1000)));
    }
};
template <>
struct Describe<wire::QuizRef> {
    static constexpr auto fields() {
        return object("QuizRef", "One quiz.",
                      field<&wire::QuizRef::quiz_id>("quiz_id", example("1")));
    }
};
template <>
struct Describe<wire::Quiz> {
    static constexpr auto fields() {
        using Q = wire::Quiz;
        return object("Quiz", "A quiz with its answers, for the course's teacher.",
                      field<&Q::quiz_id>("quiz_id"), field<&Q::course_id>("course_id"),
                      field<&Q::title>("title"), field<&Q::questions>("questions"),
                      field<&Q::passing_score>("passing_score"),
                      field<&Q::attempts_max>("attempts_max", doc("0: any number.")),
                      field<&Q::created_at>("created_at"), field<&Q::updated_at>("updated_at"));
    }
};
template <>
struct Describe<wire::Quizzes> {
    static constexpr auto fields() {
        return object("Quizzes", "Quizzes of a course.", field<&wire::Quizzes::quizzes>("quizzes"),
                      field<&wire::Quizzes::total>("total"));
    }
};
template <>
struct Describe<wire::OpenQuestion> {
    static constexpr auto fields() {
        using Q = wire::OpenQuestion;
        return object("OpenQuestion", "A question as students see it.",
                      field<&Q::question>("question"), field<&Q::options>("options"),
                      field<&Q::points>("points"));
    }
};
template <>
struct Describe<wire::OpenQuiz> {
    static constexpr auto fields() {
        using Q = wire::OpenQuiz;
        return object("OpenQuiz", "A quiz without its answers.", field<&Q::quiz_id>("quiz_id"),
                      field<&Q::course_id>("course_id"), field<&Q::title>("title"),
                      field<&Q::questions>("questions"),
                      field<&Q::passing_score>("passing_score", doc("Per cent.")),
                      field<&Q::attempts_max>("attempts_max", doc("0: any number.")));
    }
};
template <>
struct Describe<wire::OpenQuizzes> {
    static constexpr auto fields() {
        return object("OpenQuizzes", "Quizzes of a course, without their answers.",
                      field<&wire::OpenQuizzes::quizzes>("quizzes"),
                      field<&wire::OpenQuizzes::total>("total"));
    }
};
template <>
struct Describe<wire::QuizAnswers> {
    static constexpr auto fields() {
        using Q = wire::QuizAnswers;
        return object("QuizAnswers", "A student's answers, one for each question.",
                      field<&Q::quiz_id>("quiz_id", example("1")),
                      field<&Q::answers>("answers", quiz_answer_count,
                                         doc("Places of options, from 0; null: left open."),
                                         example("[1,null,0]")));
    }
};
template <>
struct Describe<wire::QuizSubmission> {
    static constexpr auto fields() {
        return object("QuizSubmission", "Whose answers they are.", include<wire::QuizAnswers>(),
                      field<&wire::QuizSubmission::student_id>("student_id"));
    }
};
template <>
struct Describe<wire::QuizResult> {
    static constexpr auto fields() {
        using Q = wire::QuizResult;
        return object("QuizResult", "What the answers are worth.", field<&Q::success>("success"),
                      field<&Q::quiz_id>("quiz_id"), field<&Q::score>("score", doc("Per cent.")),
                      field<&Q::passed>("passed"), field<&Q::correct_count>("correct_count"),
                      field<&Q::question_count>("question_count"),
                      field<&Q::attempt>("attempt", doc("From 1.")),
                      field<&Q::attempts_left>("attempts_left", doc("null: any number.")));
    }
};
template <>
struct Describe<wire::AttemptsQuery> {
    static constexpr auto fields() {
        using A = wire::AttemptsQuery;
        return object("AttemptsQuery", "Attempts at a quiz, of all students or of one.",
                      field<&A::quiz_id>("quiz_id", example("1")),
                      field<&A::student_id>("student_id", empty_is_absent), include<wire::Page>());
    }
};
template <>
struct Describe<wire::QuizAttempt> {
    static constexpr auto fields() {
        using A = wire::QuizAttempt;
        return object("QuizAttempt", "One attempt at a quiz.", field<&A::student_id>("student_id"),
                      field<&A::student_name>("student_name"), field<&A::attempt>("attempt"),
                      field<&A::answers>("answers"), field<&A::score>("score", doc("Per cent.")),
                      field<&A::passed>("passed"), field<&A::submitted_at>("submitted_at"));
    }
};
template <>
struct Describe<wire::QuizAttempts> {
    static constexpr auto fields() {
        return object("QuizAttempts", "By student, then attempt.",
                      field<&wire::QuizAttempts::attempts>("attempts"));
    }
};

}  // namespace courseselect::json
