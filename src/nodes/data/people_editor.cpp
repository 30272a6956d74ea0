// The students', teachers' and tags' half of CatalogueEditor.

#include <fmt/format.h>

#include <set>
#include <utility>

#include "courseselect/nodes/data/catalogue_editor.hpp"
#include "courseselect/nodes/data/mapping.hpp"
#include "courseselect/nodes/data/withdrawals.hpp"
#include "courseselect/repo/decision_repo.hpp"

namespace courseselect::nodes::data {
namespace {

core::Error student_missing() { return {core::Errc::not_found, "Student not found"}; }
core::Error teacher_missing() { return {core::Errc::not_found, "Teacher not found"}; }

/// Contract §2.2: an id or name that exists is a 400 with this text.
template <class Id>
core::Result<> check_new_person(const domain::Catalogue& catalogue, std::optional<Id> id,
                                bool name_exists, std::string_view kind) {
    if (id && catalogue.find(*id) != nullptr) {
        return core::Error(core::Errc::failed_precondition, "id_exists",
                           fmt::format("{} with this ID already exists", kind));
    }
    if (name_exists) {
        return core::Error(core::Errc::failed_precondition, "name_exists",
                           fmt::format("{} with this name already exists", kind));
    }
    return {};
}

std::set<std::string> new_tags(const std::vector<std::string>& before,
                               const std::vector<std::string>& after) {
    std::set<std::string> added(after.begin(), after.end());
    for (const std::string& tag : before) {
        added.erase(tag);
    }
    return added;
}

core::Result<> offer_tags(storage::Connection& connection, const std::set<std::string>& tags,
                          std::string_view type) {
    for (const std::string& tag : tags) {
        COURSESELECT_TRY_OK(repo::offer_tag(connection, tag, type));
    }
    return {};
}

}  // namespace

async::Task<core::Result<wire::Student>> CatalogueEditor::add_student(wire::StudentCreate student) {
    COURSESELECT_CO_TRY(const auto guard, co_await state_.begin_change());
    const bool name_exists = state_.catalogue.find_student(student.student_name) != nullptr;
    const auto is_new =
        check_new_person(state_.catalogue, student.student_id, name_exists, "Student");
    if (!is_new) {
        co_return is_new.error();
    }
    const core::WallTime now = state_.runtime.clock.wall_now();
    domain::Student made{.id = student.student_id.value_or(core::StudentId()),
                         .name = std::move(student.student_name),
                         .tags = std::move(student.student_tags),
                         .created_at = now,
                         .updated_at = now};
    auto insert = [made](storage::Connection& connection) {
        return repo::insert_student(connection, made);
    };
    COURSESELECT_CO_TRY(made.id, co_await state_.write(std::move(insert)));
    const auto in_ledger =
        state_.ledger.add_student({.id = made.id, .tags = made.tags, .completed = {}});
    const auto in_catalogue = state_.catalogue.add(made);
    COURSESELECT_CHECK(in_ledger.has_value() && in_catalogue.has_value());
    co_return to_wire(made, {});
}

async::Task<core::Result<wire::Student>> CatalogueEditor::update_student(
    core::StudentId id, wire::StudentUpdate update) {
    COURSESELECT_CO_TRY(const auto guard, co_await state_.begin_change());
    const domain::Student* present = state_.catalogue.find(id);
    if (present == nullptr) {
        co_return student_missing();
    }
    domain::Student changed = *present;
    if (update.student_name) {
        const domain::Student* other = state_.catalogue.find_student(*update.student_name);
        if (other != nullptr && other->id != id) {
            co_return core::Error(core::Errc::failed_precondition,
                                  "Student with this name already exists");
        }
        changed.name = *std::move(update.student_name);
    }
    changed.tags = std::move(update.student_tags).value_or(changed.tags);
    changed.updated_at = state_.runtime.clock.wall_now();
    auto write = [changed, offered = new_tags(present->tags, changed.tags)](
                     storage::Connection& connection) -> core::Result<> {
        COURSESELECT_TRY_OK(offer_tags(connection, offered, "user"));
        return repo::update_student(connection, changed);
    };
    COURSESELECT_CO_TRY_OK(co_await state_.write(std::move(write)));
    const auto in_ledger =
        state_.ledger.update_student({.id = id, .tags = changed.tags, .completed = {}});
    const auto in_catalogue = state_.catalogue.update(changed);
    COURSESELECT_CHECK(in_ledger.has_value() && in_catalogue.has_value());
    co_return to_wire(changed, state_.ledger.courses_of(id));
}

async::Task<core::Result<wire::Done>> CatalogueEditor::delete_student(core::StudentId id) {
    COURSESELECT_CO_TRY(const auto guard, co_await state_.begin_change());
    if (state_.catalogue.find(id) == nullptr) {
        co_return student_missing();
    }
    auto write = [withdrawn = withdraw_student(state_, id),
                  id](storage::Connection& connection) -> core::Result<> {
        COURSESELECT_TRY_OK(repo::store_decisions(connection, withdrawn));
        return repo::delete_student(connection, id);
    };
    COURSESELECT_CO_TRY_OK(co_await state_.write(std::move(write)));
    const auto from_ledger = state_.ledger.remove_student(id);
    const auto from_catalogue = state_.catalogue.remove(id);
    COURSESELECT_CHECK(from_ledger.has_value() && from_catalogue.has_value());
    co_return wire::Done{.message = "Student deleted successfully"};
}

async::Task<core::Result<wire::Teacher>> CatalogueEditor::add_teacher(wire::TeacherCreate teacher) {
    COURSESELECT_CO_TRY(const auto guard, co_await state_.begin_change());
    const bool name_exists = state_.catalogue.find_teacher(teacher.teacher_name) != nullptr;
    const auto is_new =
        check_new_person(state_.catalogue, teacher.teacher_id, name_exists, "Teacher");
    if (!is_new) {
        co_return is_new.error();
    }
    const core::WallTime now = state_.runtime.clock.wall_now();
    domain::Teacher made{.id = teacher.teacher_id.value_or(core::TeacherId()),
                         .name = std::move(teacher.teacher_name),
                         .created_at = now,
                         .updated_at = now};
    auto insert = [made](storage::Connection& connection) {
        return repo::insert_teacher(connection, made);
    };
    COURSESELECT_CO_TRY(made.id, co_await state_.write(std::move(insert)));
    const auto in_catalogue = state_.catalogue.add(made);
    COURSESELECT_CHECK(in_catalogue.has_value());
    ++state_.structure;
    co_return to_wire(made, state_.catalogue.courses_of(made.id));
}

async::Task<core::Result<wire::Teacher>> CatalogueEditor::update_teacher(core::TeacherId id,
                                                                         std::string name) {
    COURSESELECT_CO_TRY(const auto guard, co_await state_.begin_change());
    const domain::Teacher* present = state_.catalogue.find(id);
    if (present == nullptr) {
        co_return teacher_missing();
    }
    const domain::Teacher* other = state_.catalogue.find_teacher(name);
    if (other != nullptr && other->id != id) {
        co_return core::Error(core::Errc::failed_precondition,
                              "Teacher with this name already exists");
    }
    domain::Teacher changed = *present;
    changed.name = std::move(name);
    changed.updated_at = state_.runtime.clock.wall_now();
    auto write = [changed](storage::Connection& connection) {
        return repo::update_teacher(connection, changed);
    };
    COURSESELECT_CO_TRY_OK(co_await state_.write(std::move(write)));
    const auto in_catalogue = state_.catalogue.update(changed);
    COURSESELECT_CHECK(in_catalogue.has_value());
    ++state_.structure;
    co_return to_wire(changed, state_.catalogue.courses_of(id));
}

async::Task<core::Result<wire::Done>> CatalogueEditor::delete_teacher(core::TeacherId id) {
    COURSESELECT_CO_TRY(const auto guard, co_await state_.begin_change());
    if (state_.catalogue.find(id) == nullptr) {
        co_return teacher_missing();
    }
    if (!state_.catalogue.courses_of(id).empty()) {
        co_return core::Error(core::Errc::failed_precondition,
                              "Cannot delete teacher with assigned courses");
    }
    auto write = [id](storage::Connection& connection) {
        return repo::delete_teacher(connection, id);
    };
    COURSESELECT_CO_TRY_OK(co_await state_.write(std::move(write)));
    const auto from_catalogue = state_.catalogue.remove(id);
    COURSESELECT_CHECK(from_catalogue.has_value());
    co_return wire::Done{.message = "Teacher deleted successfully"};
}

async::Task<core::Result<wire::Tags>> CatalogueEditor::tags(std::string type) {
    auto list = [type = std::move(type)](storage::Connection& connection) {
        return repo::list_tags(connection, type);
    };
    COURSESELECT_CO_TRY(const auto rows, co_await state_.readers->read(std::move(list)));
    wire::Tags answer;
    for (const repo::TagRow& row : rows) {
        answer.tags.push_back({row.name, row.type, row.usage_count});
    }
    co_return answer;
}

async::Task<core::Result<wire::Done>> CatalogueEditor::add_tag(wire::TagAdd tag) {
    if (tag.tag_type != "user" && tag.tag_type != "course") {
        co_return core::Error(core::Errc::invalid_argument, "tag_type must be 'user' or 'course'");
    }
    auto count = [tag](storage::Connection& connection) {
        return repo::count_tag(connection, tag.tag_name, tag.tag_type);
    };
    COURSESELECT_CO_TRY(const bool is_new, co_await state_.writes->run(std::move(count)));
    co_return wire::Done{.message =
                             is_new ? "Tag added successfully" : "Tag usage count incremented"};
}

async::Task<core::Result<wire::TagSync>> CatalogueEditor::sync_tags() {
    COURSESELECT_CO_TRY(const auto guard, co_await state_.begin_change());
    std::set<std::string> of_courses;
    std::set<std::string> of_users;
    for (const auto& [id, course] : state_.catalogue.courses()) {
        of_courses.insert(course.tags.begin(), course.tags.end());
    }
    for (const auto& [id, student] : state_.catalogue.students()) {
        of_users.insert(student.tags.begin(), student.tags.end());
    }
    auto offer = [of_courses, of_users](storage::Connection& connection) -> core::Result<> {
        COURSESELECT_TRY_OK(offer_tags(connection, of_courses, "course"));
        return offer_tags(connection, of_users, "user");
    };
    COURSESELECT_CO_TRY_OK(co_await state_.write(std::move(offer)));
    co_return wire::TagSync{.message = "Tags synced successfully",
                            .course_tags_count = static_cast<std::int64_t>(of_courses.size()),
                            .user_tags_count = static_cast<std::int64_t>(of_users.size())};
}

async::Task<core::Result<wire::IdBlock>> CatalogueEditor::reserve_ids(wire::IdRequest request) {
    const auto kind =
        request.kind == "student" ? repo::PersonKind::student : repo::PersonKind::teacher;
    auto reserve = [kind, count = request.count](storage::Connection& connection) {
        return repo::reserve_ids(connection, kind, count);
    };
    COURSESELECT_CO_TRY(const auto first, co_await state_.writes->run(std::move(reserve)));
    co_return wire::IdBlock{.first = first, .count = request.count};
}

}  // namespace courseselect::nodes::data
