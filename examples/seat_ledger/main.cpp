// The seat ledger alone: no network, no database. Two friends want the last seat of Algebra, and
// one of them learns every reason why not.

#include <cstdio>

#include "courseselect/domain/seat_ledger.hpp"

using namespace courseselect;
using core::CourseId;
using core::StudentId;

namespace {

/// Mondays from `begin` to `end`, both HHMM.
core::Result<domain::Timetable> monday(int begin, int end) {
    COURSESELECT_TRY(const auto from, domain::TimeOfDay::from_hhmm(begin, "begin"));
    COURSESELECT_TRY(const auto until, domain::TimeOfDay::from_hhmm(end, "end"));
    return domain::Timetable::make({}, std::nullopt, from, until);
}

core::Result<> open_the_term(domain::SeatLedger& ledger) {
    COURSESELECT_TRY(const domain::Timetable morning, monday(800, 950));
    COURSESELECT_TRY(const domain::Timetable overlapping, monday(900, 1050));
    COURSESELECT_TRY_OK(ledger.add_course(
        {.id = CourseId(1), .name = "Algebra", .capacity = 1, .timetable = morning}));
    COURSESELECT_TRY_OK(ledger.add_course(
        {.id = CourseId(2), .name = "Optics", .capacity = 30, .timetable = overlapping}));
    COURSESELECT_TRY_OK(ledger.add_student({.id = StudentId(1)}));
    return ledger.add_student({.id = StudentId(2)});
}

void select(domain::SeatLedger& ledger, StudentId student, CourseId course) {
    const domain::Request request{domain::RequestKind::select, student, course, {}};
    const domain::Decision decision = ledger.decide(request);
    if (decision.accepted()) {
        std::printf("student %d gets course %d, %u seats left\n", static_cast<int>(student.value()),
                    static_cast<int>(course.value()), decision.seats_left());
    }
    for (const domain::Reason& reason : decision.reasons()) {
        std::printf("student %d refused: %s (%s)\n", static_cast<int>(student.value()),
                    reason.message.c_str(), reason.code.c_str());
    }
}

}  // namespace

int main() {
    domain::SeatLedger ledger;
    if (const auto opened = open_the_term(ledger); !opened) {
        std::printf("%s\n", opened.error().to_string().c_str());
        return 1;
    }
    select(ledger, StudentId(1), CourseId(1));  // the last seat
    select(ledger, StudentId(2), CourseId(1));  // full: the staged decision counts already
    ledger.commit();                            // now a database would hold it; reads show it

    select(ledger, StudentId(1), CourseId(2));  // clashes with Algebra
    select(ledger, StudentId(2), CourseId(2));
    ledger.rollback();  // as if the transaction had failed: Optics is empty again
    std::printf("Optics: %u taken, Algebra: %u taken\n", ledger.seats_taken(CourseId(2)),
                ledger.seats_taken(CourseId(1)));
    return 0;
}
