// A rule of one's own in the seat ledger: first-year students take at most one laboratory course.
// The ledger asks it after the built-in rules, and tells its refusal like any other reason.

#include <cstdio>
#include <memory>
#include <optional>

#include "courseselect/domain/seat_ledger.hpp"

using namespace courseselect;
using core::CourseId;
using core::StudentId;

namespace {

/// Courses 100 to 199 are laboratories. A rule is a pure function of what it is shown.
class OneLaboratory final : public domain::SelectionRule {
  public:
    std::optional<domain::CustomRefusal> check(const domain::CourseView& course,
                                               const domain::StudentView& student,
                                               core::WallTime /*now*/) const override {
        if (!student.has_tag("first year") || !is_laboratory(course.rule.id)) {
            return std::nullopt;
        }
        for (const CourseId other : student.courses()) {
            if (is_laboratory(other) && other != course.rule.id) {
                return domain::CustomRefusal{"one_laboratory",
                                             "First-year students take one laboratory course"};
            }
        }
        return std::nullopt;
    }

  private:
    static bool is_laboratory(CourseId id) { return id.value() >= 100 && id.value() < 200; }
};

core::Result<> open_the_term(domain::SeatLedger& ledger) {
    COURSESELECT_TRY_OK(ledger.add_course({.id = CourseId(7), .name = "Algebra", .capacity = 9}));
    COURSESELECT_TRY_OK(ledger.add_course({.id = CourseId(101), .name = "Optics", .capacity = 9}));
    COURSESELECT_TRY_OK(ledger.add_course({.id = CourseId(102), .name = "Acids", .capacity = 9}));
    COURSESELECT_TRY_OK(ledger.add_student({.id = StudentId(1), .tags = {"first year"}}));
    return ledger.add_student({.id = StudentId(2)});
}

void select(domain::SeatLedger& ledger, int student, int course) {
    const domain::Decision decision = ledger.decide(
        {domain::RequestKind::select, StudentId(student), CourseId(course), core::WallTime()});
    std::printf("student %d, course %d: ", student, course);
    if (decision.accepted()) {
        std::printf("accepted\n");
    }
    for (const domain::Reason& reason : decision.reasons()) {
        std::printf("%s (%s)\n", reason.message.c_str(), reason.code.c_str());
    }
    ledger.commit();
}

}  // namespace

int main() {
    domain::SeatLedger ledger;
    ledger.add_rule(std::make_unique<OneLaboratory>());
    if (const auto opened = open_the_term(ledger); !opened) {
        std::printf("%s\n", opened.error().to_string().c_str());
        return 1;
    }
    select(ledger, 1, 101);
    select(ledger, 1, 102);  // a second laboratory
    select(ledger, 1, 7);    // no laboratory
    select(ledger, 2, 101);
    select(ledger, 2, 102);  // not in the first year
    return 0;
}
