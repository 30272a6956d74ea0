#pragma once
/// What nodes tell the realtime server: `POST /internal/events`.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "courseselect/core/ids.hpp"
#include "courseselect/json/describe.hpp"

namespace courseselect::nodes::wire {

/// Something that happened, told once it is durable. Which clients hear of it, and in which words,
/// is the realtime server's business.
struct NodeEvent {
    /// Grows within a source, from 1; its place in the source's outbox.
    std::int64_t sequence = 0;
    std::string kind;
    std::optional<core::CourseId> course_id;
    std::optional<core::StudentId> student_id;
    std::optional<std::string> user_name;
    json::Raw data{"{}"};  ///< an object: what else there is to say
};

/// Body of `POST /internal/events`. The receiver keeps the last sequence it has dealt with for each
/// source, for good, and passes over what is not newer: so a batch may be sent again.
struct EventBatch {
    std::string source;
    std::vector<NodeEvent> events;
    /// The last sequence of the outbox that was looked at: what carries no event is passed over.
    std::int64_t last = 0;
};
/// Its answer: where to go on. A source that says nothing but where it stands ("no events") learns
/// what the receiver has; to a receiver that does not know it, that is where it begins.
struct EventReceipt {
    std::int64_t last = 0;
};

inline constexpr std::size_t events_per_batch_max = 1000;

}  // namespace courseselect::nodes::wire

namespace courseselect::json {

namespace wire = nodes::wire;

template <>
struct Describe<wire::NodeEvent> {
    static constexpr auto fields() {
        using E = wire::NodeEvent;
        return object(
            "NodeEvent", "Something that happened.", field<&E::sequence>("sequence", at_least(1)),
            field<&E::kind>("kind",
                            one_of<"enrolment", "seats", "review", "course", "quiz", "task">),
            field<&E::course_id>("course_id", omit_empty),
            field<&E::student_id>("student_id", omit_empty),
            field<&E::user_name>("user_name", omit_empty),
            field<&E::data>("data", optional_with_default, doc("What else there is to say.")));
    }
};
template <>
struct Describe<wire::EventBatch> {
    static constexpr auto fields() {
        using B = wire::EventBatch;
        return object("EventBatch", "News of one source, in order.",
                      field<&B::source>("source", length(1, 64)),
                      field<&B::events>("events", items(0, wire::events_per_batch_max)),
                      field<&B::last>("last", at_least(0)));
    }
};
template <>
struct Describe<wire::EventReceipt> {
    static constexpr auto fields() {
        return object("EventReceipt", "The last sequence that was dealt with.",
                      field<&wire::EventReceipt::last>("last"));
    }
};

}  // namespace courseselect::json
