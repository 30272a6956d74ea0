#include "courseselect/domain/seat_ledger.hpp"

#include <doctest/doctest.h>

#include <limits>

using namespace courseselect;
using core::CourseId;
using core::StudentId;
using domain::CourseRule;
using domain::Credits;
using domain::Decision;
using domain::ReasonCode;
using domain::SeatLedger;

namespace {

constexpr core::WallTime noon{std::chrono::hours{12}};

Decision select(SeatLedger& ledger, int student, int course, core::WallTime now = noon) {
    return ledger.decide({domain::RequestKind::select, StudentId(student), CourseId(course), now});
}
Decision deselect(SeatLedger& ledger, int student, int course) {
    return ledger.decide(
        {domain::RequestKind::deselect, StudentId(student), CourseId(course), noon});
}

CourseRule course(int id, std::int64_t capacity = 10) {
    return {.id = CourseId(id), .name = "Course " + std::to_string(id), .capacity = capacity};
}

domain::Timetable monday(int begin, int end) {
    return *domain::Timetable::make({}, std::nullopt, *domain::TimeOfDay::from_hhmm(begin, "b"),
                                    *domain::TimeOfDay::from_hhmm(end, "e"));
}

/// Students 1 to 3, courses 1 to 3 with `capacity` seats.
void fill(SeatLedger& ledger, std::int64_t capacity = 2) {
    for (int id = 1; id <= 3; ++id) {
        REQUIRE(ledger.add_student({.id = StudentId(id), .tags = {}, .completed = {}}));
        REQUIRE(ledger.add_course(course(id, capacity)));
    }
}

std::vector<ReasonCode> codes(std::initializer_list<ReasonCode> list) { return list; }

}  // namespace

