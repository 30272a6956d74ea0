#pragma once
/// Reviews, videos, progress and messages on the wire, for clients and between nodes.

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "courseselect/core/clock.hpp"
#include "courseselect/core/ids.hpp"
#include "courseselect/json/describe.hpp"
#include "courseselect/nodes/wire/classroom_access.hpp"
#include "courseselect/nodes/wire/page.hpp"
#include "courseselect/repo/classroom.hpp"

namespace courseselect::nodes::wire {

/// Body of `POST /student/course/review`.
struct ReviewDraft {
    core::CourseId course_id;
    int rating = 0;
    std::string comment;
};
/// Body of `POST /internal/classroom/review`.
struct ReviewPut : ReviewDraft {
    core::StudentId student_id;
};
struct Review {
    core::CourseId course_id;
    core::StudentId student_id;
    std::string student_name;
    int rating = 0;
    std::string comment;
    core::WallTime created_at;
    core::WallTime updated_at;
};
struct CoursePageQuery : Page {
    core::CourseId course_id;
};
struct Reviews {
    std::vector<Review> reviews;
    std::int64_t total = 0;
    double average_rating = 0;
};

/// What whoever adds a video says about it.
struct VideoDraft {
    core::CourseId course_id;
    std::string title;
    std::string url;
    std::string description;
    std::int64_t duration_seconds = 0;
    std::int64_t position = 0;
};
struct VideoUpdate {
    json::Patch<std::string> title;
    json::Patch<std::string> url;
    json::Patch<std::string> description;
    json::Patch<std::int64_t> duration_seconds;
    json::Patch<std::int64_t> position;
};
struct VideoRef {
    VideoId video_id;
};
/// The asker's own progress in a video.
struct OwnProgress {
    double percent_complete = 0;  ///< the furthest ever
    double watched_seconds = 0;   ///< the furthest ever
    double last_percent = 0;
    double last_seconds = 0;
    core::WallTime updated_at;
};
struct Video {
    VideoId video_id;
    core::CourseId course_id;
    std::string title;
    std::string url;
    std::string description;
    std::int64_t duration_seconds = 0;
    std::int64_t position = 0;
    std::optional<OwnProgress> progress;
    core::WallTime created_at;
    core::WallTime updated_at;
};
/// Query of `GET /internal/classroom/videos`: with whose progress, if anybody's.
struct VideosQuery {
    core::CourseId course_id;
    std::optional<core::StudentId> student_id;
};
struct Videos {
    std::vector<Video> videos;
    std::int64_t total = 0;
};

struct VideoPageQuery : Page {
    VideoId video_id;
};
/// How far one user has come.
struct UserProgress : OwnProgress {
    std::string user_kind;
    std::int64_t user_id = 0;
    std::string user_name;
};
struct VideoProgressPage {
    std::vector<UserProgress> progress;
};

/// One position of a user in a video (contract, `video_progress`).
struct ProgressReport : UserRef {
    VideoId video_id;
    core::CourseId course_id;
    double progress = 0;   ///< per cent
    double timestamp = 0;  ///< seconds into the video
};
struct ProgressReports {
    std::vector<ProgressReport> items;
};
struct ProgressOutcome : ItemOutcome {
    double percent_complete = 0;  ///< the furthest ever
    double watched_seconds = 0;   ///< the furthest ever
};
struct ProgressOutcomes {
    std::vector<ProgressOutcome> results;
};

/// One line of a video's chat (contract, `send_chat_message`).
struct MessageDraft : UserRef {
    VideoId video_id;
    std::string user_name;
    std::string message;
    std::string client_time;
};
struct MessageDrafts {
    std::vector<MessageDraft> items;
};
struct MessageOutcome : ItemOutcome {
    std::int64_t message_id = 0;
    core::WallTime sent_at;
};
struct MessageOutcomes {
    std::vector<MessageOutcome> results;
};
struct VideoMessage {
    std::int64_t message_id = 0;
    std::string user_kind;
    std::int64_t user_id = 0;
    std::string user_name;
    std::string message;
    core::WallTime sent_at;
};
struct MessagesQuery {
    VideoId video_id;
    std::int64_t before = std::numeric_limits<std::int64_t>::max();
    int limit = 50;
};
struct VideoMessages {
    std::vector<VideoMessage> messages;
};

}  // namespace courseselect::nodes::wire

