#include "courseselect/nodes/student/student_classroom.hpp"

#include <fmt/format.h>

#include "courseselect/json/writer.hpp"
#include "courseselect/nodes/wire/course.hpp"
#include "courseselect/nodes/wire/quiz.hpp"

namespace courseselect::nodes::student {
namespace {

constexpr const char* not_enrolled = "Not enrolled in this course";

auto enrolled_route(net::http::Method method, std::string_view path, std::string tag) {
    return api::route(method, path)
        .access(api::Access::student)
        .tag(std::move(tag))
        .error(403, not_enrolled);
}

void add_review_routes(api::Service& service, ClassroomGate& gate) {
    using net::http::Method;
    service.add(enrolled_route(Method::post, "/student/course/review", "reviews")
                    .summary("Say what the course is like.")
                    .description("One review a student and course; a second one replaces it.")
                    .body<wire::ReviewDraft>()
                    .example_body(R"({"course_id":2,"rating":5,"comment":"Clear."})")
                    .error(404, "Course not found"),
                [&gate](api::Context& context, wire::ReviewDraft draft) {
                    const auto course = draft.course_id;
                    wire::ReviewPut review{{std::move(draft)}, core::StudentId(context.who().id)};
                    return gate.tell<wire::Review>(context, target_course(course, not_enrolled),
                                                   "/internal/classroom/review",
                                                   json::to_text(review));
                });
    service.add(enrolled_route(Method::get, "/student/course/reviews", "reviews")
                    .summary("What students think of a course, latest first.")
                    .query<wire::CoursePageQuery>()
                    .example_query(R"({"course_id":2})")
                    .error(404, "Course not found"),
                [&gate](api::Context& context, wire::CoursePageQuery query) {
                    return gate.ask<wire::Reviews>(
                        context, target_course(query.course_id, not_enrolled),
                        fmt::format("/internal/classroom/reviews?course_id={}&page={}&page_size={}",
                                    query.course_id.value(), query.page, query.page_size));
                });
}

void add_video_routes(api::Service& service, ClassroomGate& gate) {
    using net::http::Method;
    service.add(enrolled_route(Method::get, "/student/videos", "videos")
                    .summary("Videos of a course, with the student's own progress.")
                    .query<wire::CourseRef>()
                    .example_query(R"({"course_id":2})")
                    .error(404, "Course not found"),
                [&gate](api::Context& context, wire::CourseRef course) {
                    const auto id = course.course_id;
                    return gate.ask<wire::Videos>(
                        context, target_course(id, not_enrolled),
                        fmt::format("/internal/classroom/videos?course_id={}&student_id={}",
                                    id.value(), context.who().id));
                });
    service.add(enrolled_route(Method::get, "/student/video/messages", "videos")
                    .summary("The chat of a video: its last messages, or those before one.")
                    .query<wire::MessagesQuery>()
                    .error(404, "Video not found"),
                [&gate](api::Context& context, wire::MessagesQuery query) {
                    return gate.ask<wire::VideoMessages>(
                        context, target_video(query.video_id, not_enrolled),
                        fmt::format("/internal/classroom/messages?video_id={}&before={}&limit={}",
                                    query.video_id.value(), query.before, query.limit));
                });
}

/// The quiz as it is stored, without its answers.
wire::OpenQuiz opened(wire::Quiz quiz) {
    wire::OpenQuiz open{.quiz_id = quiz.quiz_id,
                        .course_id = quiz.course_id,
                        .title = std::move(quiz.title),
                        .questions = {},
                        .passing_score = quiz.passing_score,
                        .attempts_max = quiz.attempts_max};
    for (domain::QuizQuestion& question : quiz.questions) {
        open.questions.push_back(
            {std::move(question.question), std::move(question.options), question.points});
    }
    return open;
}

async::Task<core::Result<wire::OpenQuiz>> open_quiz(ClassroomGate& gate, api::Context& context,
                                                    wire::QuizId id) {
    auto about = target_quiz(id, not_enrolled);
    auto target = fmt::format("/internal/classroom/quiz?quiz_id={}", id.value());
    COURSESELECT_CO_TRY(
        auto quiz, co_await gate.ask<wire::Quiz>(context, std::move(about), std::move(target)));
    co_return opened(std::move(quiz));
}

async::Task<core::Result<wire::OpenQuizzes>> open_quizzes(ClassroomGate& gate,
                                                          api::Context& context,
                                                          core::CourseId course) {
    auto about = target_course(course, not_enrolled);
    auto target = fmt::format("/internal/classroom/quizzes?course_id={}", course.value());
    COURSESELECT_CO_TRY(auto stored, co_await gate.ask<wire::Quizzes>(context, std::move(about),
                                                                      std::move(target)));
    wire::OpenQuizzes answer;
    for (wire::Quiz& quiz : stored.quizzes) {
        answer.quizzes.push_back(opened(std::move(quiz)));
    }
    answer.total = stored.total;
    co_return answer;
}

void add_quiz_routes(api::Service& service, ClassroomGate& gate) {
    using net::http::Method;
    service.add(enrolled_route(Method::get, "/student/quizzes", "quizzes")
                    .summary("Quizzes of a course.")
                    .query<wire::CourseRef>()
                    .example_query(R"({"course_id":2})")
                    .error(404, "Course not found"),
                [&gate](api::Context& context, wire::CourseRef course) {
                    return open_quizzes(gate, context, course.course_id);
                });
    service.add(enrolled_route(Method::get, "/student/quiz", "quizzes")
                    .summary("A quiz, without its answers.")
                    .query<wire::QuizRef>()
                    .error(404, "Quiz not found"),
                [&gate](api::Context& context, wire::QuizRef quiz) {
                    return open_quiz(gate, context, quiz.quiz_id);
                });
    service.add(enrolled_route(Method::post, "/student/quiz/submit", "quizzes")
                    .summary("Answer a quiz; it is scored at once.")
                    .body<wire::QuizAnswers>()
                    .example_body(R"({"quiz_id":1,"answers":[1]})")
                    .error(400, "answers must have 3 entries, one for each question")
                    .error(400, "No attempts left")
                    .error(404, "Quiz not found"),
                [&gate](api::Context& context, wire::QuizAnswers answers) {
                    const auto quiz = answers.quiz_id;
                    wire::QuizSubmission submission{{std::move(answers)},
                                                    core::StudentId(context.who().id)};
                    return gate.tell<wire::QuizResult>(context, target_quiz(quiz, not_enrolled),
                                                       "/internal/classroom/quizzes/submit",
                                                       json::to_text(submission));
                });
    service.add(
        enrolled_route(Method::get, "/student/quiz/attempts", "quizzes")
            .summary("The student's own attempts at a quiz.")
            .query<wire::QuizRef>()
            .error(404, "Quiz not found"),
        [&gate](api::Context& context, wire::QuizRef quiz) {
            const auto id = quiz.quiz_id;
            return gate.ask<wire::QuizAttempts>(
                context, target_quiz(id, not_enrolled),
                fmt::format(
                    "/internal/classroom/attempts?quiz_id={}&student_id={}&page=1&page_size=1000",
                    id.value(), context.who().id));
        });
}

}  // namespace

void add_classroom_routes(api::Service& service, ClassroomGate& gate) {
    add_review_routes(service, gate);
    add_video_routes(service, gate);
    add_quiz_routes(service, gate);
}

}  // namespace courseselect::nodes::student
