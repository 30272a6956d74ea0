/// A queue that dies between any two steps: what was acknowledged is there after the restart, what
/// failed has changed nothing.

#include <doctest/doctest.h>

#include <atomic>

#include "queue/fixture.hpp"

using namespace courseselect;
using namespace std::chrono_literals;
using queue::TaskStatus;
using test::await_on;
using test::keyed;
using test::must;
using test::QueueFixture;
using test::SqliteQueue;

namespace {

/// What the queue said yes to.
struct SaidYes {
    std::vector<core::Uuid> ids;  ///< empty: the tasks were refused
    bool completed = false;       ///< the first task
    bool retried = false;         ///< the second, once
    int dying_attempts = 0;       ///< the third; at 2 it is a dead letter
    bool cancelled = false;       ///< the fourth
};

std::vector<queue::NewTask> four_wishes() {
    std::vector<queue::NewTask> wishes;
    for (int student = 1; student <= 4; ++student) {
        wishes.push_back(keyed(student, student, "key"));
    }
    return wishes;
}

/// One task of each fate. Goes on after a failure, as the dispatcher does.
SaidYes run_all_steps(QueueFixture<SqliteQueue>& f) {
    SaidYes done;
    const auto answers = await_on(f.loop, f.tasks->submit(four_wishes()));
    if (!answers) {
        return done;
    }
    for (const auto& answer : *answers) {
        done.ids.push_back(must(answer).task_id);
    }
    CHECK(f.tasks->take(10).size() == 4);
    done.completed = f.complete({{done.ids[0], true, "done", "[]"}}).has_value();
    done.retried = await_on(f.loop, f.tasks->retry(done.ids[1], "once")).has_value();
    for (const char* reason : {"once", "twice"}) {
        const auto outcome = await_on(f.loop, f.tasks->retry(done.ids[2], reason));
        if (!outcome) {
            break;
        }
        ++done.dying_attempts;
        f.clock.advance(1s);  // longer than the pause, shorter than a lease
        static_cast<void>(f.tasks->take(10));
    }
    f.tasks->give_back({done.ids[3]}, false);
    const auto cancelled = await_on(f.loop, f.tasks->cancel(done.ids[3], core::StudentId(4)));
    done.cancelled = cancelled && cancelled->kind == queue::CancelOutcome::Kind::cancelled;
    return done;
}

void check_task(QueueFixture<SqliteQueue>& f, core::Uuid id, bool finished, std::string_view said,
                int attempts) {
    const auto view = f.status(id);
    REQUIRE(view);
    CHECK(view->task.is_finished() == finished);
    CHECK(view->task.attempts == attempts);
    CHECK(view->task.redelivered == !finished);
    if (finished) {
        CHECK(view->task.message == said);
    }
}

/// The restarted queue holds exactly what was acknowledged.
void check_kept(QueueFixture<SqliteQueue>& f, const SaidYes& done) {
    if (done.ids.empty()) {
        CHECK(f.tasks->statistics().queue_length == 0);
        CHECK_FALSE(f.submit(four_wishes()).front()->duplicate);
        return;
    }
    const bool is_dead = done.dying_attempts == 2;
    check_task(f, done.ids[0], done.completed, "done", 0);
    check_task(f, done.ids[1], false, "", done.retried ? 1 : 0);
    check_task(f, done.ids[2], is_dead, "twice", done.dying_attempts);
    check_task(f, done.ids[3], done.cancelled, "Cancelled by user", 0);
    CHECK(f.dead_letters(10).size() == (is_dead ? 1 : 0));
    const std::size_t unfinished =
        1u + (done.completed ? 0 : 1) + (is_dead ? 0 : 1) + (done.cancelled ? 0 : 1);
    CHECK(f.tasks->take(10).size() == unfinished);
    for (const auto& answer : f.submit(four_wishes())) {
        CHECK(must(answer).duplicate);
    }
}

/// Fails the first, the second, the third ... call that `counter` counts, until a run needs fewer.
void fail_every_nth(std::atomic<std::int64_t> storage::Faults::*counter, int calls_min) {
    for (int nth = 1;; ++nth) {
        CAPTURE(nth);
        QueueFixture<SqliteQueue> f(queue::TaskQueueOptions{.patience = {.attempts_max = 2}});
        f.faults.*counter = nth;
        const SaidYes done = run_all_steps(f);
        const bool struck = f.faults.*counter <= 0;
        f.faults.*counter = 0;
        f.reopen();
        check_kept(f, done);
        if (!struck) {
            CHECK(done.completed);
            CHECK(done.retried);
            CHECK(done.dying_attempts == 2);
            CHECK(done.cancelled);
            CHECK(nth > calls_min);
            return;
        }
    }
}

}  // namespace

TEST_SUITE("queue/task_queue/faults") {
    TEST_CASE("a queue that dies after any failing commit keeps what it acknowledged, no more") {
        fail_every_nth(&storage::Faults::commit, 5);
    }

    TEST_CASE("the same for any failing statement") {
        fail_every_nth(&storage::Faults::statement, 10);
    }

    TEST_CASE("after a failing commit the same queue goes on as if nothing had happened") {
        QueueFixture<SqliteQueue> f;
        const auto id = f.submit_one(keyed(1, 10, "k"));
        f.faults.commit = 1;
        CHECK_FALSE(await_on(f.loop, f.tasks->cancel(id, core::StudentId(1))));
        CHECK(f.status(id)->position == 1);
        auto taken = f.tasks->take(1);
        REQUIRE(taken.size() == 1);
        CHECK_FALSE(taken.front().redelivered);
        f.faults.commit = 1;
        CHECK_FALSE(f.complete(test::success(taken)));
        CHECK(f.status(id)->task.status == TaskStatus::processing);
        f.faults.commit = 1;
        CHECK_FALSE(await_on(f.loop, f.tasks->retry(id, "away")));
        CHECK(f.status(id)->task.attempts == 0);
        must(f.complete(test::success(taken)));
        CHECK(f.status(id)->task.status == TaskStatus::completed);
    }

    TEST_CASE("a key and a dead letter outlive a restart") {
        QueueFixture<SqliteQueue> f(queue::TaskQueueOptions{.patience = {.attempts_max = 1}});
        const auto id = f.submit_one(keyed(1, 10, "k"));
        CHECK(f.tasks->take(1).size() == 1);
        CHECK(f.retry(id) == queue::RetryOutcome::dead_letter);
        f.reopen();
        const auto again = f.submit({keyed(1, 10, "k"), keyed(1, 11, "k")});
        CHECK(again[0]->duplicate);
        CHECK(again[0]->task_id == id);
        CHECK(again[0]->position == 0);
        CHECK(again[1].error().reason() == "client_ref_reused");
        const auto dead = f.dead_letters(10);
        REQUIRE(dead.size() == 1);
        CHECK(dead.front().message == "data node away");
        CHECK(dead.front().attempts == 1);
        CHECK(f.tasks->take(1).empty());
    }
}