namespace courseselect::json {

namespace wire = nodes::wire;

template <>
struct Describe<wire::ReviewDraft> {
    static constexpr auto fields() {
        using R = wire::ReviewDraft;
        return object("ReviewDraft", "What a student thinks of a course.",
                      field<&R::course_id>("course_id", example("1")),
                      field<&R::rating>("rating", between(1, 5), example("5")),
                      field<&R::comment>("comment", length_max(2000), optional_with_default,
                                         example("\"Clear and well paced.\"")));
    }
};
template <>
struct Describe<wire::ReviewPut> {
    static constexpr auto fields() {
        return object("ReviewPut", "A student's review.", include<wire::ReviewDraft>(),
                      field<&wire::ReviewPut::student_id>("student_id"));
    }
};
template <>
struct Describe<wire::Review> {
    static constexpr auto fields() {
        using R = wire::Review;
        return object("Review", "A review of a course.", field<&R::course_id>("course_id"),
                      field<&R::student_id>("student_id"), field<&R::student_name>("student_name"),
                      field<&R::rating>("rating", doc("1 to 5.")), field<&R::comment>("comment"),
                      field<&R::created_at>("created_at"), field<&R::updated_at>("updated_at"));
    }
};
template <>
struct Describe<wire::CoursePageQuery> {
    static constexpr auto fields() {
        return object("CoursePageQuery", "A course, and which page of what belongs to it.",
                      field<&wire::CoursePageQuery::course_id>("course_id", example("1")),
                      include<wire::Page>());
    }
};
template <>
struct Describe<wire::Reviews> {
    static constexpr auto fields() {
        using R = wire::Reviews;
        return object("Reviews", "Reviews of a course, latest first.",
                      field<&R::reviews>("reviews"), field<&R::total>("total"),
                      field<&R::average_rating>("average_rating", doc("0 without reviews.")));
    }
};
template <>
struct Describe<wire::VideoDraft> {
    static constexpr auto fields() {
        using V = wire::VideoDraft;
        return object(
            "VideoDraft", "A video to be added to a course.",
            field<&V::course_id>("course_id", example("1")),
            field<&V::title>("title", length(1, 200), example("\"Lecture 1\"")),
            field<&V::url>("url", length(1, 2000), example("\"https://example.org/1.mp4\"")),
            field<&V::description>("description", length_max(2000), optional_with_default),
            field<&V::duration_seconds>("duration_seconds", between(0, 86'400),
                                        optional_with_default, example("600")),
            field<&V::position>("position", between(0, 100'000), optional_with_default,
                                doc("Order within the course.")));
    }
};
template <>
struct Describe<wire::VideoUpdate> {
    static constexpr auto fields() {
        using V = wire::VideoUpdate;
        return object("VideoUpdate", "Changes of a video: only what is mentioned changes.",
                      field<&V::title>("title", length(1, 200)),
                      field<&V::url>("url", length(1, 2000)),
                      field<&V::description>("description", length_max(2000)),
                      field<&V::duration_seconds>("duration_seconds", between(0, 86'400)),
                      field<&V::position>("position", between(0, 100'000)));
    }
};
template <>
struct Describe<wire::VideoRef> {
    static constexpr auto fields() {
        return object("VideoRef", "One video.",
                      field<&wire::VideoRef::video_id>("video_id", example("1")));
    }
};
template <>
struct Describe<wire::OwnProgress> {
    static constexpr auto fields() {
        using P = wire::OwnProgress;
        return object("OwnProgress", "How far somebody has come in a video.",
                      field<&P::percent_complete>("percent_complete", doc("The furthest ever.")),
                      field<&P::watched_seconds>("watched_seconds", doc("The furthest ever.")),
                      field<&P::last_percent>("last_percent"),
                      field<&P::last_seconds>("last_seconds"), field<&P::updated_at>("updated_at"));
    }
};
template <>
struct Describe<wire::Video> {
    static constexpr auto fields() {
        using V = wire::Video;
        return object("Video", "A video of a course.", field<&V::video_id>("video_id"),
                      field<&V::course_id>("course_id"), field<&V::title>("title"),
                      field<&V::url>("url"), field<&V::description>("description"),
                      field<&V::duration_seconds>("duration_seconds"),
                      field<&V::position>("position"),
                      field<&V::progress>("progress", omit_empty, doc("The asker's own.")),
                      field<&V::created_at>("created_at"), field<&V::updated_at>("updated_at"));
    }
};
template <>
struct Describe<wire::VideosQuery> {
    static constexpr auto fields() {
        using V = wire::VideosQuery;
        return object("VideosQuery", "Videos of a course, with a student's progress.",
                      field<&V::course_id>("course_id"), field<&V::student_id>("student_id"));
    }
};
template <>
struct Describe<wire::Videos> {
    static constexpr auto fields() {
        return object("Videos", "Videos in the order of the course.",
                      field<&wire::Videos::videos>("videos"), field<&wire::Videos::total>("total"));
    }
};
template <>
struct Describe<wire::VideoPageQuery> {
    static constexpr auto fields() {
        return object("VideoPageQuery", "A video, and which page of what belongs to it.",
                      field<&wire::VideoPageQuery::video_id>("video_id", example("1")),
                      include<wire::Page>());
    }
};
template <>
struct Describe<wire::UserProgress> {
    static constexpr auto fields() {
        using P = wire::UserProgress;
        return object("UserProgress", "How far one user has come in a video.",
                      field<&P::user_kind>("user_kind"), field<&P::user_id>("user_id"),
                      field<&P::user_name>("user_name"), include<wire::OwnProgress>());
    }
};
template <>
struct Describe<wire::VideoProgressPage> {
    static constexpr auto fields() {
        return object("VideoProgressPage", "Who has come how far.",
                      field<&wire::VideoProgressPage::progress>("progress"));
    }
};
template <>
struct Describe<wire::ProgressReport> {
    static constexpr auto fields() {
        using P = wire::ProgressReport;
        return object(
            "ProgressReport", "A user's position in a video.", include<wire::UserRef>(),
            field<&P::video_id>("video_id"), field<&P::course_id>("course_id"),
            field<&P::progress>("progress", between(0, 100), doc("Per cent.")),
            field<&P::timestamp>("timestamp", between(0, 1e9), doc("Seconds into the video.")));
    }
};
template <>
struct Describe<wire::ProgressReports> {
    static constexpr auto fields() {
        return object("ProgressReports", "Positions, stored in this order.",
                      field<&wire::ProgressReports::items>("items", items(1, 1000)));
    }
};
template <>
struct Describe<wire::ProgressOutcome> {
    static constexpr auto fields() {
        using O = wire::ProgressOutcome;
        return object("ProgressOutcome", "The furthest position, when it was stored.",
                      include<wire::ItemOutcome>(), field<&O::percent_complete>("percent_complete"),
                      field<&O::watched_seconds>("watched_seconds"));
    }
};
template <>
struct Describe<wire::ProgressOutcomes> {
    static constexpr auto fields() {
        return object("ProgressOutcomes", "One outcome for each item, in order.",
                      field<&wire::ProgressOutcomes::results>("results"));
    }
};
template <>
struct Describe<wire::MessageDraft> {
    static constexpr auto fields() {
        using M = wire::MessageDraft;
        return object("MessageDraft", "A line of a video's chat.", include<wire::UserRef>(),
                      field<&M::video_id>("video_id"),
                      field<&M::user_name>("user_name", length(1, 200)),
                      field<&M::message>("message", length(1, 4000)),
                      field<&M::client_time>("client_time", length_max(64), optional_with_default));
    }
};
template <>
struct Describe<wire::MessageDrafts> {
    static constexpr auto fields() {
        return object("MessageDrafts", "Lines, stored in this order.",
                      field<&wire::MessageDrafts::items>("items", items(1, 1000)));
    }
};
template <>
struct Describe<wire::MessageOutcome> {
    static constexpr auto fields() {
        using O = wire::MessageOutcome;
        return object("MessageOutcome", "Its place and time, when it was stored.",
                      include<wire::ItemOutcome>(), field<&O::message_id>("message_id"),
                      field<&O::sent_at>("sent_at"));
    }
};
template <>
struct Describe<wire::MessageOutcomes> {
    static constexpr auto fields() {
        return object("MessageOutcomes", "One outcome for each item, in order.",
                      field<&wire::MessageOutcomes::results>("results"));
    }
};
template <>
struct Describe<wire::VideoMessage> {
    static constexpr auto fields() {
        using M = wire::VideoMessage;
        return object("VideoMessage", "A line of a video's chat.",
                      field<&M::message_id>("message_id"), field<&M::user_kind>("user_kind"),
                      field<&M::user_id>("user_id"), field<&M::user_name>("user_name"),
                      field<&M::message>("message"), field<&M::sent_at>("sent_at"));
    }
};
template <>
struct Describe<wire::MessagesQuery> {
    static constexpr auto fields() {
        using M = wire::MessagesQuery;
        return object(
            "MessagesQuery", "The last messages of a video, or those before one.",
            field<&M::video_id>("video_id", example("1")),
            field<&M::before>("before", at_least(1), optional_with_default, doc("A message_id.")),
            field<&M::limit>("limit", between(1, 200), optional_with_default));
    }
};
template <>
struct Describe<wire::VideoMessages> {
    static constexpr auto fields() {
        return object("VideoMessages", "Oldest first.",
                      field<&wire::VideoMessages::messages>("messages"));
    }
};

}  // namespace courseselect::json
