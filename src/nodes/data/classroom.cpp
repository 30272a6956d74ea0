#include "courseselect/nodes/data/classroom.hpp"

#include <fmt/format.h>

#include <utility>

#include "courseselect/json/writer.hpp"

namespace courseselect::nodes::data {
namespace {

/// Entries of the cache of videos; when it is full it is emptied.
constexpr std::size_t videos_cached_max = 100'000;

core::Error no_such_course() { return {core::Errc::not_found, "Course not found"}; }
core::Error no_such_video() { return {core::Errc::not_found, "Video not found"}; }

/// The course went while its row was on the way.
core::Error course_gone_or(const core::Error& error) {
    return error.reason() == "foreign_key_violation" ? no_such_course() : core::Error(error);
}

wire::Review review_to_wire(const repo::Review& review) {
    return {.course_id = review.course,
            .student_id = review.student,
            .student_name = review.student_name,
            .rating = review.rating,
            .comment = review.comment,
            .created_at = review.created_at,
            .updated_at = review.updated_at};
}

wire::Video video_to_wire(const repo::Video& video) {
    return {.video_id = video.id,
            .course_id = video.course,
            .title = video.title,
            .url = video.url,
            .description = video.description,
            .duration_seconds = video.duration_seconds,
            .position = video.position,
            .created_at = video.created_at,
            .updated_at = video.updated_at};
}

wire::OwnProgress progress_to_wire(const repo::VideoProgress& progress) {
    return {.percent_complete = progress.max_percent,
            .watched_seconds = progress.max_seconds,
            .last_percent = progress.latest_percent,
            .last_seconds = progress.latest_seconds,
            .updated_at = progress.updated_at};
}

auth::UserKind kind_of(const wire::UserRef& user) {
    return auth::parse_user_kind(user.user_kind).value_or(auth::UserKind::student);
}

/// Runs on the writer: the video as it is, changed.
core::Result<repo::Video> change_video(storage::Connection& connection, wire::VideoId id,
                                       const wire::VideoUpdate& update, core::WallTime now) {
    COURSESELECT_TRY(auto found, repo::find_video(connection, id));
    if (!found) {
        return no_such_video();
    }
    repo::Video video = *std::move(found);
    update.title.apply_to(video.title);
    update.url.apply_to(video.url);
    update.description.apply_to(video.description);
    update.duration_seconds.apply_to(video.duration_seconds);
    update.position.apply_to(video.position);
    video.updated_at = now;
    COURSESELECT_TRY_OK(repo::update_video(connection, video));
    return video;
}

const char* missing(const wire::AccessQuery& query) {
    return query.video_id  ? "Video not found"
           : query.quiz_id ? "Quiz not found"
                           : "Course not found";
}

/// Whether somebody may: what is said of one item among others.
wire::ItemOutcome outcome_of(const std::optional<wire::ClassroomAccess>& access,
                             const char* missing_thing) {
    if (!access) {
        return {.status = 404, .detail = missing_thing, .course_id = std::nullopt};
    }
    if (!access->allowed) {
        return {.status = 403, .detail = "Not in this course", .course_id = access->course_id};
    }
    return {.status = 200, .detail = {}, .course_id = access->course_id};
}

void check_courses(const std::vector<wire::ProgressReport>& reports,
                   std::vector<wire::ItemOutcome>& outcomes) {
    for (std::size_t i = 0; i < reports.size(); ++i) {
        if (outcomes[i].status == 200 && outcomes[i].course_id != reports[i].course_id) {
            outcomes[i].status = 400;
            outcomes[i].detail = "course_id is not the course of this video";
        }
    }
}

/// What the writer does with progress: stores what may be stored.
auto progress_writer(std::vector<wire::ProgressReport> reports,
                     std::vector<wire::ItemOutcome> outcomes, core::WallTime now) {
    return [reports = std::move(reports), outcomes = std::move(outcomes),
            now](storage::Connection& connection) -> core::Result<wire::ProgressOutcomes> {
        wire::ProgressOutcomes stored;
        for (std::size_t i = 0; i < reports.size(); ++i) {
            wire::ProgressOutcome& result = stored.results.emplace_back();
            static_cast<wire::ItemOutcome&>(result) = outcomes[i];
            if (result.status != 200) {
                continue;
            }
            COURSESELECT_TRY(const auto row,
                             repo::put_progress(connection, {.video = reports[i].video_id,
                                                             .user_kind = kind_of(reports[i]),
                                                             .user_id = reports[i].user_id,
                                                             .latest_percent = reports[i].progress,
                                                             .latest_seconds = reports[i].timestamp,
                                                             .updated_at = now}));
            result.percent_complete = row.max_percent;
            result.watched_seconds = row.max_seconds;
        }
        return stored;
    };
}

/// The same for messages.
auto message_writer(std::vector<wire::MessageDraft> drafts, std::vector<wire::ItemOutcome> outcomes,
                    core::WallTime now) {
    return [drafts = std::move(drafts), outcomes = std::move(outcomes),
            now](storage::Connection& connection) -> core::Result<wire::MessageOutcomes> {
        wire::MessageOutcomes stored;
        for (std::size_t i = 0; i < drafts.size(); ++i) {
            wire::MessageOutcome& result = stored.results.emplace_back();
            static_cast<wire::ItemOutcome&>(result) = outcomes[i];
            if (result.status != 200) {
                continue;
            }
            COURSESELECT_TRY(result.message_id,
                             repo::insert_message(connection, {.video = drafts[i].video_id,
                                                               .user_kind = kind_of(drafts[i]),
                                                               .user_id = drafts[i].user_id,
                                                               .user_name = drafts[i].user_name,
                                                               .message = drafts[i].message,
                                                               .client_time = drafts[i].client_time,
                                                               .sent_at = now}));
            result.sent_at = now;
        }
        return stored;
    };
}

}  // namespace

std::optional<wire::ClassroomAccess> Classroom::access_to(
    const wire::UserRef& user, std::optional<core::CourseId> course) const {
    const domain::Course* found = course ? state_.catalogue.find(*course) : nullptr;
    if (found == nullptr) {
        return std::nullopt;
    }
    wire::ClassroomAccess access;
    access.course_id = found->id;
    switch (kind_of(user)) {
        case auth::UserKind::student:
            access.allowed = is_enrolled(core::StudentId(user.user_id), found->id);
            break;
        case auth::UserKind::teacher:
            access.is_teacher = found->teacher == core::TeacherId(user.user_id);
            access.allowed = access.is_teacher;
            break;
        case auth::UserKind::admin: access.allowed = true; break;
    }
    return access;
}

async::Task<core::Result<wire::ClassroomAccess>> Classroom::access(wire::AccessQuery query) {
    COURSESELECT_CO_TRY(const auto course, co_await course_asked_about(query));
    const auto access = access_to(query, course);
    if (!access) {
        co_return core::Error(core::Errc::not_found, missing(query));
    }
    co_return *access;
}

async::Task<core::Result<wire::AccessOutcomes>> Classroom::access_of_all(
    wire::AccessQueries queries) {
    wire::AccessOutcomes answer;
    answer.results.reserve(queries.items.size());
    for (const wire::AccessQuery& query : queries.items) {
        COURSESELECT_CO_TRY(const auto course, co_await course_asked_about(query));
        const auto access = access_to(query, course);
        answer.results.push_back(
            {outcome_of(access, missing(query)), access.has_value() && access->is_teacher});
    }
    co_return answer;
}

async::Task<core::Result<std::optional<core::CourseId>>> Classroom::course_asked_about(
    wire::AccessQuery query) {
    if (query.video_id) {
        co_return co_await course_of(*query.video_id);
    }
    if (!query.quiz_id) {
        co_return query.course_id;
    }
    auto read = [id = *query.quiz_id](storage::Connection& connection) {
        return repo::find_quiz(connection, id);
    };
    COURSESELECT_CO_TRY(const auto found, co_await state_.readers->read(std::move(read)));
    co_return found ? std::optional(found->course) : std::nullopt;
}

async::Task<core::Result<std::optional<core::CourseId>>> Classroom::course_of(wire::VideoId video) {
    if (const auto known = course_of_video_.find(video); known != course_of_video_.end()) {
        co_return std::optional(known->second);
    }
    auto read = [video](storage::Connection& connection) {
        return repo::find_video(connection, video);
    };
    COURSESELECT_CO_TRY(const auto found, co_await state_.readers->read(std::move(read)));
    if (!found) {
        co_return std::optional<core::CourseId>();
    }
    if (course_of_video_.size() >= videos_cached_max) {
        course_of_video_.clear();
    }
    course_of_video_[video] = found->course;
    co_return std::optional(found->course);
}

std::string Classroom::name_of(std::string_view kind, std::int64_t id) const {
    if (kind == "student") {
        const domain::Student* student = state_.catalogue.find(core::StudentId(id));
        return student == nullptr ? std::string() : student->name;
    }
    if (kind == "teacher") {
        const domain::Teacher* teacher = state_.catalogue.find(core::TeacherId(id));
        return teacher == nullptr ? std::string() : teacher->name;
    }
    return {};
}

// --- reviews ---

async::Task<core::Result<wire::Review>> Classroom::review(wire::ReviewPut review) {
    if (!has_course(review.course_id)) {
        co_return no_such_course();
    }
    if (!is_enrolled(review.student_id, review.course_id)) {
        co_return core::Error(core::Errc::failed_precondition,
                              "Student has not selected this course");
    }
    const core::WallTime now = state_.runtime.clock.wall_now();
    repo::Review row{.course = review.course_id,
                     .student = review.student_id,
                     .student_name = {},
                     .rating = review.rating,
                     .comment = std::move(review.comment),
                     .created_at = now,
                     .updated_at = now};
    auto put = [row](storage::Connection& connection) -> core::Result<repo::Review> {
        COURSESELECT_TRY_OK(repo::insert_event(
            connection, {.kind = "review",
                         .course = row.course,
                         .student = row.student,
                         .data = json::make_object("rating", row.rating, "comment", row.comment),
                         .created_at = row.updated_at}));
        return repo::put_review(connection, row);
    };
    const auto stored = co_await write(std::move(put));
    if (!stored) {
        co_return course_gone_or(stored.error());
    }
    co_return review_to_wire(*stored);
}

async::Task<core::Result<wire::Reviews>> Classroom::reviews(wire::CoursePageQuery query) {
    if (!has_course(query.course_id)) {
        co_return no_such_course();
    }
    auto read = [query](storage::Connection& connection) -> core::Result<wire::Reviews> {
        COURSESELECT_TRY(const auto rows, repo::list_reviews(connection, query.course_id,
                                                             query.offset(), query.page_size));
        COURSESELECT_TRY(const auto totals, repo::review_totals(connection, query.course_id));
        wire::Reviews answer;
        for (const repo::Review& row : rows) {
            answer.reviews.push_back(review_to_wire(row));
        }
        answer.total = totals.count;
        answer.average_rating = totals.average;
        return answer;
    };
    co_return co_await state_.readers->read(std::move(read));
}

// --- videos ---

async::Task<core::Result<wire::Video>> Classroom::add_video(wire::VideoDraft draft) {
    if (!has_course(draft.course_id)) {
        co_return no_such_course();
    }
    const core::WallTime now = state_.runtime.clock.wall_now();
    repo::Video video{.id = {},
                      .course = draft.course_id,
                      .title = std::move(draft.title),
                      .url = std::move(draft.url),
                      .description = std::move(draft.description),
                      .duration_seconds = draft.duration_seconds,
                      .position = draft.position,
                      .created_at = now,
                      .updated_at = now};
    auto insert = [video](storage::Connection& connection) {
        return repo::insert_video(connection, video);
    };
    const auto id = co_await write(std::move(insert));
    if (!id) {
        co_return course_gone_or(id.error());
    }
    video.id = *id;
    co_return video_to_wire(video);
}

async::Task<core::Result<wire::Video>> Classroom::update_video(wire::VideoId id,
                                                               wire::VideoUpdate update) {
    const core::WallTime now = state_.runtime.clock.wall_now();
    auto change = [id, changes = std::move(update), now](storage::Connection& connection) {
        return change_video(connection, id, changes, now);
    };
    COURSESELECT_CO_TRY(const auto video, co_await write(std::move(change)));
    co_return video_to_wire(video);
}

async::Task<core::Result<wire::Done>> Classroom::delete_video(wire::VideoId id) {
    auto remove = [id](storage::Connection& connection) {
        return repo::delete_video(connection, id);
    };
    COURSESELECT_CO_TRY_OK(co_await write(std::move(remove)));
    course_of_video_.erase(id);
    co_return wire::Done{.message = "Video deleted successfully"};
}

async::Task<core::Result<wire::Videos>> Classroom::videos(wire::VideosQuery query) {
    if (!has_course(query.course_id)) {
        co_return no_such_course();
    }
    auto read = [query](storage::Connection& connection) -> core::Result<wire::Videos> {
        COURSESELECT_TRY(const auto rows, repo::list_videos(connection, query.course_id));
        std::vector<repo::VideoProgress> own;
        if (query.student_id) {
            COURSESELECT_TRY(own,
                             repo::progress_of(connection, query.course_id, auth::UserKind::student,
                                               query.student_id->value()));
        }
        wire::Videos answer;
        for (const repo::Video& row : rows) {
            wire::Video video = video_to_wire(row);
            for (const repo::VideoProgress& progress : own) {
                if (progress.video == row.id) {
                    video.progress = progress_to_wire(progress);
                }
            }
            answer.videos.push_back(std::move(video));
        }
        answer.total = static_cast<std::int64_t>(answer.videos.size());
        return answer;
    };
    co_return co_await state_.readers->read(std::move(read));
}

// --- progress and messages ---

async::Task<core::Result<std::vector<wire::ItemOutcome>>> Classroom::judge(
    std::vector<Asked> asked) {
    std::vector<wire::ItemOutcome> outcomes;
    for (std::size_t i = 0; i < asked.size(); ++i) {
        const wire::VideoId video = asked[i].video;
        COURSESELECT_CO_TRY(const auto course, co_await course_of(video));
        outcomes.push_back(outcome_of(access_to(asked[i].user, course), "Video not found"));
    }
    co_return outcomes;
}

async::Task<core::Result<wire::ProgressOutcomes>> Classroom::put_progress(
    wire::ProgressReports reports) {
    std::vector<Asked> asked;
    for (const wire::ProgressReport& report : reports.items) {
        asked.push_back({report, report.video_id});
    }
    COURSESELECT_CO_TRY(auto outcomes, co_await judge(std::move(asked)));
    check_courses(reports.items, outcomes);
    auto put = progress_writer(std::move(reports.items), std::move(outcomes),
                               state_.runtime.clock.wall_now());
    co_return co_await write(std::move(put));
}

async::Task<core::Result<wire::VideoProgressPage>> Classroom::progress(wire::VideoPageQuery query) {
    COURSESELECT_CO_TRY(const auto course, co_await course_of(query.video_id));
    if (!course || !has_course(*course)) {
        co_return no_such_video();
    }
    auto read = [query](storage::Connection& connection) {
        return repo::list_progress(connection, query.video_id, query.offset(), query.page_size);
    };
    COURSESELECT_CO_TRY(const auto rows, co_await state_.readers->read(std::move(read)));
    wire::VideoProgressPage answer;
    for (const repo::VideoProgress& row : rows) {
        const auto kind = auth::user_kind_name(row.user_kind);
        answer.progress.push_back(
            {{progress_to_wire(row)}, std::string(kind), row.user_id, name_of(kind, row.user_id)});
    }
    co_return answer;
}

async::Task<core::Result<wire::MessageOutcomes>> Classroom::put_messages(
    wire::MessageDrafts drafts) {
    std::vector<Asked> asked;
    for (const wire::MessageDraft& draft : drafts.items) {
        asked.push_back({draft, draft.video_id});
    }
    COURSESELECT_CO_TRY(auto outcomes, co_await judge(std::move(asked)));
    auto put = message_writer(std::move(drafts.items), std::move(outcomes),
                              state_.runtime.clock.wall_now());
    co_return co_await write(std::move(put));
}

async::Task<core::Result<wire::VideoMessages>> Classroom::messages(wire::MessagesQuery query) {
    COURSESELECT_CO_TRY(const auto course, co_await course_of(query.video_id));
    if (!course || !has_course(*course)) {
        co_return no_such_video();
    }
    auto read = [query](storage::Connection& connection) {
        return repo::messages_before(connection, query.video_id, query.before, query.limit);
    };
    COURSESELECT_CO_TRY(const auto rows, co_await state_.readers->read(std::move(read)));
    wire::VideoMessages answer;
    for (const repo::VideoMessage& row : rows) {
        answer.messages.push_back({.message_id = row.id,
                                   .user_kind = std::string(auth::user_kind_name(row.user_kind)),
                                   .user_id = row.user_id,
                                   .user_name = row.user_name,
                                   .message = row.message,
                                   .sent_at = row.sent_at});
    }
    co_return answer;
}

}  // namespace courseselect::nodes::data
