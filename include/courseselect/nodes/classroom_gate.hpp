#pragma once
/// `ClassroomGate`: calls of the data node about what happens around a course, after asking it
/// whether the caller belongs there.

#include <chrono>
#include <string>
#include <string_view>
#include <utility>

#include "courseselect/api/context.hpp"
#include "courseselect/async/task.hpp"
#include "courseselect/core/result.hpp"
#include "courseselect/net/http/client.hpp"
#include "courseselect/nodes/upstream.hpp"
#include "courseselect/nodes/wire/classroom.hpp"

namespace courseselect::nodes {

/// What a request is about, and what its refusal says.
struct ClassroomTarget {
    wire::AccessQuery query;  ///< the thing; the user is filled in
    std::string forbidden;    ///< 403: "Not enrolled in this course"
};

[[nodiscard]] ClassroomTarget target_course(core::CourseId course, std::string forbidden);
[[nodiscard]] ClassroomTarget target_video(wire::VideoId video, std::string forbidden);
[[nodiscard]] ClassroomTarget target_quiz(wire::QuizId quiz, std::string forbidden);

/// Borrows the client, which must outlive it. Thread-safety: the client's loop.
class ClassroomGate {
  public:
    ClassroomGate(net::http::Client& data_node, std::string internal_token,
                  std::chrono::milliseconds call_timeout)
        : data_node_(data_node),
          internal_token_(std::move(internal_token)),
          call_timeout_(call_timeout) {}

    /// Asks the data node whether the caller belongs to the course of the target.
    /// Errors: permission_denied in the target's words, not_found ("Course not found", "Video not
    /// found", "Quiz not found"), and those of `get_json`.
    [[nodiscard]] async::Task<core::Result<>> check(api::Context& context, ClassroomTarget target);

    /// `check`, then the call.
    template <class Answer>
    [[nodiscard]] async::Task<core::Result<Answer>> ask(api::Context& context,
                                                        ClassroomTarget about, std::string target) {
        COURSESELECT_CO_TRY_OK(co_await check(context, std::move(about)));
        co_return co_await get_json<Answer>(data_node_, std::move(target), internal_token_,
                                            context.identity(), call_timeout_);
    }
    template <class Answer>
    [[nodiscard]] async::Task<core::Result<Answer>> tell(api::Context& context,
                                                         ClassroomTarget about, std::string target,
                                                         std::string body) {
        COURSESELECT_CO_TRY_OK(co_await check(context, std::move(about)));
        co_return co_await post_json<Answer>(data_node_, std::move(target), std::move(body),
                                             internal_token_, context.identity(), call_timeout_);
    }

  private:
    net::http::Client& data_node_;
    std::string internal_token_;
    std::chrono::milliseconds call_timeout_;
};

}  // namespace courseselect::nodes
