#pragma once
/// What the seat ledger must know of courses and students, and how to add a rule of one's own.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "courseselect/core/ids.hpp"
#include "courseselect/domain/course.hpp"
#include "courseselect/domain/decision.hpp"
#include "courseselect/domain/timetable.hpp"

namespace courseselect::domain {

/// A course in the ledger's eyes.
struct CourseRule {
    core::CourseId id;
    std::string name;           ///< for the words of a refusal
    std::int64_t capacity = 1;  ///< 1 to 2,147,483,647
    bool active = true;         ///< an inactive course cannot be selected, only deselected
    Timetable timetable{};
    std::vector<std::string> tags{};  ///< a student needs all of them
    Credits credits{};
    SelectionWindow window{};  ///< holds for selecting; deselecting is always possible
    /// Courses the student must have selected or completed.
    std::vector<core::CourseId> prerequisites{};
};

/// The ledger's part of a catalogue course. Errors: invalid_argument (begin not before end).
[[nodiscard]] core::Result<CourseRule> course_rule(const Course& course);

/// A student in the ledger's eyes.
struct StudentRule {
    core::StudentId id;
    std::vector<std::string> tags{};
    std::vector<core::CourseId> completed{};  ///< earlier courses; they satisfy prerequisites
};

/// Switches and bounds for every selection. They may change at run time; what is already selected
/// stays.
struct LedgerLimits {
    std::uint32_t courses_max = 0;  ///< selected courses a student; 0: no limit
    Credits credits_max{};          ///< sum of a student's credits; 0: no limit
    bool conflict_check = true;     ///< refuse courses whose times clash
    bool tag_check = true;          ///< refuse students who lack a tag of the course
    SelectionWindow window{};       ///< of all courses; a course's own window narrows it
};

/// A student while a plugged-in rule looks, staged selections included.
class StudentView {
  public:
    virtual ~StudentView() = default;
    [[nodiscard]] virtual core::StudentId id() const = 0;
    [[nodiscard]] virtual bool has_tag(std::string_view tag) const = 0;
    [[nodiscard]] virtual bool has_selected(core::CourseId course) const = 0;
    [[nodiscard]] virtual bool has_completed(core::CourseId course) const = 0;
    /// Ascending ids. Allocates.
    [[nodiscard]] virtual std::vector<core::CourseId> courses() const = 0;
    [[nodiscard]] virtual Credits credits() const = 0;
};

/// A course while a plugged-in rule looks, staged selections counted.
struct CourseView {
    const CourseRule& rule;
    std::uint32_t seats_taken = 0;
};

/// A school's own rule, asked after the built-in ones for every selection of a known course by a
/// known student. It must be a pure function of its arguments: no clock, no state, no ledger.
class SelectionRule {
  public:
    virtual ~SelectionRule() = default;
    /// Returns nothing to agree, or why not.
    [[nodiscard]] virtual std::optional<CustomRefusal> check(const CourseView& course,
                                                             const StudentView& student,
                                                             core::WallTime now) const = 0;
};

}  // namespace courseselect::domain
