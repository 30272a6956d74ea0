#pragma once
/// What happens around a course beside its seats: reviews, videos, quizzes, progress, messages.

#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

#include "courseselect/async/task.hpp"
#include "courseselect/core/result.hpp"
#include "courseselect/nodes/data/data_state.hpp"
#include "courseselect/nodes/wire/classroom.hpp"
#include "courseselect/nodes/wire/quiz.hpp"

namespace courseselect::nodes::data {

/// Who may: students with a seat, the course's teacher, administrators. The nodes in front ask
/// `access` and refuse with 403; what writes for a student checks the seat again.
/// Reviews and quiz attempts leave an event in the outbox in the same transaction.
///
/// Errors of all calls: not_found ("Course not found", "Video not found", "Quiz not found"),
/// failed_precondition with a text for the client, unavailable (nothing changed).
/// Thread-safety: the runtime's loop.
class Classroom {
  public:
    explicit Classroom(DataState& state) : state_(state) {}

    [[nodiscard]] async::Task<core::Result<wire::ClassroomAccess>> access(wire::AccessQuery query);
    /// Many at once: a question about something that is not there has its own status, 404.
    [[nodiscard]] async::Task<core::Result<wire::AccessOutcomes>> access_of_all(
        wire::AccessQueries queries);

    /// Errors: failed_precondition "Student has not selected this course".
    [[nodiscard]] async::Task<core::Result<wire::Review>> review(wire::ReviewPut review);
    [[nodiscard]] async::Task<core::Result<wire::Reviews>> reviews(wire::CoursePageQuery query);

    [[nodiscard]] async::Task<core::Result<wire::Video>> add_video(wire::VideoDraft draft);
    [[nodiscard]] async::Task<core::Result<wire::Video>> update_video(wire::VideoId id,
                                                                      wire::VideoUpdate update);
    [[nodiscard]] async::Task<core::Result<wire::Done>> delete_video(wire::VideoId id);
    [[nodiscard]] async::Task<core::Result<wire::Videos>> videos(wire::VideosQuery query);

    /// Stores what may be stored in one transaction; an item that may not has its own status.
    [[nodiscard]] async::Task<core::Result<wire::ProgressOutcomes>> put_progress(
        wire::ProgressReports reports);
    [[nodiscard]] async::Task<core::Result<wire::VideoProgressPage>> progress(
        wire::VideoPageQuery query);
    /// As `put_progress`. Ids grow in the order of the items: that is the order of the chat.
    [[nodiscard]] async::Task<core::Result<wire::MessageOutcomes>> put_messages(
        wire::MessageDrafts drafts);
    [[nodiscard]] async::Task<core::Result<wire::VideoMessages>> messages(
        wire::MessagesQuery query);

    /// Errors of both: invalid_argument (a question whose answer is none of its options).
    [[nodiscard]] async::Task<core::Result<wire::Quiz>> add_quiz(wire::QuizDraft draft);
    [[nodiscard]] async::Task<core::Result<wire::Quiz>> update_quiz(wire::QuizId id,
                                                                    wire::QuizUpdate update);
    [[nodiscard]] async::Task<core::Result<wire::Done>> delete_quiz(wire::QuizId id);
    [[nodiscard]] async::Task<core::Result<wire::Quiz>> quiz(wire::QuizId id);
    [[nodiscard]] async::Task<core::Result<wire::Quizzes>> quizzes(core::CourseId course);
    /// Scores against the quiz as it is stored now.
    /// Errors: failed_precondition ("Student has not selected this course", "No attempts left"),
    /// invalid_argument (another number of answers than of questions).
    [[nodiscard]] async::Task<core::Result<wire::QuizResult>> submit(
        wire::QuizSubmission submission);
    [[nodiscard]] async::Task<core::Result<wire::QuizAttempts>> attempts(wire::AttemptsQuery query);

  private:
    [[nodiscard]] bool is_enrolled(core::StudentId student, core::CourseId course) const {
        return state_.ledger.is_enrolled(student, course);
    }
    [[nodiscard]] bool has_course(core::CourseId course) const {
        return state_.catalogue.find(course) != nullptr;
    }
    /// Nothing when there is no such course.
    [[nodiscard]] std::optional<wire::ClassroomAccess> access_to(
        const wire::UserRef& user, std::optional<core::CourseId> course) const;
    /// The course of what is asked about; nothing when there is none.
    [[nodiscard]] async::Task<core::Result<std::optional<core::CourseId>>> course_asked_about(
        wire::AccessQuery query);
    /// Nothing when there is no such video.
    [[nodiscard]] async::Task<core::Result<std::optional<core::CourseId>>> course_of(
        wire::VideoId video);
    [[nodiscard]] std::string name_of(std::string_view kind, std::int64_t id) const;
    /// Who wants to write about which video.
    struct Asked {
        wire::UserRef user;
        wire::VideoId video;
    };
    /// One outcome each, in order.
    [[nodiscard]] async::Task<core::Result<std::vector<wire::ItemOutcome>>> judge(
        std::vector<Asked> asked);

    /// Writes and, when it is durable, lets the outbox be read.
    template <class F>
    [[nodiscard]] async::Task<std::invoke_result_t<F&, storage::Connection&>> write(F closure) {
        auto outcome = co_await state_.writes->run(std::move(closure));
        if (outcome) {
            state_.note_commit();
        }
        co_return outcome;
    }

    DataState& state_;
    /// A video never changes its course, and its id is never used again.
    std::unordered_map<wire::VideoId, core::CourseId> course_of_video_;
};

}  // namespace courseselect::nodes::data
