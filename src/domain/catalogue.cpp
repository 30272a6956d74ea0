#include "courseselect/domain/catalogue.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace courseselect::domain {
namespace {

using core::Errc;
using core::Error;
using core::Result;

/// Lower case of ASCII letters; the bytes of other characters pass through.
std::string fold_case(std::string_view text) {
    std::string folded(text);
    for (char& c : folded) {
        if (c >= 'A' && c <= 'Z') {
            c = static_cast<char>(c + ('a' - 'A'));
        }
    }
    return folded;
}

Error entry_not_found(std::string_view kind) {
    return {Errc::not_found, "not_found", fmt::format("{} not found", kind)};
}
Error id_taken(std::string_view kind) {
    return {Errc::conflict, "id_exists", fmt::format("{} with this ID already exists", kind)};
}
Error name_taken(std::string_view kind) {
    return {Errc::conflict, "name_exists", fmt::format("{} with this name already exists", kind)};
}

}  // namespace

template <class Id, class Value>
void Catalogue::Table<Id, Value>::put(Value value) {
    erase(value.id);
    by_name[value.name].insert(value.id);
    const Id id = value.id;
    by_id.insert_or_assign(id, std::move(value));
}

template <class Id, class Value>
void Catalogue::Table<Id, Value>::erase(Id id) {
    const auto entry = by_id.find(id);
    if (entry == by_id.end()) {
        return;
    }
    const auto named = by_name.find(entry->second.name);
    named->second.erase(id);
    if (named->second.empty()) {
        by_name.erase(named);
    }
    by_id.erase(entry);
}

template <class Id, class Value>
Result<> Catalogue::add_unique(Table<Id, Value>& table, Value value, std::string_view kind) {
    if (table.find(value.id) != nullptr) {
        return id_taken(kind);
    }
    if (table.find(std::string_view(value.name)) != nullptr) {
        return name_taken(kind);
    }
    table.put(std::move(value));
    ++version_;
    return {};
}

template <class Id, class Value>
Result<> Catalogue::update_unique(Table<Id, Value>& table, Value value, std::string_view kind) {
    if (table.find(value.id) == nullptr) {
        return entry_not_found(kind);
    }
    const Value* same_name = table.find(std::string_view(value.name));
    if (same_name != nullptr && same_name->id != value.id) {
        return name_taken(kind);
    }
    table.put(std::move(value));
    ++version_;
    return {};
}

Result<> Catalogue::add(Student student) {
    return add_unique(students_, std::move(student), "Student");
}
Result<> Catalogue::add(Teacher teacher) {
    return add_unique(teachers_, std::move(teacher), "Teacher");
}
Result<> Catalogue::update(Student student) {
    return update_unique(students_, std::move(student), "Student");
}
Result<> Catalogue::update(Teacher teacher) {
    return update_unique(teachers_, std::move(teacher), "Teacher");
}

Result<> Catalogue::add(Course course) {
    if (courses_.find(course.id) != nullptr) {
        return id_taken("Course");
    }
    index(course);
    courses_.put(std::move(course));
    ++version_;
    return {};
}

Result<> Catalogue::update(Course course) {
    const Course* old = courses_.find(course.id);
    if (old == nullptr) {
        return entry_not_found("Course");
    }
    unindex(*old);
    index(course);
    courses_.put(std::move(course));
    ++version_;
    return {};
}

Result<> Catalogue::remove(core::CourseId id) {
    const Course* old = courses_.find(id);
    if (old == nullptr) {
        return entry_not_found("Course");
    }
    unindex(*old);
    courses_.erase(id);
    ++version_;
    return {};
}

Result<> Catalogue::remove(core::StudentId id) {
    if (students_.find(id) == nullptr) {
        return entry_not_found("Student");
    }
    students_.erase(id);
    ++version_;
    return {};
}

Result<> Catalogue::remove(core::TeacherId id) {
    if (teachers_.find(id) == nullptr) {
        return entry_not_found("Teacher");
    }
    if (courses_by_teacher_.contains(id)) {
        return Error(Errc::failed_precondition, "teacher_has_courses",
                     "Cannot delete teacher with assigned courses");
    }
    teachers_.erase(id);
    ++version_;
    return {};
}

const Course* Catalogue::find(core::CourseId id) const { return courses_.find(id); }
const Student* Catalogue::find(core::StudentId id) const { return students_.find(id); }
const Teacher* Catalogue::find(core::TeacherId id) const { return teachers_.find(id); }
const Course* Catalogue::find_course(std::string_view name) const { return courses_.find(name); }
const Student* Catalogue::find_student(std::string_view name) const { return students_.find(name); }
const Teacher* Catalogue::find_teacher(std::string_view name) const { return teachers_.find(name); }

std::vector<core::CourseId> Catalogue::courses_of(core::TeacherId teacher) const {
    const auto found = courses_by_teacher_.find(teacher);
    if (found == courses_by_teacher_.end()) {
        return {};
    }
    return {found->second.begin(), found->second.end()};
}

void Catalogue::index(const Course& course) {
    courses_by_teacher_[course.teacher].insert(course.id);
    searchable_[course.id] = fold_case(course.name) + '\xff' + fold_case(course.location) + '\xff' +
                             fold_case(course.notes);
}

void Catalogue::unindex(const Course& course) {
    const auto taught = courses_by_teacher_.find(course.teacher);
    taught->second.erase(course.id);
    if (taught->second.empty()) {
        courses_by_teacher_.erase(taught);
    }
    searchable_.erase(course.id);
}

bool Catalogue::matches(const Course& course, const CourseFilter& filter,
                        std::string_view folded_search) const {
    if ((filter.teacher && course.teacher != *filter.teacher) ||
        (!filter.type.empty() && course.type != filter.type) ||
        (filter.active_only && !course.active)) {
        return false;
    }
    if (!folded_search.empty() &&
        searchable_.at(course.id).find(folded_search) == std::string::npos) {
        return false;
    }
    if (!filter.student_tags) {
        return true;
    }
    return std::all_of(course.tags.begin(), course.tags.end(), [&](const std::string& tag) {
        return std::find(filter.student_tags->begin(), filter.student_tags->end(), tag) !=
               filter.student_tags->end();
    });
}

CoursePage Catalogue::courses(const CourseFilter& filter, Page page) const {
    COURSESELECT_CHECK(page.number >= 1 && page.size >= 1 && page.size <= Page::size_max);
    const std::string folded_search = fold_case(filter.search);
    CoursePage result;
    for (const auto& [id, course] : courses_.by_id) {
        if (!matches(course, filter, folded_search)) {
            continue;
        }
        if (result.total / page.size == page.number - 1) {
            result.courses.push_back(&course);
        }
        ++result.total;
    }
    return result;
}

}  // namespace courseselect::domain
