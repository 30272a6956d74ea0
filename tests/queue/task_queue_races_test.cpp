/// Calls of a task queue that overlap: one of them is still being written while the other comes.

#include <doctest/doctest.h>

#include "queue/fixture.hpp"

using namespace courseselect;
using namespace std::chrono_literals;
using queue::CancelOutcome;
using queue::TaskStatus;
using test::await_on;
using test::courses_of;
using test::keyed;
using test::must;
using test::QueueFixture;
using test::success;
using test::wish;

#define BOTH_KINDS test::MemoryQueue, test::SqliteQueue

namespace {

async::Task<> cancel_into(queue::TaskQueue& tasks, core::Uuid id,
                          std::optional<CancelOutcome>& out) {
    const auto outcome = co_await tasks.cancel(id, core::StudentId(1));
    out = must(outcome);
}

async::Task<> complete_into(queue::TaskQueue& tasks, std::vector<queue::Finished> finished,
                            int& done) {
    const auto outcome = co_await tasks.complete(std::move(finished));
    done += outcome ? 1 : 0;
}

async::Task<> submit_into(queue::TaskQueue& tasks, std::vector<queue::NewTask> wishes,
                          std::vector<core::Result<queue::Submitted>>& out) {
    const auto answers = co_await tasks.submit(std::move(wishes));
    for (const auto& answer : must(answers)) {
        out.push_back(answer);
    }
}

/// A queue over memory whose random bytes are all `byte`.
struct ConstantRandomQueue {
    explicit ConstantRandomQueue(std::uint8_t byte, queue::TaskQueueOptions options)
        : tasks(queue::make_memory_task_queue(
              loop, clock,
              [byte] {
                  std::array<std::uint8_t, 16> bytes{};
                  bytes.fill(byte);
                  return bytes;
              },
              options)) {}
    async::EventLoop loop;
    core::ManualClock clock;
    std::unique_ptr<queue::TaskQueue> tasks;
};

}  // namespace

