#pragma once
/// Changes of courses, students, teachers and tags: written first, shown afterwards.

#include <cstdint>
#include <string>
#include <vector>

#include "courseselect/async/task.hpp"
#include "courseselect/core/result.hpp"
#include "courseselect/nodes/data/data_state.hpp"
#include "courseselect/nodes/wire/course.hpp"
#include "courseselect/nodes/wire/people.hpp"
#include "courseselect/nodes/wire/people_batch.hpp"

namespace courseselect::nodes::data {

/// Every call holds the state's gate, so it sees no half-made decision and none sees its half.
/// Errors of all calls: not_found ("Course not found"), invalid_argument and failed_precondition
/// with the contract's texts (§2), unavailable (nothing changed).
/// Thread-safety: the runtime's loop.
class CatalogueEditor {
  public:
    explicit CatalogueEditor(DataState& state) : state_(state) {}

    [[nodiscard]] async::Task<core::Result<wire::Course>> add_course(wire::CourseCreate course);
    [[nodiscard]] async::Task<core::Result<wire::Course>> update_course(core::CourseId id,
                                                                        wire::CourseUpdate update);
    /// Withdraws its students in the same transaction.
    [[nodiscard]] async::Task<core::Result<wire::Done>> delete_course(core::CourseId id);
    /// One transaction; items are JSON texts, each judged on its own: a bad one, or one whose name
    /// exists, is an item error.
    [[nodiscard]] async::Task<core::Result<wire::CourseImport>> import_courses(
        std::vector<json::Raw> items);

    [[nodiscard]] async::Task<core::Result<wire::Student>> add_student(wire::StudentCreate student);
    /// New tags are offered to others as well (kind `user`).
    [[nodiscard]] async::Task<core::Result<wire::Student>> update_student(
        core::StudentId id, wire::StudentUpdate update);
    /// Frees the seats.
    [[nodiscard]] async::Task<core::Result<wire::Done>> delete_student(core::StudentId id);

    [[nodiscard]] async::Task<core::Result<wire::Teacher>> add_teacher(wire::TeacherCreate teacher);
    [[nodiscard]] async::Task<core::Result<wire::Teacher>> update_teacher(core::TeacherId id,
                                                                          std::string name);
    [[nodiscard]] async::Task<core::Result<wire::Done>> delete_teacher(core::TeacherId id);

    [[nodiscard]] async::Task<core::Result<wire::Tags>> tags(std::string type);
    [[nodiscard]] async::Task<core::Result<wire::Done>> add_tag(wire::TagAdd tag);
    [[nodiscard]] async::Task<core::Result<wire::TagSync>> sync_tags();

    /// Ids that nobody else gets, for the auth node.
    [[nodiscard]] async::Task<core::Result<wire::IdBlock>> reserve_ids(wire::IdRequest request);

    /// The tags of those that exist.
    [[nodiscard]] async::Task<core::Result<wire::StudentTagsList>> tags_of(
        wire::StudentLookup lookup);
    /// Adds tags to those that students have, in one transaction; an entry that cannot be done is
    /// its own error.
    [[nodiscard]] async::Task<core::Result<wire::TagsMergedList>> merge_student_tags(
        wire::StudentTagsList more);
    /// Gives courses to a teacher, in one transaction; a course that is missing is its own error.
    [[nodiscard]] async::Task<core::Result<wire::TeacherAssigned>> assign_teacher(
        wire::TeacherAssignment assignment);

  private:
    DataState& state_;
};

}  // namespace courseselect::nodes::data
