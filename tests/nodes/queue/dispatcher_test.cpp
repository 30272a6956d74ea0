#include "courseselect/nodes/queue/dispatcher.hpp"

#include <doctest/doctest.h>

#include <algorithm>

#include "courseselect/json/reader.hpp"
#include "courseselect/json/writer.hpp"
#include "nodes/scripted_client.hpp"
#include "queue/fixture.hpp"

using namespace courseselect;
using nodes::queue::Dispatcher;
namespace wire = nodes::wire;

namespace {

/// The data node accepts odd courses and has no seat in even ones.
test::ScriptedClient::Answer decide(const net::http::ClientRequest& request, bool is_reversed) {
    const auto batch = json::parse<wire::DecisionBatch>(request.body);
    wire::DecisionBatchAnswer answer;
    for (const wire::DecisionTask& task : batch->tasks) {
        wire::Decision decision;
        decision.task_id = task.task_id;
        decision.accepted = task.course_id.value() % 2 == 1;
        decision.message = decision.accepted ? "" : "Course is full";
        answer.decisions.push_back(std::move(decision));
    }
    if (is_reversed) {
        std::reverse(answer.decisions.begin(), answer.decisions.end());
    }
    return net::http::ClientResponse{200, {}, json::to_text(answer)};
}

struct DispatcherFixture : test::QueueFixture<test::MemoryQueue> {
    explicit DispatcherFixture(int attempts_max = 1)
        : QueueFixture({.patience = {.attempts_max = attempts_max,
                                     .retry_delay_min = std::chrono::milliseconds{0}}}) {}

    void answer_too_late() {
        data_node.then([](const auto&) -> test::ScriptedClient::Answer {
            return core::Error(core::Errc::outcome_unknown, "timeout", "did not answer in time");
        });
    }

    void expect_decisions() {
        data_node.then([](const auto& request) { return decide(request, false); });
    }
    /// Submits a task for each course and runs the dispatcher until all are finished.
    void dispatch(const std::vector<int>& courses) {
        int student = 0;
        for (const int course : courses) {
            ids.push_back(submit_one(test::wish(++student, course)));
        }
        test::run(loop, run_until_finished(*this));
    }
    static async::Task<> run_until_finished(DispatcherFixture& self) {
        constexpr std::chrono::seconds limit{20};
        async::TaskGroup group(self.loop);
        std::stop_source stop;
        group.spawn(self.dispatcher.run(stop.get_token()));
        for (const core::Uuid& id : self.ids) {
            const auto view = co_await self.tasks->wait(id, limit);
            CHECK(view->value().task.is_finished());
        }
        stop.request_stop();
        co_await group.join();
    }
    std::vector<wire::DecisionTask> batch(std::size_t call) {
        return json::parse<wire::DecisionBatch>(data_node.asked.at(call).body)->tasks;
    }
    queue::Task task(std::size_t index) { return status(ids.at(index))->task; }

    crypto::SystemRandomSource random;
    test::ScriptedClient data_node;
    Dispatcher dispatcher{{loop, clock, random},
                          *tasks,
                          data_node,
                          "internal",
                          {.pause_min = std::chrono::milliseconds{1}}};
    std::vector<core::Uuid> ids;
};

}  // namespace

