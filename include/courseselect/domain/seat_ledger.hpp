#pragma once
/// The seat ledger: who sits where, and who may. The only place that gives a seat.

#include <cstdint>
#include <memory>
#include <vector>

#include "courseselect/core/ids.hpp"
#include "courseselect/core/result.hpp"
#include "courseselect/domain/decision.hpp"
#include "courseselect/domain/detail/id_index.hpp"
#include "courseselect/domain/detail/slot_list.hpp"
#include "courseselect/domain/detail/tag_set.hpp"
#include "courseselect/domain/selection_rule.hpp"

namespace courseselect::domain {

/// A course's committed seats after a change.
struct SeatChange {
    core::CourseId course;
    std::uint32_t taken = 0;
    std::uint32_t left = 0;
    friend bool operator==(const SeatChange&, const SeatChange&) = default;
};

/// Decides selections in memory. A decision is staged: it counts for the decisions after it, but
/// reads show it only after `commit()`, and `rollback()` takes all staged ones back. So a caller
/// decides a batch, writes it to the database, and then commits or rolls back:
///
///     const Decision decision = ledger.decide(request);     // once for every request of the batch
///     if (save(batch)) { ledger.commit(); } else { ledger.rollback(); }
///
/// Courses and students change at once, without stage: write them to the database first.
///
/// Invariants: 0 <= taken <= capacity for every course, committed and staged; nobody has a course
/// twice; both sides of an enrolment exist.
/// Ownership: owns everything, the plugged-in rules too.
/// Thread-safety: none; the executor this object was built on.
/// Limits: 2^32 - 1 courses and students, capacity 2^31 - 1. About 150 bytes a student.
class SeatLedger {
  public:
    explicit SeatLedger(LedgerLimits limits = {}) : limits_(limits) {}
    SeatLedger(const SeatLedger&) = delete;
    SeatLedger& operator=(const SeatLedger&) = delete;
    SeatLedger(SeatLedger&&) = default;
    SeatLedger& operator=(SeatLedger&&) = default;

    // Courses and students. -----------------------------------------------------------------------

    /// Errors: conflict (the id exists), invalid_argument (capacity or id out of bounds).
    [[nodiscard]] core::Result<> add_course(CourseRule rule);
    /// Replaces the rule of that id; enrolments stay, even where the new rule would refuse them.
    /// Errors: not_found; failed_precondition `capacity_below_selected`, `decisions_staged`.
    [[nodiscard]] core::Result<> update_course(CourseRule rule);
    /// Removes the course from its students. Returns them by ascending id.
    /// Errors: not_found, failed_precondition `decisions_staged`.
    [[nodiscard]] core::Result<std::vector<core::StudentId>> remove_course(core::CourseId course);

    /// Errors: conflict (the id exists), invalid_argument (id below 1).
    [[nodiscard]] core::Result<> add_student(const StudentRule& rule);
    /// Replaces tags and completed courses. Errors: not_found.
    [[nodiscard]] core::Result<> update_student(const StudentRule& rule);
    /// Frees the student's seats. Returns the courses by ascending id.
    /// Errors: not_found, failed_precondition `decisions_staged`.
    [[nodiscard]] core::Result<std::vector<core::CourseId>> remove_student(core::StudentId student);

    /// Takes over a stored enrolment, committed at once. Rules are not asked: they were when it was
    /// made. Errors: not_found, conflict (known already), data_corrupt (more than the capacity),
    /// failed_precondition `decisions_staged`.
    [[nodiscard]] core::Result<> restore_enrolment(core::StudentId student, core::CourseId course);

    void set_limits(LedgerLimits limits) { limits_ = limits; }
    [[nodiscard]] const LedgerLimits& limits() const { return limits_; }
    /// Rules are asked in the order in which they were added.
    void add_rule(std::unique_ptr<const SelectionRule> rule) { rules_.push_back(std::move(rule)); }

    // Decisions. ----------------------------------------------------------------------------------

    /// Accepts, and stages the change, or refuses with every reason and changes nothing. When the
    /// student or the course is unknown only that is said. A course the student already has is not
    /// held against itself: clashes and limits then speak of the others, or not at all.
    [[nodiscard]] Decision decide(const Request& request);
    /// The same answer without staging anything.
    [[nodiscard]] Decision check(const Request& request) const;

    [[nodiscard]] std::size_t staged() const { return journal_.size(); }
    /// Makes all staged decisions visible. Costs O(staged), and for each deselect a walk over the
    /// course's students.
    void commit();
    /// Undoes all staged decisions, as if they had not been asked for. O(staged).
    void rollback();

