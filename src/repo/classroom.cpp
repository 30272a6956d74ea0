#include "courseselect/repo/classroom.hpp"

#include <algorithm>

namespace courseselect::repo {
namespace {

using storage::Row;

core::Result<> expect_one_row(const core::Result<std::int64_t>& changed, const char* missing) {
    if (!changed) {
        return core::Error(changed.error());
    }
    if (*changed != 1) {
        return core::Error(core::Errc::not_found, missing);
    }
    return {};
}

Review review_from(const Row& row) {
    return {.course = row.get<core::CourseId>(0),
            .student = row.get<core::StudentId>(1),
            .student_name = row.get<std::string>(2),
            .rating = row.get<int>(3),
            .comment = row.get<std::string>(4),
            .created_at = row.get<core::WallTime>(5),
            .updated_at = row.get<core::WallTime>(6)};
}

Video video_from(const Row& row) {
    return {.id = row.get<VideoId>(0),
            .course = row.get<core::CourseId>(1),
            .title = row.get<std::string>(2),
            .url = row.get<std::string>(3),
            .description = row.get<std::string>(4),
            .duration_seconds = row.get<std::int64_t>(5),
            .position = row.get<std::int64_t>(6),
            .created_at = row.get<core::WallTime>(7),
            .updated_at = row.get<core::WallTime>(8)};
}

VideoProgress progress_from(const Row& row) {
    const auto kind = auth::parse_user_kind(row.get<std::string_view>(1));
    return {.video = row.get<VideoId>(0),
            .user_kind = kind.value_or(auth::UserKind::student),
            .user_id = row.get<std::int64_t>(2),
            .latest_percent = row.get<double>(3),
            .max_percent = row.get<double>(4),
            .latest_seconds = row.get<double>(5),
            .max_seconds = row.get<double>(6),
            .updated_at = row.get<core::WallTime>(7)};
}

VideoMessage message_from(const Row& row) {
    const auto kind = auth::parse_user_kind(row.get<std::string_view>(2));
    return {.id = row.get<std::int64_t>(0),
            .video = row.get<VideoId>(1),
            .user_kind = kind.value_or(auth::UserKind::student),
            .user_id = row.get<std::int64_t>(3),
            .user_name = row.get<std::string>(4),
            .message = row.get<std::string>(5),
            .client_time = row.get<std::string>(6),
            .sent_at = row.get<core::WallTime>(7)};
}

Quiz quiz_from(const Row& row) {
    return {.id = row.get<QuizId>(0),
            .course = row.get<core::CourseId>(1),
            .title = row.get<std::string>(2),
            .questions = row.get<std::string>(3),
            .passing_score = row.get<double>(4),
            .attempts_max = row.get<std::int64_t>(5),
            .created_at = row.get<core::WallTime>(6),
            .updated_at = row.get<core::WallTime>(7)};
}

QuizAttempt attempt_from(const Row& row) {
    return {.quiz = row.get<QuizId>(0),
            .student = row.get<core::StudentId>(1),
            .student_name = row.get<std::string>(2),
            .attempt = row.get<std::int64_t>(3),
            .answers = row.get<std::string>(4),
            .score = row.get<double>(5),
            .passed = row.get<bool>(6),
            .submitted_at = row.get<core::WallTime>(7)};
}

std::int64_t number_of(const Row& row) { return row.get<std::int64_t>(0); }

constexpr std::string_view review_columns =
    "SELECT r.course_id, r.student_id, s.name, r.rating, r.comment, r.created_at, r.updated_at "
    "FROM reviews r JOIN students s USING (student_id) ";
constexpr std::string_view video_columns =
    "SELECT video_id, course_id, title, url, description, duration_seconds, position, created_at, "
    "updated_at FROM videos ";
constexpr std::string_view progress_columns =
    "SELECT video_id, user_kind, user_id, latest_percent, max_percent, latest_seconds, "
    "max_seconds, updated_at FROM video_progress ";
constexpr std::string_view quiz_columns =
    "SELECT quiz_id, course_id, title, questions, passing_score, attempts_max, created_at, "
    "updated_at FROM quizzes ";
constexpr std::string_view attempt_columns =
    "SELECT a.quiz_id, a.student_id, s.name, a.attempt, a.answers, a.score, a.passed, "
    "a.submitted_at FROM quiz_attempts a JOIN students s USING (student_id) ";

}  // namespace

// --- reviews ---

core::Result<Review> put_review(storage::Connection& connection, const Review& review) {
    COURSESELECT_TRY_OK(connection.execute(
        "INSERT INTO reviews (course_id, student_id, rating, comment, created_at, updated_at) "
        "VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (course_id, student_id) DO UPDATE SET "
        "rating = excluded.rating, comment = excluded.comment, updated_at = excluded.updated_at",
        review.course, review.student, review.rating, review.comment, review.created_at,
        review.updated_at));
    static const std::string sql =
        std::string(review_columns) + "WHERE r.course_id = ? AND r.student_id = ?";
    COURSESELECT_TRY(auto stored, connection.one(sql, review_from, review.course, review.student));
    if (!stored) {
        return core::Error(core::Errc::data_corrupt, "review_missing", "a review was not stored");
    }
    return *std::move(stored);
}

core::Result<std::vector<Review>> list_reviews(storage::Connection& connection,
                                               core::CourseId course, std::int64_t offset,
                                               std::int64_t limit) {
    static const std::string sql =
        std::string(review_columns) +
        "WHERE r.course_id = ? ORDER BY r.updated_at DESC, r.student_id LIMIT ? OFFSET ?";
    return connection.all(sql, review_from, course, limit, offset);
}

core::Result<ReviewTotals> review_totals(storage::Connection& connection, core::CourseId course) {
    const auto map = [](const Row& row) {
        return ReviewTotals{row.get<std::int64_t>(0), row.get<double>(1)};
    };
    COURSESELECT_TRY(
        const auto totals,
        connection.one(
            "SELECT count(*), coalesce(avg(rating), 0.0) FROM reviews WHERE course_id = ?", map,
            course));
    return totals.value_or(ReviewTotals());
}

// --- videos ---

core::Result<VideoId> insert_video(storage::Connection& connection, const Video& video) {
    const auto map = [](const Row& row) { return row.get<VideoId>(0); };
    COURSESELECT_TRY(
        const auto id,
        connection.one("INSERT INTO videos (course_id, title, url, description, duration_seconds, "
                       "position, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?) "
                       "RETURNING video_id",
                       map, video.course, video.title, video.url, video.description,
                       video.duration_seconds, video.position, video.created_at, video.updated_at));
    return id.value_or(VideoId());
}

core::Result<> update_video(storage::Connection& connection, const Video& video) {
    return expect_one_row(
        connection.execute("UPDATE videos SET title = ?, url = ?, description = ?, "
                           "duration_seconds = ?, position = ?, updated_at = ? WHERE video_id = ?",
                           video.title, video.url, video.description, video.duration_seconds,
                           video.position, video.updated_at, video.id),
        "Video not found");
}

core::Result<> delete_video(storage::Connection& connection, VideoId id) {
    return expect_one_row(connection.execute("DELETE FROM videos WHERE video_id = ?", id),
                          "Video not found");
}

core::Result<std::optional<Video>> find_video(storage::Connection& connection, VideoId id) {
    static const std::string sql = std::string(video_columns) + "WHERE video_id = ?";
    return connection.one(sql, video_from, id);
}

core::Result<std::vector<Video>> list_videos(storage::Connection& connection,
                                             core::CourseId course) {
    static const std::string sql =
        std::string(video_columns) + "WHERE course_id = ? ORDER BY position, video_id";
    return connection.all(sql, video_from, course);
}

// --- progress ---

core::Result<VideoProgress> put_progress(storage::Connection& connection,
                                         const VideoProgress& progress) {
    const auto kind = auth::user_kind_name(progress.user_kind);
    COURSESELECT_TRY_OK(connection.execute(
        "INSERT INTO video_progress (video_id, user_kind, user_id, latest_percent, max_percent, "
        "latest_seconds, max_seconds, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?) "
        "ON CONFLICT (video_id, user_kind, user_id) DO UPDATE SET "
        "latest_percent = excluded.latest_percent, "
        "max_percent = max(max_percent, excluded.latest_percent), "
        "latest_seconds = excluded.latest_seconds, "
        "max_seconds = max(max_seconds, excluded.latest_seconds), "
        "updated_at = excluded.updated_at",
        progress.video, kind, progress.user_id, progress.latest_percent, progress.latest_percent,
        progress.latest_seconds, progress.latest_seconds, progress.updated_at));
    static const std::string sql =
        std::string(progress_columns) + "WHERE video_id = ? AND user_kind = ? AND user_id = ?";
    COURSESELECT_TRY(const auto stored,
                     connection.one(sql, progress_from, progress.video, kind, progress.user_id));
    return stored.value_or(progress);
}

core::Result<std::vector<VideoProgress>> list_progress(storage::Connection& connection,
                                                       VideoId video, std::int64_t offset,
                                                       std::int64_t limit) {
    static const std::string sql =
        std::string(progress_columns) +
        "WHERE video_id = ? ORDER BY user_kind, user_id LIMIT ? OFFSET ?";
    return connection.all(sql, progress_from, video, limit, offset);
}

core::Result<std::vector<VideoProgress>> progress_of(storage::Connection& connection,
                                                     core::CourseId course,
                                                     auth::UserKind user_kind,
                                                     std::int64_t user_id) {
    static const std::string sql =
        std::string(progress_columns) +
        "WHERE video_id IN (SELECT video_id FROM videos WHERE course_id = ?) AND user_kind = ? "
        "AND user_id = ? ORDER BY video_id";
    return connection.all(sql, progress_from, course, auth::user_kind_name(user_kind), user_id);
}

// --- messages ---

core::Result<std::int64_t> insert_message(storage::Connection& connection,
                                          const VideoMessage& message) {
    COURSESELECT_TRY(
        const auto id,
        connection.one("INSERT INTO video_messages (video_id, user_kind, user_id, user_name, "
                       "message, client_time, sent_at) VALUES (?, ?, ?, ?, ?, ?, ?) "
                       "RETURNING message_id",
                       number_of, message.video, auth::user_kind_name(message.user_kind),
                       message.user_id, message.user_name, message.message, message.client_time,
                       message.sent_at));
    return id.value_or(0);
}

core::Result<std::vector<VideoMessage>> messages_before(storage::Connection& connection,
                                                        VideoId video, std::int64_t before,
                                                        std::int64_t limit) {
    COURSESELECT_TRY(
        auto messages,
        connection.all("SELECT message_id, video_id, user_kind, user_id, user_name, message, "
                       "client_time, sent_at FROM video_messages WHERE video_id = ? AND "
                       "message_id < ? ORDER BY message_id DESC LIMIT ?",
                       message_from, video, before, limit));
    std::reverse(messages.begin(), messages.end());
    return messages;
}

// --- quizzes ---

core::Result<QuizId> insert_quiz(storage::Connection& connection, const Quiz& quiz) {
    const auto map = [](const Row& row) { return row.get<QuizId>(0); };
    COURSESELECT_TRY(
        const auto id,
        connection.one("INSERT INTO quizzes (course_id, title, questions, passing_score, "
                       "attempts_max, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?) "
                       "RETURNING quiz_id",
                       map, quiz.course, quiz.title, quiz.questions, quiz.passing_score,
                       quiz.attempts_max, quiz.created_at, quiz.updated_at));
    return id.value_or(QuizId());
}

core::Result<> update_quiz(storage::Connection& connection, const Quiz& quiz) {
    return expect_one_row(
        connection.execute("UPDATE quizzes SET title = ?, questions = ?, passing_score = ?, "
                           "attempts_max = ?, updated_at = ? WHERE quiz_id = ?",
                           quiz.title, quiz.questions, quiz.passing_score, quiz.attempts_max,
                           quiz.updated_at, quiz.id),
        "Quiz not found");
}

core::Result<> delete_quiz(storage::Connection& connection, QuizId id) {
    return expect_one_row(connection.execute("DELETE FROM quizzes WHERE quiz_id = ?", id),
                          "Quiz not found");
}

core::Result<std::optional<Quiz>> find_quiz(storage::Connection& connection, QuizId id) {
    static const std::string sql = std::string(quiz_columns) + "WHERE quiz_id = ?";
    return connection.one(sql, quiz_from, id);
}

core::Result<std::vector<Quiz>> list_quizzes(storage::Connection& connection,
                                             core::CourseId course) {
    static const std::string sql =
        std::string(quiz_columns) + "WHERE course_id = ? ORDER BY quiz_id";
    return connection.all(sql, quiz_from, course);
}

core::Result<> insert_attempt(storage::Connection& connection, const QuizAttempt& attempt) {
    COURSESELECT_TRY_OK(connection.execute(
        "INSERT INTO quiz_attempts (quiz_id, student_id, attempt, answers, score, passed, "
        "submitted_at) VALUES (?, ?, ?, ?, ?, ?, ?)",
        attempt.quiz, attempt.student, attempt.attempt, attempt.answers, attempt.score,
        attempt.passed, attempt.submitted_at));
    return {};
}

core::Result<std::int64_t> count_attempts(storage::Connection& connection, QuizId quiz,
                                          core::StudentId student) {
    COURSESELECT_TRY(
        const auto count,
        connection.one("SELECT count(*) FROM quiz_attempts WHERE quiz_id = ? AND student_id = ?",
                       number_of, quiz, student));
    return count.value_or(0);
}

core::Result<std::vector<QuizAttempt>> list_attempts(storage::Connection& connection, QuizId quiz,
                                                     std::optional<core::StudentId> student,
                                                     std::int64_t offset, std::int64_t limit) {
    static const std::string sql = std::string(attempt_columns) +
                                   "WHERE a.quiz_id = ?1 AND (?2 IS NULL OR a.student_id = ?2) "
                                   "ORDER BY a.student_id, a.attempt LIMIT ?3 OFFSET ?4";
    return connection.all(sql, attempt_from, quiz, student, limit, offset);
}

// --- the outbox ---

core::Result<> insert_event(storage::Connection& connection, const ClassroomEvent& event) {
    COURSESELECT_TRY_OK(connection.execute(
        "INSERT INTO classroom_events (kind, course_id, student_id, data, created_at) "
        "VALUES (?, ?, ?, ?, ?)",
        event.kind, event.course, event.student, event.data, event.created_at));
    return {};
}

core::Result<std::vector<ClassroomEvent>> events_after(storage::Connection& connection,
                                                       std::int64_t sequence, std::int64_t limit) {
    const auto map = [](const Row& row) {
        return ClassroomEvent{.sequence = row.get<std::int64_t>(0),
                              .kind = row.get<std::string>(1),
                              .course = row.get<core::CourseId>(2),
                              .student = row.get<std::optional<core::StudentId>>(3),
                              .data = row.get<std::string>(4),
                              .created_at = row.get<core::WallTime>(5)};
    };
    return connection.all(
        "SELECT sequence, kind, course_id, student_id, data, created_at FROM classroom_events "
        "WHERE sequence > ? ORDER BY sequence LIMIT ?",
        map, sequence, limit);
}

core::Result<std::int64_t> last_event(storage::Connection& connection) {
    COURSESELECT_TRY(
        const auto last,
        connection.one("SELECT coalesce(max(sequence), 0) FROM classroom_events", number_of));
    return last.value_or(0);
}

core::Result<std::vector<SeatMove>> seat_moves_after(storage::Connection& connection,
                                                     std::int64_t sequence, std::int64_t limit) {
    const auto map = [](const Row& row) {
        return SeatMove{.sequence = row.get<std::int64_t>(0),
                        .is_enrolment = row.get<std::string_view>(1) == "select",
                        .student = row.get<core::StudentId>(2),
                        .course = row.get<core::CourseId>(3)};
    };
    return connection.all(
        "SELECT sequence, kind, student_id, course_id FROM decisions WHERE sequence > ? AND "
        "accepted = 1 ORDER BY sequence LIMIT ?",
        map, sequence, limit);
}

}  // namespace courseselect::repo
