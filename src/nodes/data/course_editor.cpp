// The courses' half of CatalogueEditor.

#include <fmt/format.h>

#include <memory>
#include <set>
#include <utility>

#include "courseselect/json/reader.hpp"
#include "courseselect/json/value.hpp"
#include "courseselect/json/writer.hpp"
#include "courseselect/nodes/data/catalogue_editor.hpp"
#include "courseselect/nodes/data/course_events.hpp"
#include "courseselect/nodes/data/mapping.hpp"
#include "courseselect/nodes/data/withdrawals.hpp"
#include "courseselect/repo/classroom.hpp"
#include "courseselect/repo/decision_repo.hpp"

namespace courseselect::nodes::data {
namespace {

core::Error course_missing() { return {core::Errc::not_found, "Course not found"}; }

/// Shows a stored course. The memory accepted the same change as the database, or we have a bug.
wire::Course show_new_course(DataState& state, const domain::Course& course) {
    auto rule = domain::course_rule(course);
    COURSESELECT_CHECK(rule.has_value());
    const auto in_ledger = state.ledger.add_course(*std::move(rule));
    const auto in_catalogue = state.catalogue.add(course);
    COURSESELECT_CHECK(in_ledger.has_value() && in_catalogue.has_value());
    ++state.structure;
    return state.shown(course);
}

/// One item of an import: a course to be stored, or why not.
struct ImportItem {
    std::int64_t index = 0;
    std::string name;
    core::Result<domain::Course> course;
};

ImportItem read_item(std::int64_t index, const json::Raw& raw, const domain::Catalogue& catalogue,
                     std::set<std::string>& names, core::WallTime now) {
    auto draft = json::parse_body<wire::CourseDraft>(raw.text);
    if (!draft) {
        const auto value = json::Value::parse(raw.text);
        std::string name = value ? (*value)["course_name"].string().value_or("") : "";
        return {index, std::move(name),
                core::Error(core::Errc::invalid_argument, json::to_string(draft.errors().front()))};
    }
    std::string name = draft->course_name;
    if (catalogue.find_course(name) != nullptr || names.contains(name)) {
        return {index, std::move(name),
                core::Error(core::Errc::conflict, "Course with this name already exists")};
    }
    auto course = course_from(*draft, core::TeacherId(draft->course_teacher_id), now);
    if (course) {
        names.insert(name);  // an item that fails leaves its name to a later one
    }
    return {index, std::move(name), std::move(course)};
}

}  // namespace

async::Task<core::Result<wire::Course>> CatalogueEditor::add_course(wire::CourseCreate course) {
    COURSESELECT_CO_TRY(const auto guard, co_await state_.begin_change());
    auto made = course_from(course, course.course_teacher_id, state_.runtime.clock.wall_now());
    if (!made) {
        co_return std::move(made).error();
    }
    auto insert = [stored = *made](storage::Connection& connection) {
        return repo::insert_course(connection, stored);
    };
    COURSESELECT_CO_TRY(made->id, co_await state_.write(std::move(insert)));
    co_return show_new_course(state_, *made);
}

async::Task<core::Result<wire::Course>> CatalogueEditor::update_course(core::CourseId id,
                                                                       wire::CourseUpdate update) {
    COURSESELECT_CO_TRY(const auto guard, co_await state_.begin_change());
    const domain::Course* present = state_.catalogue.find(id);
    if (present == nullptr) {
        co_return course_missing();
    }
    auto changed = changed_course(*present, update, state_.runtime.clock.wall_now());
    if (!changed) {
        co_return std::move(changed).error();
    }
    if (changed->capacity < state_.ledger.seats_taken(id)) {
        co_return core::Error(core::Errc::failed_precondition,
                              "Capacity is below the number of selected students");
    }
    auto write = [stored = *changed, event = course_event(state_, *present, *changed)](
                     storage::Connection& connection) -> core::Result<> {
        COURSESELECT_TRY_OK(repo::insert_event(connection, event));
        return repo::update_course(connection, stored);
    };
    COURSESELECT_CO_TRY_OK(co_await state_.write(std::move(write)));
    auto rule = domain::course_rule(*changed);
    COURSESELECT_CHECK(rule.has_value());
    const auto in_ledger = state_.ledger.update_course(*std::move(rule));
    const auto in_catalogue = state_.catalogue.update(*changed);
    COURSESELECT_CHECK(in_ledger.has_value() && in_catalogue.has_value());
    ++state_.structure;
    co_return state_.shown(*changed);
}

async::Task<core::Result<wire::Done>> CatalogueEditor::delete_course(core::CourseId id) {
    COURSESELECT_CO_TRY(const auto guard, co_await state_.begin_change());
    if (state_.catalogue.find(id) == nullptr) {
        co_return course_missing();
    }
    auto write = [withdrawn = withdraw_course(state_, id), event = course_gone_event(state_, id),
                  id](storage::Connection& connection) -> core::Result<> {
        COURSESELECT_TRY_OK(repo::insert_event(connection, event));
        COURSESELECT_TRY_OK(repo::store_decisions(connection, withdrawn));
        return repo::delete_course(connection, id);
    };
    COURSESELECT_CO_TRY_OK(co_await state_.write(std::move(write)));
    const auto from_ledger = state_.ledger.remove_course(id);
    const auto from_catalogue = state_.catalogue.remove(id);
    COURSESELECT_CHECK(from_ledger.has_value() && from_catalogue.has_value());
    ++state_.structure;
    co_return wire::Done{.message = "Course deleted successfully"};
}

async::Task<core::Result<wire::CourseImport>> CatalogueEditor::import_courses(
    std::vector<json::Raw> items) {
    COURSESELECT_CO_TRY(const auto guard, co_await state_.begin_change());
    wire::CourseImport answer;
    auto courses = std::make_shared<std::vector<domain::Course>>();
    std::set<std::string> names;
    const core::WallTime now = state_.runtime.clock.wall_now();
    for (std::size_t i = 0; i < items.size(); ++i) {
        ImportItem item =
            read_item(static_cast<std::int64_t>(i), items[i], state_.catalogue, names, now);
        if (item.course) {
            courses->push_back(*std::move(item.course));
        } else {
            answer.errors.push_back({item.index, item.name, item.course.error().detail()});
        }
    }
    auto insert = [courses](storage::Connection& connection) -> core::Result<> {
        for (domain::Course& course : *courses) {
            COURSESELECT_TRY(course.id, repo::insert_course(connection, course));
        }
        return {};
    };
    COURSESELECT_CO_TRY_OK(co_await state_.write(std::move(insert)));
    for (const domain::Course& course : *courses) {
        const wire::Course shown = show_new_course(state_, course);
        answer.imported.push_back({shown.course_id, shown.course_name});
    }
    answer.imported_count = static_cast<std::int64_t>(answer.imported.size());
    answer.error_count = static_cast<std::int64_t>(answer.errors.size());
    co_return answer;
}

}  // namespace courseselect::nodes::data
