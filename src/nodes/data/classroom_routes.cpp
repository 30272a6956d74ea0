// The data node's routes around a course, for the nodes in front of it.

#include "courseselect/nodes/data/data_node.hpp"

namespace courseselect::nodes::data {
namespace {

constexpr const char* gone_course = "Course not found";
constexpr const char* gone_video = "Video not found";
constexpr const char* gone_quiz = "Quiz not found";

auto classroom_route(net::http::Method method, std::string_view path) {
    return api::route(method, path).access(api::Access::internal).tag("internal");
}
auto classroom_get(std::string_view path) { return classroom_route(net::http::Method::get, path); }
auto classroom_post(std::string_view path) {
    return classroom_route(net::http::Method::post, path);
}

}  // namespace

void DataNode::add_classroom_routes() {
    service_.add(classroom_post("/internal/classroom/access")
                     .summary("Whether a user belongs to the course of something.")
                     .body<wire::AccessQuery>()
                     .example_body(R"({"user_kind":"student","user_id":1,"course_id":2})")
                     .error(404, gone_course),
                 [this](api::Context&, wire::AccessQuery query) {
                     return classroom_->access(std::move(query));
                 });
    service_.add(
        classroom_post("/internal/classroom/access/batch")
            .summary("The same for many; each question is answered on its own.")
            .body<wire::AccessQueries>()
            .example_body(R"({"items":[{"user_kind":"student","user_id":1,"course_id":2}]})"),
        [this](api::Context&, wire::AccessQueries queries) {
            return classroom_->access_of_all(std::move(queries));
        });
    service_.add(classroom_post("/internal/classroom/review")
                     .summary("Store a student's review of a course.")
                     .body<wire::ReviewPut>()
                     .example_body(R"({"course_id":2,"rating":5,"student_id":1})")
                     .error(400, "Student has not selected this course")
                     .error(404, gone_course),
                 [this](api::Context&, wire::ReviewPut review) {
                     return classroom_->review(std::move(review));
                 });
    service_.add(
        classroom_get("/internal/classroom/reviews")
            .summary("Reviews of a course, latest first.")
            .query<wire::CoursePageQuery>()
            .error(404, gone_course),
        [this](api::Context&, wire::CoursePageQuery query) { return classroom_->reviews(query); });
    add_video_routes();
    add_quiz_routes();
}

void DataNode::add_video_routes() {
    service_.add(classroom_post("/internal/classroom/videos")
                     .summary("Add a video to a course.")
                     .body<wire::VideoDraft>()
                     .error(404, gone_course),
                 [this](api::Context&, wire::VideoDraft draft) {
                     return classroom_->add_video(std::move(draft));
                 });
    service_.add(classroom_post("/internal/classroom/videos/update")
                     .summary("Change a video.")
                     .query<wire::VideoRef>()
                     .body<wire::VideoUpdate>()
                     .error(404, gone_video),
                 [this](api::Context&, wire::VideoRef video, wire::VideoUpdate update) {
                     return classroom_->update_video(video.video_id, std::move(update));
                 });
    service_.add(classroom_post("/internal/classroom/videos/delete")
                     .summary("Delete a video with its progress and messages.")
                     .query<wire::VideoRef>()
                     .error(404, gone_video),
                 [this](api::Context&, wire::VideoRef video) {
                     return classroom_->delete_video(video.video_id);
                 });
    service_.add(
        classroom_get("/internal/classroom/videos")
            .summary("Videos of a course.")
            .query<wire::VideosQuery>()
            .error(404, gone_course),
        [this](api::Context&, wire::VideosQuery query) { return classroom_->videos(query); });
    service_.add(classroom_post("/internal/classroom/progress")
                     .summary("Store how far users have come; each item is judged on its own.")
                     .body<wire::ProgressReports>(),
                 [this](api::Context&, wire::ProgressReports reports) {
                     return classroom_->put_progress(std::move(reports));
                 });
    service_.add(
        classroom_get("/internal/classroom/progress")
            .summary("Who has come how far in a video.")
            .query<wire::VideoPageQuery>()
            .error(404, gone_video),
        [this](api::Context&, wire::VideoPageQuery query) { return classroom_->progress(query); });
    service_.add(classroom_post("/internal/classroom/messages")
                     .summary("Store lines of video chats; each item is judged on its own.")
                     .body<wire::MessageDrafts>(),
                 [this](api::Context&, wire::MessageDrafts drafts) {
                     return classroom_->put_messages(std::move(drafts));
                 });
    service_.add(
        classroom_get("/internal/classroom/messages")
            .summary("The chat of a video.")
            .query<wire::MessagesQuery>()
            .error(404, gone_video),
        [this](api::Context&, wire::MessagesQuery query) { return classroom_->messages(query); });
}

void DataNode::add_quiz_routes() {
    service_.add(classroom_post("/internal/classroom/quizzes")
                     .summary("Add a quiz to a course.")
                     .body<wire::QuizDraft>()
                     .error(404, gone_course),
                 [this](api::Context&, wire::QuizDraft draft) {
                     return classroom_->add_quiz(std::move(draft));
                 });
    service_.add(classroom_post("/internal/classroom/quizzes/update")
                     .summary("Change a quiz.")
                     .query<wire::QuizRef>()
                     .body<wire::QuizUpdate>()
                     .error(404, gone_quiz),
                 [this](api::Context&, wire::QuizRef quiz, wire::QuizUpdate update) {
                     return classroom_->update_quiz(quiz.quiz_id, std::move(update));
                 });
    service_.add(classroom_post("/internal/classroom/quizzes/delete")
                     .summary("Delete a quiz with its attempts.")
                     .query<wire::QuizRef>()
                     .error(404, gone_quiz),
                 [this](api::Context&, wire::QuizRef quiz) {
                     return classroom_->delete_quiz(quiz.quiz_id);
                 });
    service_.add(classroom_get("/internal/classroom/quizzes")
                     .summary("Quizzes of a course, with their answers.")
                     .query<wire::CourseRef>()
                     .error(404, gone_course),
                 [this](api::Context&, wire::CourseRef course) {
                     return classroom_->quizzes(course.course_id);
                 });
    service_.add(
        classroom_get("/internal/classroom/quiz")
            .summary("A quiz with its answers.")
            .query<wire::QuizRef>()
            .error(404, gone_quiz),
        [this](api::Context&, wire::QuizRef quiz) { return classroom_->quiz(quiz.quiz_id); });
    service_.add(classroom_post("/internal/classroom/quizzes/submit")
                     .summary("Score a student's answers and store the attempt.")
                     .body<wire::QuizSubmission>()
                     .example_body(R"({"quiz_id":1,"answers":[1],"student_id":1})")
                     .error(400, "Student has not selected this course")
                     .error(400, "No attempts left")
                     .error(404, gone_quiz),
                 [this](api::Context&, wire::QuizSubmission submission) {
                     return classroom_->submit(std::move(submission));
                 });
    service_.add(
        classroom_get("/internal/classroom/attempts")
            .summary("Attempts at a quiz.")
            .query<wire::AttemptsQuery>()
            .error(404, gone_quiz),
        [this](api::Context&, wire::AttemptsQuery query) { return classroom_->attempts(query); });
}

}  // namespace courseselect::nodes::data