    // Reads of the committed state. ---------------------------------------------------------------

    [[nodiscard]] bool has_course(core::CourseId course) const;
    [[nodiscard]] bool has_student(core::StudentId student) const;
    /// 0 for an unknown course.
    [[nodiscard]] std::uint32_t seats_taken(core::CourseId course) const;
    [[nodiscard]] std::uint32_t left(core::CourseId course) const;
    [[nodiscard]] bool is_enrolled(core::StudentId student, core::CourseId course) const;
    /// Ascending ids; empty for an unknown one.
    [[nodiscard]] std::vector<core::CourseId> courses_of(core::StudentId student) const;
    [[nodiscard]] std::vector<core::StudentId> students_of(core::CourseId course) const;

    /// Grows whenever the committed state changes, and only then.
    [[nodiscard]] std::uint64_t version() const { return version_; }
    /// Courses whose taken or left may have changed after `version`, by ascending id; removed
    /// courses are not listed. O(changed courses). 0 asks for all.
    [[nodiscard]] std::vector<SeatChange> changed_since(std::uint64_t version) const;

  private:
    static constexpr std::uint32_t none = 0xffff'ffff;

    /// What every decision reads of a course, apart from what few decisions need.
    struct HotCourse {
        Timetable timetable;
        std::int64_t credit_hundredths = 0;
        std::uint32_t capacity = 0;
        std::uint32_t taken = 0;  ///< staged ones counted
        bool active = false;
        bool has_tags = false;
        bool has_window = false;
        bool has_prerequisites = false;
    };
    struct ColdCourse {
        CourseRule rule;
        detail::TagSet tags;
        std::vector<std::uint32_t> students;  ///< committed, without order
        std::uint64_t changed_at = 0;         ///< version; 0: the slot is free
        std::uint32_t newer = none;           ///< the changed courses, latest first
        std::uint32_t older = none;
    };
    struct StudentSlot {
        core::StudentId id;
        detail::SlotList courses;  ///< staged ones included
        std::int64_t credit_hundredths = 0;
        detail::TagSet tags;
        std::vector<core::CourseId> completed;  ///< sorted
        std::uint32_t last_staged = none;       ///< newest journal entry of this student
    };
    /// One staged change; the entries of a student are chained.
    struct Staged {
        std::uint32_t student;
        std::uint32_t course;
        std::uint32_t previous_of_student;
        RequestKind kind;
    };
    class LedgerStudentView;

    [[nodiscard]] ReasonSet broken_rules(const Request& request, std::uint32_t student,
                                         std::uint32_t course) const;
    [[nodiscard]] bool clashes(const StudentSlot& student, std::uint32_t course) const;
    [[nodiscard]] bool lacks_prerequisite(const StudentSlot& student, std::uint32_t course) const;
    [[nodiscard]] bool satisfies(const StudentSlot& student, core::CourseId prerequisite) const;
    [[nodiscard]] std::vector<CustomRefusal> ask_rules(const Request& request,
                                                       std::uint32_t student,
                                                       std::uint32_t course) const;
    [[nodiscard]] Decision explain(ReasonSet why, std::uint32_t student, std::uint32_t course,
                                   std::vector<CustomRefusal> custom) const;
    [[nodiscard]] Decision judge(const Request& request, std::uint32_t student,
                                 std::uint32_t course) const;
    void apply(RequestKind kind, std::uint32_t student, std::uint32_t course);
    [[nodiscard]] std::vector<std::uint32_t> committed_courses(const StudentSlot& student) const;
    [[nodiscard]] core::Result<> check_nothing_staged() const;
    void fill(std::uint32_t slot, CourseRule rule);
    void touch(std::uint32_t course);
    void unlink(std::uint32_t course);
    [[nodiscard]] static bool known(std::uint32_t slot) { return slot != none; }

    LedgerLimits limits_;
    std::vector<std::unique_ptr<const SelectionRule>> rules_;
    detail::TagTable tag_table_;
    detail::IdIndex<core::CourseId> course_index_;
    detail::IdIndex<core::StudentId> student_index_;
    std::vector<HotCourse> hot_;
    std::vector<ColdCourse> cold_;
    std::vector<StudentSlot> students_;
    std::vector<std::uint32_t> free_courses_;
    std::vector<std::uint32_t> free_students_;
    std::vector<Staged> journal_;
    std::uint64_t version_ = 0;
    std::uint32_t newest_change_ = none;
};

}  // namespace courseselect::domain
