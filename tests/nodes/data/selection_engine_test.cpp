#include "courseselect/nodes/data/selection_engine.hpp"

#include <doctest/doctest.h>

#include <set>
#include <utility>

#include "nodes/data/fixture.hpp"

using namespace courseselect;
using domain::RequestKind;
using nodes::data::SelectionOutcome;
using nodes::data::SelectionTask;

namespace {

using Pairs = std::set<std::pair<std::int64_t, std::int64_t>>;

/// The enrolments that the database holds.
Pairs stored_enrolments(test::DataFixture& data) {
    auto load = [](storage::Connection& connection) { return repo::load_enrolments(connection); };
    Pairs pairs;
    for (const auto& row : data.wait(data.state->writes->run(std::move(load)))) {
        pairs.emplace(row.student.value(), row.course.value());
    }
    return pairs;
}

/// The enrolments that the audit of decisions amounts to.
Pairs replayed_enrolments(test::DataFixture& data) {
    auto load = [](storage::Connection& connection) {
        return repo::decisions_after(connection, 0, 1'000'000);
    };
    Pairs pairs;
    for (const auto& record : data.wait(data.state->writes->run(std::move(load)))) {
        const std::pair key(record.student.value(), record.course.value());
        if (record.accepted && record.kind == repo::DecisionKind::select) {
            CHECK(pairs.insert(key).second);
        } else if (record.accepted) {
            CHECK(pairs.erase(key) == 1);
        }
    }
    return pairs;
}

}  // namespace

TEST_SUITE("nodes/data/selection_engine") {
    TEST_CASE("a seat is given once and the last one refuses the next student") {
        test::DataFixture data;
        const auto course = data.add_course("Algebra", 1);
        const auto alice = data.add_student("alice");
        const auto bob = data.add_student("bob");
        const auto outcomes = data.decide({data.task(alice, course), data.task(bob, course)});
        CHECK(outcomes[0].accepted);
        REQUIRE_FALSE(outcomes[1].accepted);
        CHECK(outcomes[1].reasons.front().message == "Course is full");
        CHECK(data.state->ledger.seats_taken(course) == 1);
        CHECK(stored_enrolments(data) == Pairs{{alice.value(), course.value()}});
    }

    TEST_CASE("the same task id is decided once, with and without the hint") {
        test::DataFixture data;
        const auto course = data.add_course("Algebra", 5);
        const auto alice = data.add_student("alice");
        const auto bob = data.add_student("bob");
        SelectionTask task = data.task(alice, course);
        REQUIRE(data.decide({task}).front().accepted);
        SUBCASE("with the hint") { task.redelivered = true; }
        SUBCASE("without the hint the unique key catches it and its neighbours still count") {}
        SUBCASE("twice in one batch") {
            const auto again = data.decide({data.task(bob, course), task, task});
            CHECK(again[1].accepted);
            CHECK(again[2].accepted);
        }
        const auto repeated = data.decide({task, data.task(bob, course)});
        CHECK(repeated[0].accepted);
        CHECK(data.state->ledger.seats_taken(course) == 2);
        CHECK(stored_enrolments(data) == replayed_enrolments(data));
    }

    TEST_CASE("a refusal is recorded with every reason and repeated as it was") {
        test::DataFixture data;
        const auto course = data.add_course("Algebra", 1);
        const auto alice = data.add_student("alice");
        const auto bob = data.add_student("bob");
        data.decide({data.task(alice, course)});
        SelectionTask task = data.task(bob, course);
        CHECK_FALSE(data.decide({task}).front().accepted);
        data.decide({data.task(alice, course, RequestKind::deselect)});
        task.redelivered = true;
        const SelectionOutcome again = data.decide({task}).front();
        CHECK_FALSE(again.accepted);
        CHECK(again.reasons.front().code == "course_full");
        const SelectionOutcome unknown =
            data.decide({data.task(core::StudentId(99), course)}).front();
        CHECK(unknown.refusal == domain::RefusalClass::not_found);
        CHECK(unknown.reasons.front().message == "Student not found");
    }

    TEST_CASE("a failed commit promises nothing: the ledger rolls back and the retry succeeds") {
        test::DataFixture data;
        const auto course = data.add_course("Algebra", 1);
        const auto alice = data.add_student("alice");
        SelectionTask task = data.task(alice, course);
        data.faults.commit = 1;
        const auto failed = data.wait_result(data.engine->decide({task}));
        REQUIRE_FALSE(failed);
        CHECK(failed.error().code() == core::Errc::unavailable);
        CHECK(data.state->ledger.seats_taken(course) == 0);
        CHECK(data.state->is_stale);
        task.redelivered = true;
        CHECK(data.decide({task}).front().accepted);
        CHECK_FALSE(data.state->is_stale);
        CHECK(data.state->ledger.seats_taken(course) == 1);
    }

    TEST_CASE("every statement that may fail leaves memory equal to the database") {
        for (int nth = 1; nth <= 12; ++nth) {
            test::DataFixture data;
            const auto course = data.add_course("Algebra", 3);
            const auto alice = data.add_student("alice");
            const auto bob = data.add_student("bob");
            const std::vector tasks = {data.task(alice, course), data.task(bob, course),
                                       data.task(alice, course)};
            data.faults.statement = nth;
            const auto first = data.wait_result(data.engine->decide(tasks));
            data.faults.statement = 0;
            auto again = tasks;
            for (SelectionTask& task : again) {
                task.redelivered = true;
            }
            const auto outcomes = data.decide(again);
            CHECK(outcomes[0].accepted);
            CHECK(outcomes[1].accepted);
            CHECK_FALSE(outcomes[2].accepted);
            CHECK(data.state->ledger.seats_taken(course) == 2);
            CHECK(stored_enrolments(data).size() == 2);
            CHECK(stored_enrolments(data) == replayed_enrolments(data));
        }
    }

    TEST_CASE("a restart finds the same seats") {
        test::DataFixture data;
        const auto course = data.add_course("Algebra", 2);
        const auto alice = data.add_student("alice");
        data.decide({data.task(alice, course)});
        data.close();
        data.open();
        CHECK(data.state->ledger.is_enrolled(alice, course));
        CHECK(data.state->ledger.left(course) == 1);
        CHECK(data.state->catalogue.find(course)->name == "Algebra");
    }

    TEST_CASE("deleting a course withdraws its students and the audit still replays") {
        test::DataFixture data;
        const auto course = data.add_course("Algebra", 2);
        const auto other = data.add_course("Biology", 2);
        const auto alice = data.add_student("alice");
        data.decide({data.task(alice, course), data.task(alice, other)});
        data.wait(data.editor->delete_course(course));
        CHECK(data.state->ledger.courses_of(alice) == std::vector{other});
        CHECK(stored_enrolments(data) == replayed_enrolments(data));
        data.wait(data.editor->delete_student(alice));
        CHECK(data.state->ledger.left(other) == 2);
        CHECK(stored_enrolments(data).empty());
        CHECK(replayed_enrolments(data).empty());
    }
}
