#include "courseselect/domain/decision.hpp"

#include <doctest/doctest.h>

#include <set>

using namespace courseselect;
using domain::Decision;
using domain::ReasonCode;
using domain::ReasonSet;

namespace {

Decision refuse(std::initializer_list<ReasonCode> codes, domain::RefusalDetails details = {}) {
    ReasonSet why;
    for (const ReasonCode code : codes) {
        why.insert(code);
    }
    return Decision::refuse(why,
                            std::make_shared<const domain::RefusalDetails>(std::move(details)));
}

}  // namespace

TEST_SUITE("domain/decision") {
    TEST_CASE("an acceptance has seats and no reasons") {
        const Decision decision = Decision::accept(3);
        CHECK(decision.accepted());
        CHECK(decision.seats_left() == 3);
        CHECK(decision.reasons().empty());
    }

    TEST_CASE("the contract's texts are exact") {
        CHECK(refuse({ReasonCode::student_not_found}).message() == "Student not found");
        CHECK(refuse({ReasonCode::course_not_found}).message() == "Course not found");
        CHECK(refuse({ReasonCode::course_full}).message() == "Course is full");
        CHECK(refuse({ReasonCode::already_selected}).message() ==
              "Student already selected this course");
        CHECK(refuse({ReasonCode::not_selected}).message() ==
              "Student has not selected this course");
    }

    TEST_CASE("the contract's order decides which reason is first") {
        const Decision decision = refuse(
            {ReasonCode::course_inactive, ReasonCode::already_selected, ReasonCode::course_full});
        CHECK(decision.primary() == ReasonCode::course_full);
        CHECK(decision.reasons().size() == 3);
        CHECK(decision.reasons()[1].code == "already_selected");
        CHECK(decision.refusal_class() == domain::RefusalClass::refused);
        CHECK(refuse({ReasonCode::course_not_found}).refusal_class() ==
              domain::RefusalClass::not_found);
    }

    TEST_CASE("reasons with arguments say them") {
        using core::CourseId;
        using domain::Credits;
        const core::WallTime opens{std::chrono::hours{24 * 365}};
        const Decision decision =
            refuse({ReasonCode::missing_tags, ReasonCode::time_conflict, ReasonCode::outside_window,
                    ReasonCode::course_limit, ReasonCode::credit_limit,
                    ReasonCode::missing_prerequisite, ReasonCode::custom},
                   {.missing_tags = {"math", "year 2"},
                    .conflicts = {{CourseId(12), "Algebra"}, {CourseId(13), ""}},
                    .window = {.opens = opens, .closes = opens + std::chrono::minutes{90}},
                    .courses_max = 1,
                    .credits_max = Credits::from_hundredths(1050),
                    .credits_have = Credits::from_hundredths(800),
                    .credits_want = Credits::from_hundredths(300),
                    .missing_prerequisites = {{CourseId(4), "Sets"}},
                    .custom = {{"no_fees_paid", "Pay your fees first"}, {"b", "B"}}});
        std::vector<std::string> texts;
        for (const domain::Reason& reason : decision.reasons()) {
            texts.push_back(reason.message);
        }
        CHECK(texts == std::vector<std::string>{
                           "Student lacks the required tags: math, year 2",
                           "Time conflict with Algebra (course 12), course 13",
                           "Course can be selected only from 1971-01-01 00:00 UTC"
                           " until 1971-01-01 01:30 UTC",
                           "Student may select at most 1 course",
                           "Credit limit of 10.5 exceeded: 8 selected, this course has 3",
                           "Course requires Sets (course 4)", "Pay your fees first", "B"});
        CHECK(decision.reasons()[6].code == "no_fees_paid");
    }

    TEST_CASE("every code has its own name") {
        std::set<std::string_view> names;
        for (std::size_t i = 0; i < domain::reason_code_count; ++i) {
            names.insert(domain::reason_code_name(static_cast<ReasonCode>(i)));
        }
        CHECK(names.size() == domain::reason_code_count);
        CHECK(domain::reason_code_name(ReasonCode::custom) == "custom");
    }
}