TEST_SUITE("domain/seat_ledger") {
    TEST_CASE("the last seat is given once") {
        SeatLedger ledger;
        fill(ledger, 2);
        CHECK(select(ledger, 1, 1).seats_left() == 1);
        CHECK(select(ledger, 2, 1).seats_left() == 0);
        const Decision third = select(ledger, 3, 1);
        CHECK(third.why().list() == codes({ReasonCode::course_full}));
        CHECK(third.message() == "Course is full");
        CHECK(deselect(ledger, 1, 1).seats_left() == 1);
        CHECK(select(ledger, 3, 1).accepted());
    }

    TEST_CASE("unknown student and course are both named, the student first") {
        SeatLedger ledger;
        fill(ledger);
        CHECK(select(ledger, 9, 9).why().list() ==
              codes({ReasonCode::student_not_found, ReasonCode::course_not_found}));
        CHECK(select(ledger, 9, 1).message() == "Student not found");
        CHECK(deselect(ledger, 1, 9).message() == "Course not found");
        CHECK(select(ledger, -1, 0).refusal_class() == domain::RefusalClass::not_found);
    }

    TEST_CASE(
        "a full course that one has is full first, selected second, and not held against itself") {
        SeatLedger ledger({.courses_max = 1, .credits_max = Credits::from_hundredths(100)});
        REQUIRE(ledger.add_student({.id = StudentId(1), .tags = {}, .completed = {}}));
        CourseRule rule = course(1, 1);
        rule.timetable = monday(800, 900);
        rule.credits = Credits::from_hundredths(100);
        REQUIRE(ledger.add_course(rule));
        CHECK(select(ledger, 1, 1).accepted());
        CHECK(select(ledger, 1, 1).why().list() ==
              codes({ReasonCode::course_full, ReasonCode::already_selected}));
        CHECK(deselect(ledger, 1, 1).accepted());
        CHECK(deselect(ledger, 1, 1).why().list() == codes({ReasonCode::not_selected}));
    }

    TEST_CASE("every broken rule is named at once") {
        SeatLedger ledger({.courses_max = 1, .credits_max = Credits::from_hundredths(400)});
        REQUIRE(ledger.add_student({.id = StudentId(1), .tags = {"b"}, .completed = {}}));
        CourseRule first = course(1);
        first.timetable = monday(800, 1000);
        first.credits = Credits::from_hundredths(200);
        REQUIRE(ledger.add_course(first));
        REQUIRE(select(ledger, 1, 1).accepted());
        CourseRule second = course(2);
        second.active = false;
        second.tags = {"c", "b", "a"};
        second.timetable = monday(930, 1100);
        second.window.closes = noon;
        second.credits = Credits::from_hundredths(201);
        second.prerequisites = {CourseId(8), CourseId(1), CourseId(7)};
        REQUIRE(ledger.add_course(second));
        const Decision decision = select(ledger, 1, 2);
        CHECK(decision.why().list() == codes({ReasonCode::course_inactive, ReasonCode::missing_tags,
                                              ReasonCode::time_conflict, ReasonCode::outside_window,
                                              ReasonCode::course_limit, ReasonCode::credit_limit,
                                              ReasonCode::missing_prerequisite}));
        CHECK(decision.details().missing_tags == std::vector<std::string>{"c", "a"});
        CHECK(decision.details().conflicts ==
              std::vector<domain::NamedCourse>{{CourseId(1), "Course 1"}});
        CHECK(decision.details().window.closes == noon);
        CHECK(decision.details().courses_max == 1);
        CHECK(decision.details().credits_have == Credits::from_hundredths(200));
        CHECK(decision.details().missing_prerequisites ==
              std::vector<domain::NamedCourse>{{CourseId(7), ""}, {CourseId(8), ""}});
        ledger.set_limits({.conflict_check = false, .tag_check = false});
        CHECK(select(ledger, 1, 2).why().list() ==
              codes({ReasonCode::course_inactive, ReasonCode::outside_window,
                     ReasonCode::missing_prerequisite}));
    }

    TEST_CASE("limits hold exactly at their bound") {
        SeatLedger ledger({.courses_max = 2, .credits_max = Credits::from_hundredths(250)});
        REQUIRE(ledger.add_student({.id = StudentId(1), .tags = {}, .completed = {}}));
        for (int id = 1; id <= 4; ++id) {
            CourseRule rule = course(id);
            rule.credits = Credits::from_hundredths(id == 3 ? 126 : 125);
            REQUIRE(ledger.add_course(rule));
        }
        CHECK(select(ledger, 1, 1).accepted());
        CHECK(select(ledger, 1, 3).why().list() == codes({ReasonCode::credit_limit}));
        CHECK(select(ledger, 1, 2).accepted());
        CHECK(select(ledger, 1, 4).why().list() ==
              codes({ReasonCode::course_limit, ReasonCode::credit_limit}));
        ledger.set_limits({});
        CHECK(select(ledger, 1, 4).accepted());
    }

    TEST_CASE("windows hold for selecting, not for deselecting") {
        SeatLedger ledger;
        fill(ledger);
        CourseRule rule = course(1);
        rule.window = {.opens = noon, .closes = noon + std::chrono::hours{1}};
        REQUIRE(ledger.update_course(rule));
        const auto tick = std::chrono::microseconds{1};
        CHECK_FALSE(select(ledger, 1, 1, noon - tick).accepted());
        CHECK_FALSE(select(ledger, 1, 1, noon + std::chrono::hours{1}).accepted());
        CHECK(select(ledger, 1, 1, noon).accepted());
        ledger.commit();
        rule.active = false;
        rule.window = {.closes = noon - tick};
        REQUIRE(ledger.update_course(rule));
        CHECK(deselect(ledger, 1, 1).accepted());
    }

    TEST_CASE("the term's window holds for every course; a course's own narrows it") {
        const auto hour = std::chrono::hours{1};
        SeatLedger ledger({.window = {.opens = noon, .closes = noon + 2 * hour}});
        fill(ledger);
        const auto tick = std::chrono::microseconds{1};
        CHECK_FALSE(select(ledger, 1, 1, noon - tick).accepted());
        CourseRule rule = course(1);
        rule.window = {.opens = noon + hour, .closes = noon + 3 * hour};
        REQUIRE(ledger.update_course(rule));
        const Decision early = select(ledger, 1, 1, noon);
        CHECK(early.why().list() == codes({ReasonCode::outside_window}));
        CHECK(early.details().window.opens == noon + hour);
        CHECK(early.details().window.closes == noon + 2 * hour);
        CHECK_FALSE(select(ledger, 1, 1, noon + 2 * hour).accepted());
        CHECK(select(ledger, 1, 1, noon + hour).accepted());
        ledger.commit();
        CHECK(deselect(ledger, 1, 1).accepted());
    }

    TEST_CASE("completed and selected courses satisfy prerequisites") {
        SeatLedger ledger;
        fill(ledger);
        CourseRule rule = course(3);
        rule.prerequisites = {CourseId(2)};
        REQUIRE(ledger.update_course(rule));
        CHECK(select(ledger, 1, 3).message() == "Course requires Course 2 (course 2)");
        REQUIRE(select(ledger, 1, 2).accepted());
        CHECK(select(ledger, 1, 3).accepted());
        REQUIRE(ledger.update_student(
            {.id = StudentId(2), .tags = {}, .completed = {CourseId(5), CourseId(2)}}));
        CHECK(select(ledger, 2, 3).accepted());
    }

    TEST_CASE("reads see the committed state only") {
        SeatLedger ledger;
        fill(ledger);
        REQUIRE(select(ledger, 1, 2).accepted());
        const std::uint64_t before = ledger.version();
        CHECK(ledger.staged() == 1);
        CHECK(ledger.seats_taken(CourseId(2)) == 0);
        CHECK(ledger.left(CourseId(2)) == 2);
        CHECK(ledger.courses_of(StudentId(1)).empty());
        CHECK(ledger.students_of(CourseId(2)).empty());
        CHECK_FALSE(ledger.is_enrolled(StudentId(1), CourseId(2)));
        ledger.commit();
        CHECK(ledger.version() > before);
        CHECK(ledger.changed_since(before) == std::vector<domain::SeatChange>{{CourseId(2), 1, 1}});
        CHECK(ledger.courses_of(StudentId(1)) == std::vector{CourseId(2)});
        CHECK(ledger.students_of(CourseId(2)) == std::vector{StudentId(1)});
        REQUIRE(deselect(ledger, 1, 2).accepted());
        REQUIRE(select(ledger, 1, 3).accepted());
        CHECK(ledger.courses_of(StudentId(1)) == std::vector{CourseId(2)});
        ledger.rollback();
        ledger.commit();
        CHECK(ledger.courses_of(StudentId(1)) == std::vector{CourseId(2)});
        CHECK(ledger.changed_since(ledger.version()).empty());
    }

    TEST_CASE("capacity cannot fall below the taken seats") {
        SeatLedger ledger;
        fill(ledger, 2);
        REQUIRE(ledger.restore_enrolment(StudentId(1), CourseId(1)));
        REQUIRE(ledger.restore_enrolment(StudentId(2), CourseId(1)));
        const auto refused = ledger.update_course(course(1, 1));
        REQUIRE_FALSE(refused);
        CHECK(refused.error().reason() == "capacity_below_selected");
        CHECK(refused.error().detail() == "Capacity is below the number of selected students");
        CHECK(ledger.restore_enrolment(StudentId(3), CourseId(1)).error().code() ==
              core::Errc::data_corrupt);
        CHECK(ledger.restore_enrolment(StudentId(1), CourseId(1)).error().code() ==
              core::Errc::conflict);
        CHECK(ledger.update_course(course(1, 2)));
    }

    TEST_CASE("ids and capacity have bounds") {
        SeatLedger ledger;
        const std::int64_t most = std::numeric_limits<std::int32_t>::max();
        CHECK(ledger.add_course(course(1, most)));
        CHECK_FALSE(ledger.add_course(course(2, most + 1)));
        CHECK_FALSE(ledger.add_course(course(2, 0)));
        CHECK_FALSE(ledger.add_course(course(0, 1)));
        CHECK_FALSE(ledger.add_student({.id = StudentId(0), .tags = {}, .completed = {}}));
        CHECK(ledger.add_course(course(1)).error().code() == core::Errc::conflict);
    }

    TEST_CASE("removals free seats and wait for an empty stage") {
        SeatLedger ledger;
        fill(ledger);
        REQUIRE(select(ledger, 2, 1).accepted());
        REQUIRE(select(ledger, 1, 1).accepted());
        REQUIRE(select(ledger, 1, 2).accepted());
        CHECK(ledger.remove_course(CourseId(1)).error().reason() == "decisions_staged");
        CHECK(ledger.remove_student(StudentId(1)).error().reason() == "decisions_staged");
        CHECK(ledger.update_course(course(1)).error().reason() == "decisions_staged");
        ledger.commit();
        CHECK(*ledger.remove_course(CourseId(1)) == std::vector{StudentId(1), StudentId(2)});
        CHECK(*ledger.remove_student(StudentId(1)) == std::vector{CourseId(2)});
        CHECK(ledger.seats_taken(CourseId(2)) == 0);
        CHECK_FALSE(ledger.has_course(CourseId(1)));
        CHECK_FALSE(ledger.has_student(StudentId(1)));
        CHECK(ledger.remove_course(CourseId(1)).error().code() == core::Errc::not_found);
        REQUIRE(ledger.add_course(course(4)));
        CHECK(ledger.courses_of(StudentId(2)).empty());
    }

    TEST_CASE("many tags, many courses and huge ids take the slow roads to the same answers") {
        SeatLedger ledger;
        const std::int64_t huge = std::numeric_limits<std::int64_t>::max();
        std::vector<std::string> tags;
        for (int i = 0; i < 100; ++i) {
            tags.push_back("tag " + std::to_string(i));
        }
        REQUIRE(ledger.add_student({.id = StudentId(huge), .tags = tags, .completed = {}}));
        for (int i = 0; i < 40; ++i) {
            CourseRule rule = course(i + 1);
            rule.id = CourseId(huge - i);
            rule.tags = tags;
            if (i == 39) {
                rule.tags.push_back("missing");
            }
            REQUIRE(ledger.add_course(rule));
        }
        for (int i = 0; i < 39; ++i) {
            CHECK(ledger
                      .decide(
                          {domain::RequestKind::select, StudentId(huge), CourseId(huge - i), noon})
                      .accepted());
        }
        const Decision last = ledger.decide(
            {domain::RequestKind::select, StudentId(huge), CourseId(huge - 39), noon});
        CHECK(last.details().missing_tags == std::vector<std::string>{"missing"});
        ledger.commit();
        CHECK(ledger.courses_of(StudentId(huge)).size() == 39);
        CHECK(ledger.remove_student(StudentId(huge))->size() == 39);
    }
}
