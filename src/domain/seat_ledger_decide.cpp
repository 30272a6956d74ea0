#include "courseselect/domain/seat_ledger.hpp"

#include <algorithm>

namespace courseselect::domain {

using core::CourseId;
using core::StudentId;

/// The student as plugged-in rules see them.
class SeatLedger::LedgerStudentView final : public StudentView {
  public:
    LedgerStudentView(const SeatLedger& ledger, const StudentSlot& student)
        : ledger_(ledger), student_(student) {}

    StudentId id() const override { return student_.id; }
    bool has_tag(std::string_view tag) const override {
        const std::uint32_t number = ledger_.tag_table_.find(tag);
        return number != detail::TagTable::none && student_.tags.contains(number);
    }
    bool has_selected(CourseId course) const override {
        const std::uint32_t slot = ledger_.course_index_.find(course);
        return known(slot) && student_.courses.contains(slot);
    }
    bool has_completed(CourseId course) const override {
        return std::binary_search(student_.completed.begin(), student_.completed.end(), course);
    }
    std::vector<CourseId> courses() const override {
        std::vector<CourseId> ids;
        for (std::uint32_t i = 0; i < student_.courses.size(); ++i) {
            ids.push_back(ledger_.cold_[student_.courses[i]].rule.id);
        }
        std::sort(ids.begin(), ids.end());
        return ids;
    }
    Credits credits() const override {
        return Credits::from_hundredths(student_.credit_hundredths);
    }

