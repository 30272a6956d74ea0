#pragma once
/// All courses, students and teachers in memory, for reads that must not touch the database.

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "courseselect/core/ids.hpp"
#include "courseselect/core/result.hpp"
#include "courseselect/domain/course.hpp"
#include "courseselect/domain/student.hpp"
#include "courseselect/domain/teacher.hpp"

namespace courseselect::domain {

/// Which part of a list is wanted (contract §1.3, "Pages"). Callers have checked the bounds.
struct Page {
    static constexpr std::size_t size_max = 1000;
    std::size_t number = 1;  ///< from 1
    std::size_t size = 20;   ///< 1 to `size_max`
};

/// Which courses are wanted; everything left out does not filter.
struct CourseFilter {
    std::optional<core::TeacherId> teacher;
    std::string type;    ///< exact; empty: any
    std::string search;  ///< substring of name, location or notes; ASCII letters match either case,
                         ///< other bytes of UTF-8 exactly; `%` and `_` are plain characters
    bool active_only = false;
    /// When set, only courses all of whose tags are among these (contract §5, "available").
    std::optional<std::vector<std::string>> student_tags{};
};

/// One page of courses by ascending id. The pointers hold until the next change.
struct CoursePage {
    std::vector<const Course*> courses;
    std::size_t total = 0;  ///< matches before paging
};

/// The catalogue. It keeps ids and the names of students and teachers unique; course names may
/// repeat (contract: only the bulk import refuses them).
///
/// Ownership: owns copies. Pointers from reads hold until the next change.
/// Thread-safety: none; the executor this object was built on.
class Catalogue {
  public:
    /// Errors: conflict (the id exists). Ids are set by the caller.
    [[nodiscard]] core::Result<> add(Course course);
    /// Errors: conflict "Student with this ID already exists" / "… name already exists".
    [[nodiscard]] core::Result<> add(Student student);
    /// Errors: conflict "Teacher with this ID already exists" / "… name already exists".
    [[nodiscard]] core::Result<> add(Teacher teacher);

    /// Replaces the entry with that id. Errors: not_found, conflict (name).
    [[nodiscard]] core::Result<> update(Course course);
    [[nodiscard]] core::Result<> update(Student student);
    [[nodiscard]] core::Result<> update(Teacher teacher);

    /// Errors: not_found.
    [[nodiscard]] core::Result<> remove(core::CourseId id);
    [[nodiscard]] core::Result<> remove(core::StudentId id);
    /// Errors: not_found, failed_precondition "Cannot delete teacher with assigned courses".
    [[nodiscard]] core::Result<> remove(core::TeacherId id);

    /// Null when there is none.
    [[nodiscard]] const Course* find(core::CourseId id) const;
    [[nodiscard]] const Student* find(core::StudentId id) const;
    [[nodiscard]] const Teacher* find(core::TeacherId id) const;
    /// The course with the smallest id of that name.
    [[nodiscard]] const Course* find_course(std::string_view name) const;
    [[nodiscard]] const Student* find_student(std::string_view name) const;
    [[nodiscard]] const Teacher* find_teacher(std::string_view name) const;

    /// Ascending ids; also of a teacher who is not in the catalogue.
    [[nodiscard]] std::vector<core::CourseId> courses_of(core::TeacherId teacher) const;

    /// A linear walk: 2,000 courses take some tens of microseconds.
    [[nodiscard]] CoursePage courses(const CourseFilter& filter, Page page) const;

    /// All of a kind by ascending id.
    [[nodiscard]] const auto& courses() const { return courses_.by_id; }
    [[nodiscard]] const auto& students() const { return students_.by_id; }
    [[nodiscard]] const auto& teachers() const { return teachers_.by_id; }

    /// Grows with every change, so that readers can keep what they built from it.
    [[nodiscard]] std::uint64_t version() const { return version_; }

  private:
    /// Entries by id, and ids by name; a name may belong to several courses.
    template <class Id, class Value>
    struct Table {
        std::map<Id, Value> by_id;
        std::map<std::string, std::set<Id>, std::less<>> by_name;

        [[nodiscard]] const Value* find(Id id) const {
            const auto found = by_id.find(id);
            return found == by_id.end() ? nullptr : &found->second;
        }
        [[nodiscard]] const Value* find(std::string_view name) const {
            const auto found = by_name.find(name);
            return found == by_name.end() ? nullptr : find(*found->second.begin());
        }
        void put(Value value);
        void erase(Id id);
    };

    template <class Id, class Value>
    core::Result<> add_unique(Table<Id, Value>& table, Value value, std::string_view kind);
    template <class Id, class Value>
    core::Result<> update_unique(Table<Id, Value>& table, Value value, std::string_view kind);
    [[nodiscard]] bool matches(const Course& course, const CourseFilter& filter,
                               std::string_view folded_search) const;
    void index(const Course& course);
    void unindex(const Course& course);

    Table<core::CourseId, Course> courses_;
    Table<core::StudentId, Student> students_;
    Table<core::TeacherId, Teacher> teachers_;
    std::map<core::TeacherId, std::set<core::CourseId>> courses_by_teacher_;
    /// Name, location and notes of a course in lower case, apart by a byte UTF-8 never has.
    std::unordered_map<core::CourseId, std::string> searchable_;
    std::uint64_t version_ = 0;
};

}  // namespace courseselect::domain