TEST_SUITE("nodes/queue/dispatcher") {
    TEST_CASE_FIXTURE(DispatcherFixture, "what waits goes out in one call, and each task ends") {
        expect_decisions();
        dispatch({1, 2, 3});
        CHECK(data_node.asked.size() == 1);
        CHECK(data_node.asked[0].target == "/internal/decisions");
        CHECK(data_node.field(0, "Internal-Token") == "internal");
        CHECK(batch(0).size() == 3);
        CHECK_FALSE(batch(0)[0].redelivered);
        CHECK(task(0).status == queue::TaskStatus::completed);
        CHECK(task(0).message == "Task completed successfully");
        CHECK(task(1).status == queue::TaskStatus::failed);
        CHECK(task(1).message == "Course is full");
    }

    TEST_CASE_FIXTURE(DispatcherFixture, "an unknown outcome is asked again with the same ids") {
        bool may_have_run = false;
        SUBCASE("the answer was lost") {
            data_node.fail(core::Errc::outcome_unknown);
            may_have_run = true;
        }
        SUBCASE("the data node is away") { data_node.fail(core::Errc::unavailable); }
        SUBCASE("the data node could not say") {
            data_node.answer(503, "{}");
            may_have_run = true;
        }
        SUBCASE("the data node limits us") { data_node.answer(429, "{}"); }
        expect_decisions();
        dispatch({1, 3});
        REQUIRE(data_node.asked.size() == 2);
        REQUIRE(batch(1).size() == 2);
        CHECK(batch(1)[0].task_id == batch(0)[0].task_id);
        CHECK(batch(1)[0].redelivered == may_have_run);
        CHECK(task(0).status == queue::TaskStatus::completed);
        CHECK(task(0).attempts == 0);  // nobody has looked at it, so it has not failed
    }

    TEST_CASE("a decision that takes too long is an attempt, and the last one ends the task") {
        DispatcherFixture f(3);
        f.answer_too_late();
        f.answer_too_late();
        SUBCASE("the third is in time") {
            f.expect_decisions();
            f.dispatch({1});
            CHECK(f.task(0).status == queue::TaskStatus::completed);
            CHECK_FALSE(f.task(0).given_up);
        }
        SUBCASE("none is") {
            f.answer_too_late();
            f.dispatch({1});
            CHECK(f.task(0).status == queue::TaskStatus::failed);
            CHECK(f.task(0).given_up);
            CHECK(f.task(0).attempts == 3);
            CHECK(f.task(0).message.starts_with("No decision within the time limit"));
        }
        REQUIRE(f.data_node.asked.size() == 3);
        CHECK_FALSE(f.batch(0)[0].redelivered);
        CHECK(f.batch(1)[0].redelivered);  // the data node looks for its record first
        CHECK(f.batch(2)[0].task_id == f.batch(0)[0].task_id);
    }

    TEST_CASE_FIXTURE(DispatcherFixture, "a task that alone takes too long lets the others wait") {
        data_node.answer(500, "{}");  // both together
        answer_too_late();            // the first alone
        expect_decisions();
        dispatch({1, 3});
        REQUIRE(data_node.asked.size() == 3);
        CHECK(task(0).given_up);
        CHECK(task(1).status == queue::TaskStatus::completed);
        CHECK(batch(2)[0].redelivered);
    }

    TEST_CASE_FIXTURE(DispatcherFixture, "one task that cannot be processed stops no other") {
        data_node.answer(500, "{}");  // both together
        data_node.answer(500, "{}");  // the first alone
        expect_decisions();
        dispatch({1, 3});
        CHECK(data_node.asked.size() == 3);
        CHECK(task(0).status == queue::TaskStatus::failed);
        CHECK(task(0).message == "The data node cannot process this task");
        CHECK(task(1).status == queue::TaskStatus::completed);
    }

    TEST_CASE_FIXTURE(DispatcherFixture,
                      "an answer that does not fit the question is not believed") {
        SUBCASE("in another order") {
            data_node.then([](const auto& request) { return decide(request, true); });
        }
        SUBCASE("too short") { data_node.answer(200, R"({"decisions":[]})"); }
        SUBCASE("no JSON") { data_node.answer(200, "nonsense"); }
        expect_decisions();
        expect_decisions();
        dispatch({1, 2});
        REQUIRE(data_node.asked.size() == 3);
        CHECK(batch(1).size() == 1);
        CHECK(task(0).status == queue::TaskStatus::completed);
        CHECK(task(1).status == queue::TaskStatus::failed);
    }

    TEST_CASE_FIXTURE(DispatcherFixture,
                      "the data node goes away while tasks are sent one by one") {
        data_node.answer(500, "{}");
        expect_decisions();
        data_node.fail(core::Errc::unavailable);
        expect_decisions();
        dispatch({1, 2, 3});
        REQUIRE(data_node.asked.size() == 4);
        CHECK(batch(3).size() == 2);
        CHECK(task(2).status == queue::TaskStatus::completed);
    }
}
