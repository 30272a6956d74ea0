#include "courseselect/domain/seat_ledger.hpp"

#include <algorithm>
#include <limits>

namespace courseselect::domain {
namespace {

using core::CourseId;
using core::Errc;
using core::Error;
using core::Result;
using core::StudentId;

constexpr std::int64_t capacity_max = std::numeric_limits<std::int32_t>::max();

Error unknown_course() { return {Errc::not_found, "course_not_found", "Course not found"}; }
Error unknown_student() { return {Errc::not_found, "student_not_found", "Student not found"}; }

Result<> check_course_rule(const CourseRule& rule) {
    if (!rule.id.is_set()) {
        return Error(Errc::invalid_argument, "invalid_course_id", "course_id: must be at least 1");
    }
    if (rule.capacity < 1 || rule.capacity > capacity_max) {
        return Error(Errc::invalid_argument, "invalid_capacity",
                     "course_capacity: must be from 1 to 2147483647");
    }
    return {};
}

template <class Id>
void sort_unique(std::vector<Id>& ids) {
    std::sort(ids.begin(), ids.end());
    ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
}

}  // namespace

// Courses and students. ---------------------------------------------------------------------------

Result<> SeatLedger::check_nothing_staged() const {
    if (!journal_.empty()) {
        return Error(Errc::failed_precondition, "decisions_staged",
                     "Commit or roll back the staged decisions first");
    }
    return {};
}

void SeatLedger::fill(std::uint32_t slot, CourseRule rule) {
    HotCourse& hot = hot_[slot];
    sort_unique(rule.prerequisites);
    hot.timetable = rule.timetable;
    hot.credit_hundredths = rule.credits.hundredths();
    hot.capacity = static_cast<std::uint32_t>(rule.capacity);
    hot.active = rule.active;
    hot.has_tags = !rule.tags.empty();
    hot.has_window = rule.window.opens || rule.window.closes;
    hot.has_prerequisites = !rule.prerequisites.empty();
    cold_[slot].tags = tag_table_.intern(rule.tags);
    cold_[slot].rule = std::move(rule);
    ++version_;
    touch(slot);
}

Result<> SeatLedger::add_course(CourseRule rule) {
    COURSESELECT_TRY_OK(check_course_rule(rule));
    if (known(course_index_.find(rule.id))) {
        return Error(Errc::conflict, "course_exists", "Course with this ID already exists");
    }
    std::uint32_t slot = 0;
    if (free_courses_.empty()) {
        slot = static_cast<std::uint32_t>(cold_.size());
        hot_.emplace_back();
        cold_.emplace_back();
    } else {
        slot = free_courses_.back();
        free_courses_.pop_back();
    }
    course_index_.insert(rule.id, slot);
    fill(slot, std::move(rule));
    return {};
}

Result<> SeatLedger::update_course(CourseRule rule) {
    COURSESELECT_TRY_OK(check_course_rule(rule));
    const std::uint32_t slot = course_index_.find(rule.id);
    if (!known(slot)) {
        return unknown_course();
    }
    COURSESELECT_TRY_OK(check_nothing_staged());
    if (rule.capacity < static_cast<std::int64_t>(hot_[slot].taken)) {
        return Error(Errc::failed_precondition, "capacity_below_selected",
                     "Capacity is below the number of selected students");
    }
    const std::int64_t more_credits = rule.credits.hundredths() - hot_[slot].credit_hundredths;
    for (const std::uint32_t student : cold_[slot].students) {
        students_[student].credit_hundredths += more_credits;
    }
    fill(slot, std::move(rule));
    return {};
}

Result<std::vector<StudentId>> SeatLedger::remove_course(CourseId course) {
    const std::uint32_t slot = course_index_.find(course);
    if (!known(slot)) {
        return unknown_course();
    }
    COURSESELECT_TRY_OK(check_nothing_staged());
    std::vector<StudentId> withdrawn = students_of(course);
    for (const std::uint32_t student : cold_[slot].students) {
        students_[student].courses.erase(slot);
        students_[student].credit_hundredths -= hot_[slot].credit_hundredths;
    }
    course_index_.erase(course);
    unlink(slot);
    hot_[slot] = {};
    cold_[slot] = {};
    free_courses_.push_back(slot);
    ++version_;
    return withdrawn;
}

Result<> SeatLedger::add_student(const StudentRule& rule) {
    if (!rule.id.is_set()) {
        return Error(Errc::invalid_argument, "invalid_student_id",
                     "student_id: must be at least 1");
    }
    if (known(student_index_.find(rule.id))) {
        return Error(Errc::conflict, "student_exists", "Student with this ID already exists");
    }
    std::uint32_t slot = 0;
    if (free_students_.empty()) {
        slot = static_cast<std::uint32_t>(students_.size());
        students_.emplace_back();
    } else {
        slot = free_students_.back();
        free_students_.pop_back();
    }
    students_[slot].id = rule.id;
    student_index_.insert(rule.id, slot);
    return update_student(rule);
}

Result<> SeatLedger::update_student(const StudentRule& rule) {
    const std::uint32_t slot = student_index_.find(rule.id);
    if (!known(slot)) {
        return unknown_student();
    }
    StudentSlot& student = students_[slot];
    student.tags = tag_table_.intern(rule.tags);
    student.completed = rule.completed;
    sort_unique(student.completed);
    ++version_;
    return {};
}

Result<std::vector<CourseId>> SeatLedger::remove_student(StudentId student) {
    const std::uint32_t slot = student_index_.find(student);
    if (!known(slot)) {
        return unknown_student();
    }
    COURSESELECT_TRY_OK(check_nothing_staged());
    std::vector<CourseId> freed = courses_of(student);
    ++version_;
    for (const CourseId id : freed) {
        const std::uint32_t course = course_index_.find(id);
        detail::erase_slot(cold_[course].students, slot);
        --hot_[course].taken;
        touch(course);
    }
    student_index_.erase(student);
    students_[slot] = {};
    free_students_.push_back(slot);
    return freed;
}

Result<> SeatLedger::restore_enrolment(StudentId student_id, CourseId course_id) {
    const std::uint32_t student = student_index_.find(student_id);
    const std::uint32_t course = course_index_.find(course_id);
    if (!known(student)) {
        return unknown_student();
    }
    if (!known(course)) {
        return unknown_course();
    }
    COURSESELECT_TRY_OK(check_nothing_staged());
    if (students_[student].courses.contains(course)) {
        return Error(Errc::conflict, "already_selected", "Student already selected this course");
    }
    if (hot_[course].taken >= hot_[course].capacity) {
        return Error(Errc::data_corrupt, "over_capacity",
                     "More enrolments are stored than the course has seats");
    }
    apply(RequestKind::select, student, course);
    commit();
    return {};
}

// Staging.
// -----------------------------------------------------------------------------------------

void SeatLedger::apply(RequestKind kind, std::uint32_t student_slot, std::uint32_t course_slot) {
    StudentSlot& student = students_[student_slot];
    HotCourse& course = hot_[course_slot];
    journal_.push_back({student_slot, course_slot, student.last_staged, kind});
    student.last_staged = static_cast<std::uint32_t>(journal_.size() - 1);
    if (kind == RequestKind::select) {
        student.courses.insert(course_slot);
        student.credit_hundredths += course.credit_hundredths;
        ++course.taken;
    } else {
        student.courses.erase(course_slot);
        student.credit_hundredths -= course.credit_hundredths;
        --course.taken;
    }
}

void SeatLedger::commit() {
    if (journal_.empty()) {
        return;
    }
    ++version_;
    for (const Staged& change : journal_) {
        std::vector<std::uint32_t>& seated = cold_[change.course].students;
        if (change.kind == RequestKind::select) {
            seated.push_back(change.student);
        } else {
            detail::erase_slot(seated, change.student);
        }
        students_[change.student].last_staged = none;
        touch(change.course);
    }
    journal_.clear();
}

void SeatLedger::rollback() {
    for (auto change = journal_.rbegin(); change != journal_.rend(); ++change) {
        StudentSlot& student = students_[change->student];
        HotCourse& course = hot_[change->course];
        if (change->kind == RequestKind::select) {
            student.courses.erase(change->course);
            student.credit_hundredths -= course.credit_hundredths;
            --course.taken;
        } else {
            student.courses.insert(change->course);
            student.credit_hundredths += course.credit_hundredths;
            ++course.taken;
        }
        student.last_staged = none;
    }
    journal_.clear();
}

// Reads. ------------------------------------------------------------------------------------------

bool SeatLedger::has_course(CourseId course) const { return known(course_index_.find(course)); }
bool SeatLedger::has_student(StudentId student) const {
    return known(student_index_.find(student));
}

std::uint32_t SeatLedger::seats_taken(CourseId course) const {
    const std::uint32_t slot = course_index_.find(course);
    return known(slot) ? static_cast<std::uint32_t>(cold_[slot].students.size()) : 0;
}

std::uint32_t SeatLedger::left(CourseId course) const {
    const std::uint32_t slot = course_index_.find(course);
    return known(slot) ? hot_[slot].capacity - seats_taken(course) : 0;
}

std::vector<std::uint32_t> SeatLedger::committed_courses(const StudentSlot& student) const {
    std::vector<std::uint32_t> slots;
    for (std::uint32_t i = 0; i < student.courses.size(); ++i) {
        slots.push_back(student.courses[i]);
    }
    for (std::uint32_t i = student.last_staged; i != none; i = journal_[i].previous_of_student) {
        if (journal_[i].kind == RequestKind::select) {
            detail::erase_slot(slots, journal_[i].course);
        } else {
            slots.push_back(journal_[i].course);
        }
    }
    return slots;
}

bool SeatLedger::is_enrolled(StudentId student_id, CourseId course_id) const {
    const std::uint32_t student = student_index_.find(student_id);
    const std::uint32_t course = course_index_.find(course_id);
    if (!known(student) || !known(course)) {
        return false;
    }
    if (students_[student].last_staged == none) {
        return students_[student].courses.contains(course);
    }
    const std::vector<std::uint32_t> slots = committed_courses(students_[student]);
    return std::find(slots.begin(), slots.end(), course) != slots.end();
}

std::vector<CourseId> SeatLedger::courses_of(StudentId student) const {
    std::vector<CourseId> ids;
    const std::uint32_t slot = student_index_.find(student);
    if (known(slot)) {
        for (const std::uint32_t course : committed_courses(students_[slot])) {
            ids.push_back(cold_[course].rule.id);
        }
        std::sort(ids.begin(), ids.end());
    }
    return ids;
}

std::vector<StudentId> SeatLedger::students_of(CourseId course) const {
    std::vector<StudentId> ids;
    const std::uint32_t slot = course_index_.find(course);
    if (known(slot)) {
        ids.reserve(cold_[slot].students.size());
        for (const std::uint32_t student : cold_[slot].students) {
            ids.push_back(students_[student].id);
        }
        std::sort(ids.begin(), ids.end());
    }
    return ids;
}

std::vector<SeatChange> SeatLedger::changed_since(std::uint64_t version) const {
    std::vector<SeatChange> changes;
    for (std::uint32_t slot = newest_change_; slot != none && cold_[slot].changed_at > version;
         slot = cold_[slot].older) {
        const auto taken = static_cast<std::uint32_t>(cold_[slot].students.size());
        changes.push_back({cold_[slot].rule.id, taken, hot_[slot].capacity - taken});
    }
    std::sort(changes.begin(), changes.end(),
              [](const SeatChange& a, const SeatChange& b) { return a.course < b.course; });
    return changes;
}

/// Moves the course to the head of the list of changes.
void SeatLedger::touch(std::uint32_t course) {
    if (cold_[course].changed_at == version_) {
        return;
    }
    unlink(course);
    ColdCourse& changed = cold_[course];
    changed.changed_at = version_;
    changed.older = newest_change_;
    if (newest_change_ != none) {
        cold_[newest_change_].newer = course;
    }
    newest_change_ = course;
}

/// Takes the course out of the list of changes, if it is in it.
void SeatLedger::unlink(std::uint32_t course) {
    ColdCourse& changed = cold_[course];
    if (changed.changed_at == 0) {
        return;
    }
    (changed.newer == none ? newest_change_ : cold_[changed.newer].older) = changed.older;
    if (changed.older != none) {
        cold_[changed.older].newer = changed.newer;
    }
    changed.newer = none;
    changed.older = none;
    changed.changed_at = 0;
}

}  // namespace courseselect::domain
