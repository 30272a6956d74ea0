#pragma once
/// Courses, students, teachers and tags in the database. The catalogue in memory is loaded from
/// here and changed only after a change here is durable. All functions run inside the caller's
/// transaction.

#include <cstdint>
#include <string_view>
#include <vector>

#include "courseselect/core/ids.hpp"
#include "courseselect/core/result.hpp"
#include "courseselect/domain/course.hpp"
#include "courseselect/domain/student.hpp"
#include "courseselect/domain/teacher.hpp"
#include "courseselect/storage/connection.hpp"

namespace courseselect::repo {

struct CatalogueRows {
    std::vector<domain::Course> courses;
    std::vector<domain::Student> students;
    std::vector<domain::Teacher> teachers;
};
/// Everything, by id. Errors: data_corrupt (a schedule or tag list that cannot be read).
[[nodiscard]] core::Result<CatalogueRows> load_catalogue(storage::Connection& connection);

/// Stores a new course under a new id, which is returned.
[[nodiscard]] core::Result<core::CourseId> insert_course(storage::Connection& connection,
                                                         const domain::Course& course);
/// Errors: conflict `check_violation` (capacity below the seats taken), not_found.
[[nodiscard]] core::Result<> update_course(storage::Connection& connection,
                                           const domain::Course& course);
/// Its enrolments must be withdrawn before (`store_decisions`).
[[nodiscard]] core::Result<> delete_course(storage::Connection& connection, core::CourseId id);

/// Ids below are handed out once: the caller is the only user of `first` to `first + count - 1`.
enum class PersonKind : std::uint8_t { student, teacher };
[[nodiscard]] core::Result<std::int64_t> reserve_ids(storage::Connection& connection,
                                                     PersonKind kind, std::int64_t count);

/// Stores a student; without an id a new one is handed out. Returns the id.
/// Errors: conflict `unique_violation` (id or name exists).
[[nodiscard]] core::Result<core::StudentId> insert_student(storage::Connection& connection,
                                                           const domain::Student& student);
[[nodiscard]] core::Result<> update_student(storage::Connection& connection,
                                            const domain::Student& student);
[[nodiscard]] core::Result<> delete_student(storage::Connection& connection, core::StudentId id);

/// The same for teachers.
[[nodiscard]] core::Result<core::TeacherId> insert_teacher(storage::Connection& connection,
                                                           const domain::Teacher& teacher);
[[nodiscard]] core::Result<> update_teacher(storage::Connection& connection,
                                            const domain::Teacher& teacher);
[[nodiscard]] core::Result<> delete_teacher(storage::Connection& connection, core::TeacherId id);

struct TagRow {
    std::string name;
    std::string type;  ///< "user" or "course"
    std::int64_t usage_count = 0;
};
/// Most used first, then by name; an empty type means both (contract §2.4).
[[nodiscard]] core::Result<std::vector<TagRow>> list_tags(storage::Connection& connection,
                                                          std::string_view type);
/// Adds a tag with count 1, or counts it once more. Returns true when it is new.
[[nodiscard]] core::Result<bool> count_tag(storage::Connection& connection, std::string_view name,
                                           std::string_view type);
/// Adds a tag with count 1 when it is new; else nothing changes.
[[nodiscard]] core::Result<> offer_tag(storage::Connection& connection, std::string_view name,
                                       std::string_view type);

}  // namespace courseselect::repo