  private:
    const SeatLedger& ledger_;
    const StudentSlot& student_;
};

bool SeatLedger::clashes(const StudentSlot& student, std::uint32_t course) const {
    const Timetable timetable = hot_[course].timetable;
    return student.courses.any([&](std::uint32_t other) {
        return other != course && hot_[other].timetable.clashes_with(timetable);
    });
}

bool SeatLedger::satisfies(const StudentSlot& student, CourseId prerequisite) const {
    const std::uint32_t slot = course_index_.find(prerequisite);
    return (known(slot) && student.courses.contains(slot)) ||
           std::binary_search(student.completed.begin(), student.completed.end(), prerequisite);
}

bool SeatLedger::lacks_prerequisite(const StudentSlot& student, std::uint32_t course) const {
    const std::vector<CourseId>& prerequisites = cold_[course].rule.prerequisites;
    return std::any_of(prerequisites.begin(), prerequisites.end(),
                       [&](CourseId id) { return !satisfies(student, id); });
}

ReasonSet SeatLedger::broken_rules(const Request& request, std::uint32_t student_slot,
                                   std::uint32_t course_slot) const {
    ReasonSet why;
    if (!known(student_slot) || !known(course_slot)) [[unlikely]] {
        why.insert_if(ReasonCode::student_not_found, !known(student_slot));
        why.insert_if(ReasonCode::course_not_found, !known(course_slot));
        return why;
    }
    const StudentSlot& student = students_[student_slot];
    const HotCourse& course = hot_[course_slot];
    const bool has_it = student.courses.contains(course_slot);
    if (request.kind == RequestKind::deselect) {
        why.insert_if(ReasonCode::not_selected, !has_it);
        return why;
    }
    why.insert_if(ReasonCode::course_full, course.taken >= course.capacity);
    why.insert_if(ReasonCode::already_selected, has_it);
    why.insert_if(ReasonCode::course_inactive, !course.active);
    if (course.has_tags && limits_.tag_check) {
        why.insert_if(ReasonCode::missing_tags,
                      !student.tags.contains_all(cold_[course_slot].tags));
    }
    if (limits_.conflict_check) {
        why.insert_if(ReasonCode::time_conflict, clashes(student, course_slot));
    }
    const bool in_term = limits_.window.contains(request.now);
    if (course.has_window || !in_term) {
        why.insert_if(ReasonCode::outside_window,
                      !in_term || !cold_[course_slot].rule.window.contains(request.now));
    }
    if (!has_it) {
        why.insert_if(ReasonCode::course_limit,
                      limits_.courses_max != 0 && student.courses.size() >= limits_.courses_max);
        const std::int64_t credits_max = limits_.credits_max.hundredths();
        why.insert_if(
            ReasonCode::credit_limit,
            credits_max != 0 && student.credit_hundredths + course.credit_hundredths > credits_max);
    }
    if (course.has_prerequisites) {
        why.insert_if(ReasonCode::missing_prerequisite, lacks_prerequisite(student, course_slot));
    }
    return why;
}

std::vector<CustomRefusal> SeatLedger::ask_rules(const Request& request, std::uint32_t student,
                                                 std::uint32_t course) const {
    std::vector<CustomRefusal> refusals;
    const LedgerStudentView student_view(*this, students_[student]);
    const CourseView course_view{cold_[course].rule, hot_[course].taken};
    for (const auto& rule : rules_) {
        if (auto refusal = rule->check(course_view, student_view, request.now)) {
            refusals.push_back(*std::move(refusal));
        }
    }
    return refusals;
}

Decision SeatLedger::explain(ReasonSet why, std::uint32_t student_slot, std::uint32_t course_slot,
                             std::vector<CustomRefusal> custom) const {
    if (!why.has_arguments()) {
        return Decision::refuse(why, nullptr);
    }
    const StudentSlot& student = students_[student_slot];
    const CourseRule& course = cold_[course_slot].rule;
    auto details = std::make_shared<RefusalDetails>();
    if (why.contains(ReasonCode::missing_tags)) {
        for (const std::string& tag : course.tags) {
            if (!student.tags.contains(tag_table_.find(tag))) {
                details->missing_tags.push_back(tag);
            }
        }
    }
    if (why.contains(ReasonCode::time_conflict)) {
        for (std::uint32_t i = 0; i < student.courses.size(); ++i) {
            const std::uint32_t other = student.courses[i];
            if (other != course_slot && hot_[other].timetable.clashes_with(course.timetable)) {
                details->conflicts.push_back({cold_[other].rule.id, cold_[other].rule.name});
            }
        }
        std::sort(details->conflicts.begin(), details->conflicts.end(),
                  [](const NamedCourse& a, const NamedCourse& b) { return a.id < b.id; });
    }
    if (why.contains(ReasonCode::missing_prerequisite)) {
        for (const CourseId id : course.prerequisites) {
            if (!satisfies(student, id)) {
                const std::uint32_t slot = course_index_.find(id);
                details->missing_prerequisites.push_back(
                    {id, known(slot) ? cold_[slot].rule.name : std::string()});
            }
        }
    }
    if (why.contains(ReasonCode::outside_window)) {
        details->window = course.window.within(limits_.window);
    }
    if (why.contains(ReasonCode::course_limit)) {
        details->courses_max = limits_.courses_max;
    }
    if (why.contains(ReasonCode::credit_limit)) {
        details->credits_max = limits_.credits_max;
        details->credits_have = Credits::from_hundredths(student.credit_hundredths);
        details->credits_want = course.credits;
    }
    details->custom = std::move(custom);
    return Decision::refuse(why, std::move(details));
}

Decision SeatLedger::judge(const Request& request, std::uint32_t student,
                           std::uint32_t course) const {
    ReasonSet why = broken_rules(request, student, course);
    std::vector<CustomRefusal> custom;
    if (!rules_.empty() && request.kind == RequestKind::select && known(student) && known(course))
        [[unlikely]] {
        custom = ask_rules(request, student, course);
        why.insert_if(ReasonCode::custom, !custom.empty());
    }
    if (!why.empty()) {
        return explain(why, student, course, std::move(custom));
    }
    const HotCourse& hot = hot_[course];
    const std::uint32_t left = hot.capacity - hot.taken;
    return Decision::accept(request.kind == RequestKind::select ? left - 1 : left + 1);
}

Decision SeatLedger::check(const Request& request) const {
    return judge(request, student_index_.find(request.student), course_index_.find(request.course));
}

Decision SeatLedger::decide(const Request& request) {
    const std::uint32_t student = student_index_.find(request.student);
    const std::uint32_t course = course_index_.find(request.course);
    Decision decision = judge(request, student, course);
    if (decision.accepted()) {
        apply(request.kind, student, course);
    }
    return decision;
}

}  // namespace courseselect::domain
