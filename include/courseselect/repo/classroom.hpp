#pragma once
/// What happens around a course beside its seats: reviews, videos, quizzes, progress, messages, and
/// the outbox of their events. All functions run inside the caller's transaction.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "courseselect/auth/principal.hpp"
#include "courseselect/core/clock.hpp"
#include "courseselect/core/ids.hpp"
#include "courseselect/core/result.hpp"
#include "courseselect/storage/connection.hpp"

namespace courseselect::repo {

using VideoId = core::Id<struct VideoKind>;
using QuizId = core::Id<struct QuizKind>;

struct Review {
    core::CourseId course;
    core::StudentId student;
    std::string student_name;  ///< read only
    int rating = 0;            ///< 1 to 5
    std::string comment;
    core::WallTime created_at;
    core::WallTime updated_at;
};
/// Stores the student's review of the course; a second one replaces the first, whose `created_at`
/// stays. Returns the row. Errors: conflict `foreign_key_violation`.
[[nodiscard]] core::Result<Review> put_review(storage::Connection& connection,
                                              const Review& review);
/// Latest first.
[[nodiscard]] core::Result<std::vector<Review>> list_reviews(storage::Connection& connection,
                                                             core::CourseId course,
                                                             std::int64_t offset,
                                                             std::int64_t limit);
struct ReviewTotals {
    std::int64_t count = 0;
    double average = 0;  ///< 0 without reviews
};
[[nodiscard]] core::Result<ReviewTotals> review_totals(storage::Connection& connection,
                                                       core::CourseId course);

struct Video {
    VideoId id;
    core::CourseId course;
    std::string title;
    std::string url;
    std::string description;
    std::int64_t duration_seconds = 0;
    std::int64_t position = 0;  ///< order within the course
    core::WallTime created_at;
    core::WallTime updated_at;
};
[[nodiscard]] core::Result<VideoId> insert_video(storage::Connection& connection,
                                                 const Video& video);
/// Errors: not_found. The same for all updates and deletions here.
[[nodiscard]] core::Result<> update_video(storage::Connection& connection, const Video& video);
/// With its progress and messages.
[[nodiscard]] core::Result<> delete_video(storage::Connection& connection, VideoId id);
[[nodiscard]] core::Result<std::optional<Video>> find_video(storage::Connection& connection,
                                                            VideoId id);
/// By position, then id.
[[nodiscard]] core::Result<std::vector<Video>> list_videos(storage::Connection& connection,
                                                           core::CourseId course);

/// How far a user has come in a video: what was told last, and the furthest ever.
struct VideoProgress {
    VideoId video;
    auth::UserKind user_kind = auth::UserKind::student;
    std::int64_t user_id = 0;
    double latest_percent = 0;
    double max_percent = 0;
    double latest_seconds = 0;
    double max_seconds = 0;
    core::WallTime updated_at;
};
/// Notes the latest position and keeps the furthest. Returns the row.
[[nodiscard]] core::Result<VideoProgress> put_progress(storage::Connection& connection,
                                                       const VideoProgress& progress);
/// Of all users in a video; by kind and id.
[[nodiscard]] core::Result<std::vector<VideoProgress>> list_progress(
    storage::Connection& connection, VideoId video, std::int64_t offset, std::int64_t limit);
/// Of one user in the videos of a course.
[[nodiscard]] core::Result<std::vector<VideoProgress>> progress_of(storage::Connection& connection,
                                                                   core::CourseId course,
                                                                   auth::UserKind user_kind,
                                                                   std::int64_t user_id);

struct VideoMessage {
    std::int64_t id = 0;
    VideoId video;
    auth::UserKind user_kind = auth::UserKind::student;
    std::int64_t user_id = 0;
    std::string user_name;
    std::string message;
    std::string client_time;  ///< what the client called the time, as it was sent; may be empty
    core::WallTime sent_at;
};
/// Returns the id: messages are in its order.
[[nodiscard]] core::Result<std::int64_t> insert_message(storage::Connection& connection,
                                                        const VideoMessage& message);
/// The last `limit` messages before that id, oldest first.
[[nodiscard]] core::Result<std::vector<VideoMessage>> messages_before(
    storage::Connection& connection, VideoId video, std::int64_t before, std::int64_t limit);

struct Quiz {
    QuizId id;
    core::CourseId course;
    std::string title;
    std::string questions;  ///< JSON
    double passing_score = 0;
    std::int64_t attempts_max = 0;  ///< 0: any number
    core::WallTime created_at;
    core::WallTime updated_at;
};
[[nodiscard]] core::Result<QuizId> insert_quiz(storage::Connection& connection, const Quiz& quiz);
[[nodiscard]] core::Result<> update_quiz(storage::Connection& connection, const Quiz& quiz);
/// With its attempts.
[[nodiscard]] core::Result<> delete_quiz(storage::Connection& connection, QuizId id);
[[nodiscard]] core::Result<std::optional<Quiz>> find_quiz(storage::Connection& connection,
                                                          QuizId id);
[[nodiscard]] core::Result<std::vector<Quiz>> list_quizzes(storage::Connection& connection,
                                                           core::CourseId course);

struct QuizAttempt {
    QuizId quiz;
    core::StudentId student;
    std::string student_name;  ///< read only
    std::int64_t attempt = 0;  ///< from 1
    std::string answers;       ///< JSON
    double score = 0;
    bool passed = false;
    core::WallTime submitted_at;
};
/// Errors: conflict `unique_violation` (that attempt exists).
[[nodiscard]] core::Result<> insert_attempt(storage::Connection& connection,
                                            const QuizAttempt& attempt);
/// The student's attempts so far.
[[nodiscard]] core::Result<std::int64_t> count_attempts(storage::Connection& connection,
                                                        QuizId quiz, core::StudentId student);
/// Of all students, or of one; by student, then attempt.
[[nodiscard]] core::Result<std::vector<QuizAttempt>> list_attempts(
    storage::Connection& connection, QuizId quiz, std::optional<core::StudentId> student,
    std::int64_t offset, std::int64_t limit);

/// One row of the outbox of everything but seats (those are told by `decisions`).
struct ClassroomEvent {
    std::int64_t sequence = 0;
    std::string kind;  ///< "review", "course" or "quiz"
    core::CourseId course;
    std::optional<core::StudentId> student;
    std::string data;  ///< a JSON object
    core::WallTime created_at;
};
[[nodiscard]] core::Result<> insert_event(storage::Connection& connection,
                                          const ClassroomEvent& event);
/// In order of commit, at most `limit`.
[[nodiscard]] core::Result<std::vector<ClassroomEvent>> events_after(
    storage::Connection& connection, std::int64_t sequence, std::int64_t limit);
/// Sequence of the youngest event; 0 without any.
[[nodiscard]] core::Result<std::int64_t> last_event(storage::Connection& connection);

/// A seat that was taken or freed, in order of commit.
struct SeatMove {
    std::int64_t sequence = 0;
    bool is_enrolment = false;
    core::StudentId student;
    core::CourseId course;
};
/// Accepted decisions after a sequence, at most `limit`.
[[nodiscard]] core::Result<std::vector<SeatMove>> seat_moves_after(storage::Connection& connection,
                                                                   std::int64_t sequence,
                                                                   std::int64_t limit);

}  // namespace courseselect::repo
