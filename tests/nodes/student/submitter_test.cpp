#include "courseselect/nodes/student/submitter.hpp"

#include <doctest/doctest.h>

#include "courseselect/json/reader.hpp"
#include "courseselect/json/writer.hpp"
#include "nodes/scripted_client.hpp"
#include "support/run.hpp"

using namespace courseselect;
using nodes::student::Submitter;
namespace wire = nodes::wire;

namespace {

using Outcome = core::Result<wire::QueueOutcome>;

struct SubmitterFixture {
    /// Submits all at the same moment; one outcome for each, in order.
    std::vector<Outcome> submit(int count) {
        outcomes.assign(static_cast<std::size_t>(count), core::Error(core::Errc::internal, "open"));
        test::run(loop, submit_all(*this));
        return outcomes;
    }
    static async::Task<> submit_one(SubmitterFixture& self, std::size_t index) {
        wire::QueueSubmission submission;
        submission.student_id = core::StudentId(1);
        submission.course_id = core::CourseId(static_cast<std::int64_t>(index) + 1);
        submission.task_type = "select";
        self.outcomes[index] = co_await self.submitter.submit(std::move(submission));
    }
    static async::Task<> submit_all(SubmitterFixture& self) {
        async::TaskGroup group(self.loop);
        for (std::size_t i = 0; i < self.outcomes.size(); ++i) {
            group.spawn(submit_one(self, i));
        }
        co_await group.join();
        co_await self.submitter.stop();
    }
    /// The queue takes everything, and names each task after its course.
    void take_all() {
        queue_node.then([](const net::http::ClientRequest& request) {
            const auto batch = json::parse<wire::QueueSubmissionBatch>(request.body);
            wire::QueueOutcomeBatch answer;
            for (const auto& task : batch->tasks) {
                wire::QueueOutcome outcome;
                outcome.task_id = "task-" + std::to_string(task.course_id.value());
                answer.results.push_back(std::move(outcome));
            }
            return test::ScriptedClient::Answer(
                net::http::ClientResponse{200, {}, json::to_text(answer)});
        });
    }

    async::EventLoop loop;
    core::ManualClock clock;
    crypto::SystemRandomSource random;
    test::ScriptedClient queue_node;
    Submitter submitter{{loop, clock, random}, queue_node, "internal"};
    std::vector<Outcome> outcomes;
};

}  // namespace

TEST_SUITE("nodes/student/submitter") {
    TEST_CASE_FIXTURE(SubmitterFixture, "what comes together travels together, each gets its own") {
        take_all();
        take_all();
        const auto got = submit(20);
        for (std::size_t i = 0; i < got.size(); ++i) {
            REQUIRE(got[i].has_value());
            CHECK(got[i]->task_id == "task-" + std::to_string(i + 1));
        }
        CHECK(queue_node.asked.size() <= 2);
        CHECK(queue_node.asked.at(0).target == "/internal/queue/submit");
        CHECK(queue_node.field(0, "Internal-Token") == "internal");
    }

    TEST_CASE_FIXTURE(SubmitterFixture, "a refusal is the outcome of its own submission only") {
        wire::QueueOutcomeBatch answer;
        answer.results.resize(1);
        answer.results[0].status = 429;
        answer.results[0].retry_after = 3;
        queue_node.answer(200, json::to_text(answer));
        const auto got = submit(1);
        REQUIRE(got[0].has_value());
        CHECK(got[0]->status == 429);
        CHECK(got[0]->retry_after == 3);
    }

    TEST_CASE_FIXTURE(SubmitterFixture,
                      "a queue that is away, fails or talks nonsense: unavailable") {
        SUBCASE("away") { queue_node.fail(core::Errc::outcome_unknown); }
        SUBCASE("fails") { queue_node.answer(500, "{}"); }
        SUBCASE("no JSON") { queue_node.answer(200, "nonsense"); }
        SUBCASE("fewer answers than questions") { queue_node.answer(200, R"({"results":[]})"); }
        const auto got = submit(1);
        REQUIRE_FALSE(got[0].has_value());
        CHECK(got[0].error().code() == core::Errc::unavailable);
    }
}
