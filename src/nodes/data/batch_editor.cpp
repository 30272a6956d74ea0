// Many students or courses in one transaction, for the auth node.

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "courseselect/nodes/data/catalogue_editor.hpp"
#include "courseselect/nodes/data/course_events.hpp"
#include "courseselect/nodes/data/mapping.hpp"
#include "courseselect/nodes/wire/user_admin.hpp"

namespace courseselect::nodes::data {
namespace {

/// Adds the tags that are new, in order. Returns which.
std::vector<std::string> merge_tags(std::vector<std::string>& present,
                                    const std::vector<std::string>& more) {
    std::vector<std::string> added;
    for (const std::string& tag : more) {
        if (std::find(present.begin(), present.end(), tag) == present.end()) {
            present.push_back(tag);
            added.push_back(tag);
        }
    }
    return added;
}

}  // namespace

async::Task<core::Result<wire::StudentTagsList>> CatalogueEditor::tags_of(
    wire::StudentLookup lookup) {
    wire::StudentTagsList answer;
    for (const core::StudentId id : lookup.student_ids) {
        if (const domain::Student* student = state_.catalogue.find(id)) {
            answer.students.push_back({id, student->tags});
        }
    }
    co_return answer;
}

async::Task<core::Result<wire::TagsMergedList>> CatalogueEditor::merge_student_tags(
    wire::StudentTagsList more) {
    COURSESELECT_CO_TRY(const auto guard, co_await state_.begin_change());
    wire::TagsMergedList answer;
    std::map<core::StudentId, domain::Student> changed;  // a student may be named twice
    std::set<std::string> offered;
    const core::WallTime now = state_.runtime.clock.wall_now();
    for (const wire::StudentTags& entry : more.students) {
        wire::TagsMerged& merged = answer.students.emplace_back();
        merged.student_id = entry.student_id;
        const domain::Student* present = state_.catalogue.find(entry.student_id);
        if (present == nullptr) {
            merged.error = "Student not found";
            continue;
        }
        const auto known = changed.find(entry.student_id);
        domain::Student student = known != changed.end() ? known->second : *present;
        merged.tags_added = merge_tags(student.tags, entry.student_tags);
        if (student.tags.size() > wire::tags_per_student_max) {
            merged.error = "A student can have at most 50 tags";
            merged.tags_added.clear();
            continue;
        }
        merged.total_tags = static_cast<std::int64_t>(student.tags.size());
        offered.insert(merged.tags_added.begin(), merged.tags_added.end());
        student.updated_at = now;
        changed.insert_or_assign(entry.student_id, std::move(student));
    }
    auto write = [changed, offered](storage::Connection& connection) -> core::Result<> {
        for (const std::string& tag : offered) {
            COURSESELECT_TRY_OK(repo::offer_tag(connection, tag, "user"));
        }
        for (const auto& [id, student] : changed) {
            COURSESELECT_TRY_OK(repo::update_student(connection, student));
        }
        return {};
    };
    COURSESELECT_CO_TRY_OK(co_await state_.write(std::move(write)));
    for (const auto& [id, student] : changed) {
        const auto in_ledger =
            state_.ledger.update_student({.id = id, .tags = student.tags, .completed = {}});
        const auto in_catalogue = state_.catalogue.update(student);
        COURSESELECT_CHECK(in_ledger.has_value() && in_catalogue.has_value());
    }
    co_return answer;
}

async::Task<core::Result<wire::TeacherAssigned>> CatalogueEditor::assign_teacher(
    wire::TeacherAssignment assignment) {
    COURSESELECT_CO_TRY(const auto guard, co_await state_.begin_change());
    if (state_.catalogue.find(assignment.teacher_id) == nullptr) {
        co_return core::Error(core::Errc::not_found, "Teacher not found");
    }
    wire::TeacherAssigned answer;
    std::map<core::CourseId, domain::Course> changed;
    wire::CourseUpdate update;
    update.course_teacher_id = assignment.teacher_id.value();
    for (const core::CourseId id : assignment.course_ids) {
        const domain::Course* present = state_.catalogue.find(id);
        if (present == nullptr) {
            answer.errors.push_back({id, "Course not found"});
            continue;
        }
        auto course = changed_course(*present, update, state_.runtime.clock.wall_now());
        if (!course) {
            answer.errors.push_back({id, course.error().detail()});
            continue;
        }
        if (changed.insert_or_assign(id, *std::move(course)).second) {
            answer.updated.push_back(id);
        }
    }
    std::vector<repo::ClassroomEvent> events;
    for (const auto& [id, course] : changed) {
        events.push_back(course_event(state_, *state_.catalogue.find(id), course));
    }
    auto write = [changed,
                  events = std::move(events)](storage::Connection& connection) -> core::Result<> {
        for (const repo::ClassroomEvent& event : events) {
            COURSESELECT_TRY_OK(repo::insert_event(connection, event));
        }
        for (const auto& [id, course] : changed) {
            COURSESELECT_TRY_OK(repo::update_course(connection, course));
        }
        return {};
    };
    COURSESELECT_CO_TRY_OK(co_await state_.write(std::move(write)));
    for (const auto& [id, course] : changed) {
        auto rule = domain::course_rule(course);
        COURSESELECT_CHECK(rule.has_value());
        const auto in_ledger = state_.ledger.update_course(*std::move(rule));
        const auto in_catalogue = state_.catalogue.update(course);
        COURSESELECT_CHECK(in_ledger.has_value() && in_catalogue.has_value());
    }
    ++state_.structure;
    answer.updated_count = static_cast<std::int64_t>(answer.updated.size());
    answer.error_count = static_cast<std::int64_t>(answer.errors.size());
    co_return answer;
}

}  // namespace courseselect::nodes::data
