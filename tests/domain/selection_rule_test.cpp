#include "courseselect/domain/selection_rule.hpp"

#include <doctest/doctest.h>

#include "courseselect/domain/seat_ledger.hpp"

using namespace courseselect;
using core::CourseId;
using core::StudentId;
using domain::RequestKind;

namespace {

/// Beginners get one course until they have completed course 9.
class OneForBeginners final : public domain::SelectionRule {
  public:
    std::optional<domain::CustomRefusal> check(const domain::CourseView& course,
                                               const domain::StudentView& student,
                                               core::WallTime) const override {
        if (student.has_tag("beginner") && !student.has_completed(CourseId(9)) &&
            !student.courses().empty() && !student.has_selected(course.rule.id)) {
            return domain::CustomRefusal{"one_for_beginners", "Beginners take one course"};
        }
        return std::nullopt;
    }
};

/// Keeps the last seat for the dean.
class LastSeat final : public domain::SelectionRule {
  public:
    std::optional<domain::CustomRefusal> check(const domain::CourseView& course,
                                               const domain::StudentView& student,
                                               core::WallTime) const override {
        if (course.seats_taken + 1 >= course.rule.capacity && student.id() != StudentId(7) &&
            student.credits() >= domain::Credits{}) {
            return domain::CustomRefusal{"last_seat", "The last seat is the dean's"};
        }
        return std::nullopt;
    }
};

}  // namespace

TEST_SUITE("domain/selection_rule") {
    TEST_CASE("plugged-in rules see staged selections and are listed in their order") {
        domain::SeatLedger ledger;
        ledger.add_rule(std::make_unique<OneForBeginners>());
        ledger.add_rule(std::make_unique<LastSeat>());
        REQUIRE(ledger.add_course({.id = CourseId(1), .name = "A", .capacity = 2}));
        REQUIRE(ledger.add_course({.id = CourseId(2), .name = "B", .capacity = 1}));
        REQUIRE(ledger.add_student({.id = StudentId(1), .tags = {"beginner"}, .completed = {}}));
        REQUIRE(ledger.decide({RequestKind::select, StudentId(1), CourseId(1), {}}).accepted());
        const auto refused = ledger.decide({RequestKind::select, StudentId(1), CourseId(2), {}});
        CHECK(refused.reasons() ==
              std::vector<domain::Reason>{{"one_for_beginners", "Beginners take one course"},
                                          {"last_seat", "The last seat is the dean's"}});
        CHECK(refused.primary() == domain::ReasonCode::custom);
        CHECK(ledger.decide({RequestKind::deselect, StudentId(1), CourseId(1), {}}).accepted());
    }

    TEST_CASE("a course becomes a rule, or says why it cannot") {
        domain::Course course;
        course.id = CourseId(3);
        course.capacity = 40;
        CHECK(domain::course_rule(course)->capacity == 40);
        course.time_begin = *domain::TimeOfDay::from_hhmm(900, "b");
        course.time_end = *domain::TimeOfDay::from_hhmm(800, "e");
        CHECK(domain::course_rule(course).error().code() == core::Errc::invalid_argument);
    }
}
