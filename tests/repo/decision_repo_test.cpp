#include "courseselect/repo/decision_repo.hpp"

#include <doctest/doctest.h>

#include "repo/data_support.hpp"

using namespace courseselect;
using repo::DecisionKind;

namespace {

constexpr std::string_view seats = "SELECT enrolled FROM courses WHERE course_id = 1";
constexpr std::string_view enrolments = "SELECT count(*) FROM enrolments";
constexpr std::string_view decisions = "SELECT count(*) FROM decisions";

}  // namespace

TEST_SUITE("repo/decision_repo") {
    TEST_CASE("a batch moves seats, counters and records together") {
        test::DataDatabase data;
        const auto course = data.add_course(2);
        const auto alice = data.add_student("alice");
        const auto bob = data.add_student("bob");
        auto refused = data.decision(3, bob, course);
        refused.accepted = false;
        refused.code = "course_full";
        CHECK(data.store(
                  {data.decision(1, alice, course), data.decision(2, bob, course), refused}) == "");
        CHECK(data.number(seats) == 2);
        CHECK(data.number(enrolments) == 2);
        CHECK(data.number(decisions) == 3);
        CHECK(data.store({data.decision(4, alice, course, DecisionKind::deselect),
                          data.decision(5, bob, course, DecisionKind::withdraw)}) == "");
        CHECK(data.number(seats) == 0);
        CHECK(data.number(enrolments) == 0);
    }

    TEST_CASE("a task is decided once: the whole batch of a repeated one is refused") {
        test::DataDatabase data;
        const auto course = data.add_course(5);
        const auto alice = data.add_student("alice");
        const auto bob = data.add_student("bob");
        CHECK(data.store({data.decision(1, alice, course)}) == "");
        CHECK(data.store({data.decision(2, bob, course), data.decision(1, alice, course)}) ==
              "unique_violation");
        CHECK(data.number(seats) == 1);
        CHECK(data.number(enrolments) == 1);
        CHECK(data.number(decisions) == 1);
    }

    TEST_CASE("a ledger that has miscounted cannot oversell, free a free seat, or seat twice") {
        test::DataDatabase data;
        const auto course = data.add_course(1);
        const auto alice = data.add_student("alice");
        const auto bob = data.add_student("bob");
        CHECK(data.store({data.decision(1, alice, course), data.decision(2, bob, course)}) ==
              "check_violation");
        CHECK(data.number(enrolments) == 0);
        CHECK(data.store({data.decision(3, bob, course, DecisionKind::deselect)}) ==
              "enrolment_missing");
        CHECK(data.store({data.decision(4, alice, course)}) == "");
        CHECK(data.store({data.decision(5, alice, course)}) == "unique_violation");
        CHECK(data.store({data.decision(6, core::StudentId(99), course)}) != "");
        CHECK(data.number(seats) == 1);
        CHECK(data.number(decisions) == 1);
    }

    TEST_CASE("records are found by task and read in order of commit, as they were stored") {
        test::DataDatabase data;
        const auto course = data.add_course(5);
        const auto alice = data.add_student("alice");
        auto refused = data.decision(2, alice, course, DecisionKind::deselect);
        refused.accepted = false;
        refused.code = "not_selected";
        refused.reasons = R"([{"code":"not_selected","message":"m"}])";
        CHECK(data.store({data.decision(1, alice, course), refused}) == "");
        const std::vector<core::Uuid> wanted{refused.task_id,
                                             data.decision(9, alice, course).task_id};
        const auto found = test::must(repo::find_decisions(*data.writer, wanted));
        REQUIRE(found.size() == 1);
        const repo::DecisionRecord& record = found.at(refused.task_id);
        CHECK(record.kind == DecisionKind::deselect);
        CHECK(record.student == alice);
        CHECK(record.course == course);
        CHECK_FALSE(record.accepted);
        CHECK(record.code == "not_selected");
        CHECK(record.reasons == refused.reasons);
        CHECK(record.decided_at == refused.decided_at);
        const auto all = test::must(repo::decisions_after(*data.writer, 0, 10));
        REQUIRE(all.size() == 2);
        CHECK(all[0].sequence < all[1].sequence);
        CHECK(all[1].task_id == refused.task_id);
        const auto rest = test::must(repo::decisions_after(*data.writer, all[0].sequence, 1));
        REQUIRE(rest.size() == 1);
        CHECK(rest[0].sequence == all[1].sequence);
        CHECK(test::must(repo::decisions_after(*data.writer, all[1].sequence, 10)).empty());
    }

    TEST_CASE("enrolments are loaded by student, then course") {
        test::DataDatabase data;
        const auto first = data.add_course(5);
        const auto second = data.add_course(5, "Biology");
        const auto alice = data.add_student("alice");
        const auto bob = data.add_student("bob");
        CHECK(data.store({data.decision(1, bob, first), data.decision(2, alice, second),
                          data.decision(3, alice, first)}) == "");
        const auto all = test::must(repo::load_enrolments(*data.writer));
        REQUIRE(all.size() == 3);
        CHECK(all[0].student == alice);
        CHECK(all[0].course == first);
        CHECK(all[1].course == second);
        CHECK(all[2].student == bob);
    }
}
