#pragma once
/// Who may be in which classroom, as nodes ask the data node.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "courseselect/core/ids.hpp"
#include "courseselect/json/describe.hpp"
#include "courseselect/repo/classroom.hpp"

namespace courseselect::nodes::wire {

using repo::QuizId;
using repo::VideoId;

/// A user as other nodes name them: ids are unique within a kind only.
struct UserRef {
    std::string user_kind;
    std::int64_t user_id = 0;
};

/// Body of `POST /internal/classroom/access`: a user, and one of the three.
struct AccessQuery : UserRef {
    std::optional<core::CourseId> course_id;
    std::optional<VideoId> video_id;
    std::optional<QuizId> quiz_id;
};
/// Its answer: whose classroom it is, and whether the user may be in it.
struct ClassroomAccess {
    core::CourseId course_id;
    bool allowed = false;     ///< enrolled, its teacher, or an administrator
    bool is_teacher = false;  ///< the course's own teacher
};

/// Body of `POST /internal/classroom/access/batch`.
struct AccessQueries {
    std::vector<AccessQuery> items;
};
/// What became of a report, a message or a question; 200, 400, 403 or 404.
struct ItemOutcome {
    int status = 200;
    std::string detail;
    std::optional<core::CourseId> course_id;
};
struct AccessOutcome : ItemOutcome {
    bool is_teacher = false;  ///< the course's own teacher
};
struct AccessOutcomes {
    std::vector<AccessOutcome> results;
};

}  // namespace courseselect::nodes::wire

namespace courseselect::json {

namespace wire = nodes::wire;

inline constexpr auto user_kind_text = one_of<"student", "teacher", "admin">;

template <>
struct Describe<wire::UserRef> {
    static constexpr auto fields() {
        using U = wire::UserRef;
        return object("UserRef", "A user.", field<&U::user_kind>("user_kind", user_kind_text),
                      field<&U::user_id>("user_id", at_least(1)));
    }
};
template <>
struct Describe<wire::AccessQuery> {
    static constexpr auto fields() {
        using A = wire::AccessQuery;
        return object("AccessQuery", "A user and a course, video or quiz.",
                      include<wire::UserRef>(), field<&A::course_id>("course_id"),
                      field<&A::video_id>("video_id"), field<&A::quiz_id>("quiz_id"));
    }
};
template <>
struct Describe<wire::ClassroomAccess> {
    static constexpr auto fields() {
        using A = wire::ClassroomAccess;
        return object("ClassroomAccess", "Whether the user belongs to the course.",
                      field<&A::course_id>("course_id"),
                      field<&A::allowed>("allowed", doc("Enrolled, its teacher, or an admin.")),
                      field<&A::is_teacher>("is_teacher"));
    }
};
template <>
struct Describe<wire::AccessQueries> {
    static constexpr auto fields() {
        return object("AccessQueries", "Questions, answered in this order.",
                      field<&wire::AccessQueries::items>("items", items(1, 1000)));
    }
};
template <>
struct Describe<wire::ItemOutcome> {
    static constexpr auto fields() {
        using O = wire::ItemOutcome;
        return object("ItemOutcome", "What became of an item.",
                      field<&O::status>("status", doc("HTTP status of this item.")),
                      field<&O::detail>("detail", optional_with_default),
                      field<&O::course_id>("course_id", doc("null when there is none.")));
    }
};
template <>
struct Describe<wire::AccessOutcome> {
    static constexpr auto fields() {
        return object("AccessOutcome", "Whether the user belongs to the course: 200, 403 or 404.",
                      include<wire::ItemOutcome>(),
                      field<&wire::AccessOutcome::is_teacher>("is_teacher"));
    }
};
template <>
struct Describe<wire::AccessOutcomes> {
    static constexpr auto fields() {
        return object("AccessOutcomes", "One for each question.",
                      field<&wire::AccessOutcomes::results>("results"));
    }
};

}  // namespace courseselect::json
