#include "courseselect/nodes/teacher/teacher_classroom.hpp"

#include <fmt/format.h>

#include "courseselect/json/writer.hpp"
#include "courseselect/nodes/wire/course.hpp"
#include "courseselect/nodes/wire/quiz.hpp"

namespace courseselect::nodes::teacher {
namespace {

constexpr const char* may_not_view = "Not authorized to view this course";
constexpr const char* may_not_modify = "Not authorized to modify this course";

auto videos_route(net::http::Method method, std::string_view path) {
    return api::route(method, path).access(api::Access::teacher).tag("videos");
}
auto quizzes_route(net::http::Method method, std::string_view path) {
    return api::route(method, path).access(api::Access::teacher).tag("quizzes");
}

std::string page_query(std::string_view path, std::string_view name, std::int64_t id,
                       const wire::Page& page) {
    return fmt::format("{}?{}={}&page={}&page_size={}", path, name, id, page.page, page.page_size);
}

void add_video_routes(api::Service& service, ClassroomGate& gate) {
    using net::http::Method;
    service.add(videos_route(Method::get, "/teacher/videos")
                    .summary("Videos of a course.")
                    .query<wire::CourseRef>()
                    .error(403, may_not_view)
                    .error(404, "Course not found"),
                [&gate](api::Context& context, wire::CourseRef course) {
                    const auto id = course.course_id;
                    return gate.ask<wire::Videos>(
                        context, target_course(id, may_not_view),
                        fmt::format("/internal/classroom/videos?course_id={}", id.value()));
                });
    service.add(videos_route(Method::post, "/teacher/video/create")
                    .summary("Add a video to a course.")
                    .body<wire::VideoDraft>()
                    .error(403, may_not_modify)
                    .error(404, "Course not found"),
                [&gate](api::Context& context, wire::VideoDraft draft) {
                    return gate.tell<wire::Video>(
                        context, target_course(draft.course_id, may_not_modify),
                        "/internal/classroom/videos", json::to_text(draft));
                });
    service.add(videos_route(Method::put, "/teacher/video/update")
                    .summary("Change a video.")
                    .query<wire::VideoRef>()
                    .body<wire::VideoUpdate>()
                    .error(403, may_not_modify)
                    .error(404, "Video not found"),
                [&gate](api::Context& context, wire::VideoRef video, wire::VideoUpdate update) {
                    const auto id = video.video_id;
                    return gate.tell<wire::Video>(
                        context, target_video(id, may_not_modify),
                        fmt::format("/internal/classroom/videos/update?video_id={}", id.value()),
                        json::to_text(update));
                });
    service.add(videos_route(Method::delete_, "/teacher/video/delete")
                    .summary("Delete a video with its progress and messages.")
                    .query<wire::VideoRef>()
                    .error(403, may_not_modify)
                    .error(404, "Video not found"),
                [&gate](api::Context& context, wire::VideoRef video) {
                    const auto id = video.video_id;
                    return gate.tell<wire::Done>(
                        context, target_video(id, may_not_modify),
                        fmt::format("/internal/classroom/videos/delete?video_id={}", id.value()),
                        std::string());
                });
    service.add(videos_route(Method::get, "/teacher/video/progress")
                    .summary("Who has come how far in a video.")
                    .query<wire::VideoPageQuery>()
                    .error(403, may_not_view)
                    .error(404, "Video not found"),
                [&gate](api::Context& context, wire::VideoPageQuery query) {
                    return gate.ask<wire::VideoProgressPage>(
                        context, target_video(query.video_id, may_not_view),
                        page_query("/internal/classroom/progress", "video_id",
                                   query.video_id.value(), query));
                });
}

void add_quiz_editing(api::Service& service, ClassroomGate& gate) {
    using net::http::Method;
    service.add(quizzes_route(Method::post, "/teacher/quiz/create")
                    .summary("Add a quiz to a course.")
                    .body<wire::QuizDraft>()
                    .error(400,
                           "questions.0.answer must be the place of one of its 2 options, "
                           "from 0")
                    .error(403, may_not_modify)
                    .error(404, "Course not found"),
                [&gate](api::Context& context, wire::QuizDraft draft) {
                    return gate.tell<wire::Quiz>(
                        context, target_course(draft.course_id, may_not_modify),
                        "/internal/classroom/quizzes", json::to_text(draft));
                });
    service.add(quizzes_route(Method::put, "/teacher/quiz/update")
                    .summary("Change a quiz; attempts made before keep their scores.")
                    .query<wire::QuizRef>()
                    .body<wire::QuizUpdate>()
                    .error(403, may_not_modify)
                    .error(404, "Quiz not found"),
                [&gate](api::Context& context, wire::QuizRef quiz, wire::QuizUpdate update) {
                    const auto id = quiz.quiz_id;
                    return gate.tell<wire::Quiz>(
                        context, target_quiz(id, may_not_modify),
                        fmt::format("/internal/classroom/quizzes/update?quiz_id={}", id.value()),
                        json::to_text(update));
                });
    service.add(quizzes_route(Method::delete_, "/teacher/quiz/delete")
                    .summary("Delete a quiz with its attempts.")
                    .query<wire::QuizRef>()
                    .error(403, may_not_modify)
                    .error(404, "Quiz not found"),
                [&gate](api::Context& context, wire::QuizRef quiz) {
                    const auto id = quiz.quiz_id;
                    return gate.tell<wire::Done>(
                        context, target_quiz(id, may_not_modify),
                        fmt::format("/internal/classroom/quizzes/delete?quiz_id={}", id.value()),
                        std::string());
                });
}

void add_quiz_reading(api::Service& service, ClassroomGate& gate) {
    using net::http::Method;
    service.add(quizzes_route(Method::get, "/teacher/quizzes")
                    .summary("Quizzes of a course, with their answers.")
                    .query<wire::CourseRef>()
                    .error(403, may_not_view)
                    .error(404, "Course not found"),
                [&gate](api::Context& context, wire::CourseRef course) {
                    const auto id = course.course_id;
                    return gate.ask<wire::Quizzes>(
                        context, target_course(id, may_not_view),
                        fmt::format("/internal/classroom/quizzes?course_id={}", id.value()));
                });
    service.add(quizzes_route(Method::get, "/teacher/quiz/attempts")
                    .summary("Attempts at a quiz, of all students or of one.")
                    .query<wire::AttemptsQuery>()
                    .error(403, may_not_view)
                    .error(404, "Quiz not found"),
                [&gate](api::Context& context, wire::AttemptsQuery query) {
                    std::string target = page_query("/internal/classroom/attempts", "quiz_id",
                                                    query.quiz_id.value(), query);
                    if (query.student_id) {
                        target += fmt::format("&student_id={}", query.student_id->value());
                    }
                    return gate.ask<wire::QuizAttempts>(
                        context, target_quiz(query.quiz_id, may_not_view), std::move(target));
                });
}

}  // namespace

void add_classroom_routes(api::Service& service, ClassroomGate& gate) {
    add_video_routes(service, gate);
    add_quiz_editing(service, gate);
    add_quiz_reading(service, gate);
    service.add(api::get("/teacher/course/reviews")
                    .summary("What students think of a course, latest first.")
                    .access(api::Access::teacher)
                    .tag("reviews")
                    .query<wire::CoursePageQuery>()
                    .error(403, may_not_view)
                    .error(404, "Course not found"),
                [&gate](api::Context& context, wire::CoursePageQuery query) {
                    return gate.ask<wire::Reviews>(
                        context, target_course(query.course_id, may_not_view),
                        page_query("/internal/classroom/reviews", "course_id",
                                   query.course_id.value(), query));
                });
}

}  // namespace courseselect::nodes::teacher
