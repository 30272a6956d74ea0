#include "courseselect/nodes/classroom_gate.hpp"

#include "courseselect/json/writer.hpp"

namespace courseselect::nodes {

ClassroomTarget target_course(core::CourseId course, std::string forbidden) {
    ClassroomTarget target;
    target.query.course_id = course;
    target.forbidden = std::move(forbidden);
    return target;
}

ClassroomTarget target_video(wire::VideoId video, std::string forbidden) {
    ClassroomTarget target;
    target.query.video_id = video;
    target.forbidden = std::move(forbidden);
    return target;
}

ClassroomTarget target_quiz(wire::QuizId quiz, std::string forbidden) {
    ClassroomTarget target;
    target.query.quiz_id = quiz;
    target.forbidden = std::move(forbidden);
    return target;
}

async::Task<core::Result<>> ClassroomGate::check(api::Context& context, ClassroomTarget target) {
    target.query.user_kind = auth::user_kind_name(context.who().kind);
    target.query.user_id = context.who().id;
    std::string body = json::to_text(target.query);
    COURSESELECT_CO_TRY(const auto access,
                        co_await post_json<wire::ClassroomAccess>(
                            data_node_, "/internal/classroom/access", std::move(body),
                            internal_token_, context.identity(), call_timeout_));
    if (!access.allowed) {
        co_return core::Error(core::Errc::permission_denied, std::move(target.forbidden));
    }
    co_return core::Result<>();
}

}  // namespace courseselect::nodes