TEST_SUITE("queue/task_queue/races") {
    TEST_CASE_TEMPLATE("a task whose cancelling is being written is not handed out", Engine,
                       BOTH_KINDS) {
        QueueFixture<Engine> f;
        const auto id = f.submit_one(wish(1, 10));
        async::TaskGroup group(f.loop);
        std::optional<CancelOutcome> outcome;
        group.spawn(cancel_into(*f.tasks, id, outcome));
        CHECK(f.tasks->take(10).empty());
        test::run(f.loop, group.join());
        REQUIRE(outcome);
        CHECK(outcome->kind == CancelOutcome::Kind::cancelled);
        CHECK(f.tasks->take(10).empty());
        CHECK(f.status(id)->task.message == "Cancelled by user");
    }

    TEST_CASE_TEMPLATE("of cancelling and running exactly one happens, whoever comes first", Engine,
                       BOTH_KINDS) {
        QueueFixture<Engine> f;
        const auto id = f.submit_one(wish(1, 10));
        const auto taken = f.tasks->take(10);
        async::TaskGroup group(f.loop);
        std::optional<CancelOutcome> outcome;
        int completed = 0;
        SUBCASE("the cancel comes between taking and completing") {
            group.spawn(cancel_into(*f.tasks, id, outcome));
            group.spawn(complete_into(*f.tasks, success(taken), completed));
        }
        SUBCASE("the cancel comes while the outcome is being written") {
            group.spawn(complete_into(*f.tasks, success(taken), completed));
            group.spawn(cancel_into(*f.tasks, id, outcome));
        }
        test::run(f.loop, group.join());
        REQUIRE(outcome);
        CHECK(outcome->kind == CancelOutcome::Kind::not_cancellable);
        CHECK(outcome->status != TaskStatus::pending);
        CHECK(completed == 1);
        CHECK(f.status(id)->task.status == TaskStatus::completed);
    }

    TEST_CASE_TEMPLATE("two cancels at once cancel one task once", Engine, BOTH_KINDS) {
        QueueFixture<Engine> f;
        const auto id = f.submit_one(wish(1, 10));
        async::TaskGroup group(f.loop);
        std::optional<CancelOutcome> first;
        std::optional<CancelOutcome> second;
        group.spawn(cancel_into(*f.tasks, id, first));
        group.spawn(cancel_into(*f.tasks, id, second));
        test::run(f.loop, group.join());
        CHECK(first->kind == CancelOutcome::Kind::cancelled);
        CHECK(second->kind == CancelOutcome::Kind::not_cancellable);
        CHECK(f.tasks->statistics().failed_tasks_today == 1);
    }

    TEST_CASE_TEMPLATE("an outcome that is told twice at once is kept once", Engine, BOTH_KINDS) {
        QueueFixture<Engine> f;
        f.submit_one(wish(1, 10));
        const auto taken = f.tasks->take(1);
        async::TaskGroup group(f.loop);
        int completed = 0;
        group.spawn(complete_into(*f.tasks, success(taken), completed));
        group.spawn(complete_into(*f.tasks, success(taken), completed));
        test::run(f.loop, group.join());
        CHECK(completed == 2);
        CHECK(f.tasks->statistics().completed_tasks_today == 1);
        CHECK(f.tasks->statistics().queue_length == 0);
    }

    TEST_CASE_TEMPLATE("a lease that ends while the outcome is being written gives nothing out",
                       Engine, BOTH_KINDS) {
        QueueFixture<Engine> f;
        f.submit_one(wish(1, 10));
        const auto taken = f.tasks->take(1);
        async::TaskGroup group(f.loop);
        int completed = 0;
        group.spawn(complete_into(*f.tasks, success(taken), completed));
        f.clock.advance(1h);
        CHECK(f.tasks->take(1).empty());
        test::run(f.loop, group.join());
        CHECK(completed == 1);
        CHECK(f.tasks->take(1).empty());
    }

    TEST_CASE_TEMPLATE("one key submitted twice at once makes one task", Engine, BOTH_KINDS) {
        QueueFixture<Engine> f;
        async::TaskGroup group(f.loop);
        std::vector<core::Result<queue::Submitted>> answers;
        for (const int course : {10, 10, 11}) {
            group.spawn(submit_into(*f.tasks, {keyed(1, course, "k")}, answers));
        }
        test::run(f.loop, group.join());
        REQUIRE(answers.size() == 3);
        CHECK_FALSE(answers[0]->duplicate);
        CHECK(answers[1]->duplicate);
        CHECK(answers[1]->task_id == answers[0]->task_id);
        CHECK(answers[2].error().reason() == "client_ref_reused");
        CHECK(courses_of(f.tasks->take(10)) == std::vector<int>{10});
        CHECK(f.tasks->take(10).empty());
    }

    TEST_CASE_TEMPLATE("the bound of unfinished tasks counts those still being stored", Engine,
                       BOTH_KINDS) {
        QueueFixture<Engine> f(queue::TaskQueueOptions{.pending_max = 2});
        async::TaskGroup group(f.loop);
        std::vector<core::Result<queue::Submitted>> answers;
        for (int student = 1; student <= 3; ++student) {
            group.spawn(submit_into(*f.tasks, {wish(student, 1)}, answers));
        }
        test::run(f.loop, group.join());
        std::size_t refused = 0;
        for (const auto& answer : answers) {
            refused += !answer && answer.error().reason() == "queue_full" ? 1 : 0;
        }
        CHECK(refused == 1);
        CHECK(f.tasks->statistics().queue_length == 2);
        must(f.complete(success(f.tasks->take(1))));
        CHECK(f.submit({wish(4, 1)}).front());
        CHECK(f.submit({wish(5, 1)}).front().error().reason() == "queue_full");
    }

    TEST_CASE("a pause before a retry is half to all of a delay that doubles up to its bound") {
        for (const bool longest : {false, true}) {
            ConstantRandomQueue f(longest ? 255 : 0, {.patience = {.attempts_max = 12,
                                                                   .retry_delay_min = 100ms,
                                                                   .retry_delay_max = 3s}});
            const auto id =
                must(must(await_on(f.loop, f.tasks->submit({wish(1, 10)}))).front()).task_id;
            for (const auto delay : {100ms, 200ms, 400ms, 800ms, 1600ms, 3000ms, 3000ms}) {
                REQUIRE(f.tasks->take(1).size() == 1);
                must(await_on(f.loop, f.tasks->retry(id, "away")));
                const auto pause = longest ? delay : delay / 2;
                f.clock.advance(pause - 1ms);
                CHECK(f.tasks->take(1).empty());
                f.clock.advance(1ms);
            }
        }
    }

    TEST_CASE(
        "the defaults are eight attempts and pauses from a tenth of a second to half a minute") {
        const queue::Patience options;
        CHECK(options.attempts_max == 8);
        CHECK(options.retry_delay_min == 100ms);
        CHECK(options.retry_delay_max == 30s);
        CHECK(options.lease == 30s);
    }
}
