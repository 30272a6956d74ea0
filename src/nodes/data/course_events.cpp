#include "courseselect/nodes/data/course_events.hpp"

#include "courseselect/json/value.hpp"
#include "courseselect/json/writer.hpp"

namespace courseselect::nodes::data {

repo::ClassroomEvent course_event(const DataState& state, const domain::Course& before,
                                  const domain::Course& after) {
    const auto was = json::Value::parse(json::to_text(state.shown(before)));
    const auto is = json::Value::parse(json::to_text(state.shown(after)));
    COURSESELECT_CHECK(was.has_value() && is.has_value());
    repo::ClassroomEvent event{.kind = "course",
                               .course = after.id,
                               .student = std::nullopt,
                               .data = {},
                               .created_at = after.updated_at};
    {
        json::ObjectWriter changes(event.data);  // closes the object when it goes
        for (const auto& [name, value] : is->members()) {
            if (name != "updated_at" && value.text() != (*was)[name].text()) {
                changes.add_raw(name, value.text());
            }
        }
    }
    return event;
}

repo::ClassroomEvent course_gone_event(const DataState& state, core::CourseId id) {
    return {.kind = "course",
            .course = id,
            .student = std::nullopt,
            .data = json::make_object("is_active", false, "deleted", true),
            .created_at = state.runtime.clock.wall_now()};
}

}  // namespace courseselect::nodes::data
