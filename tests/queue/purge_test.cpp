/// Finished tasks do not pile up (contract §8, fault 11): what is purged, when, in which steps, and
/// that no statement of the queue's daily work reads a whole table.

#include <doctest/doctest.h>

#include "queue/fixture.hpp"

using namespace courseselect;
using namespace std::chrono_literals;
using queue::TaskStatus;
using test::await_on;
using test::keyed;
using test::must;
using test::QueueFixture;
using test::SqliteQueue;
using test::success;
using test::wish;

#define BOTH_STORES test::MemoryQueue, test::SqliteQueue

namespace {

template <class Fixture>
std::size_t purge(Fixture& f, core::WallTime before) {
    return must(await_on(f.loop, f.tasks->purge(before)));
}

template <class Fixture>
core::Uuid finish_one(Fixture& f, queue::NewTask task) {
    const auto id = f.submit_one(std::move(task));
    must(f.complete(success(f.tasks->take(1))));
    return id;
}

/// How SQLite runs a statement: one line a step.
std::string plan_of(storage::Connection& db, std::string_view sql) {
    std::string plan;
    const auto step = [&plan](const storage::Row& row) {
        plan += row.get<std::string>(3);
        plan += '\n';
    };
    must(db.each("EXPLAIN QUERY PLAN " + std::string(sql), step));
    return plan;
}

}  // namespace

TEST_SUITE("queue/task_queue/purge") {
    TEST_CASE_TEMPLATE("a task is kept until the very moment of the bound", Engine, BOTH_STORES) {
        QueueFixture<Engine> f;
        const auto created = f.clock.wall_now();
        const auto id = finish_one(f, keyed(1, 10, "k"));
        f.submit_one(wish(2, 10));  // the newest task always stays
        CHECK(purge(f, created) == 0);
        CHECK(f.status(id));
        CHECK(f.submit({keyed(1, 10, "k")}).front()->duplicate);
        CHECK(purge(f, created + 1us) == 1);
        CHECK_FALSE(f.status(id));
        CHECK_FALSE(f.submit({keyed(1, 10, "k")}).front()->duplicate);
    }

    TEST_CASE_TEMPLATE("unfinished tasks stay, however old, and those behind them go", Engine,
                       BOTH_STORES) {
        QueueFixture<Engine> f(queue::TaskQueueOptions{.purge_step = 3});
        std::vector<core::Uuid> ids;
        for (int student = 1; student <= 10; ++student) {
            ids.push_back(f.submit_one(wish(student, student)));
        }
        const auto taken = f.tasks->take(10);
        std::vector<queue::Task> odd;
        for (std::size_t i = 1; i < taken.size(); i += 2) {
            odd.push_back(taken[i]);
        }
        must(f.complete(success(odd)));
        f.clock.advance(48h);
        f.submit_one(wish(99, 1));
        CHECK(purge(f, f.clock.wall_now() - 24h) == 5);
        for (std::size_t i = 0; i < ids.size(); ++i) {
            CHECK(f.status(ids[i]).has_value() == (i % 2 == 0));
        }
        CHECK(f.tasks->statistics().queue_length == 6);
        CHECK(purge(f, f.clock.wall_now() - 24h) == 0);
    }

    TEST_CASE_TEMPLATE("dead letters and cancelled tasks are purged as well", Engine, BOTH_STORES) {
        QueueFixture<Engine> f(queue::TaskQueueOptions{.patience = {.attempts_max = 1}});
        const auto dead = f.submit_one(wish(1, 10));
        CHECK(f.tasks->take(1).size() == 1);
        CHECK(f.retry(dead) == queue::RetryOutcome::dead_letter);
        const auto cancelled = f.submit_one(wish(2, 10));
        CHECK(f.cancel(cancelled, 2).kind == queue::CancelOutcome::Kind::cancelled);
        f.clock.advance(48h);
        f.submit_one(wish(3, 10));
        CHECK(purge(f, f.clock.wall_now()) == 2);
        CHECK(f.dead_letters(10).empty());
        CHECK_FALSE(f.status(cancelled));
        CHECK(f.list(1, {}, 10).empty());
    }

    TEST_CASE("a purge is many small transactions, so that others are written in between") {
        QueueFixture<SqliteQueue> f(queue::TaskQueueOptions{.purge_step = 10});
        std::vector<queue::NewTask> wishes;
        for (int student = 1; student <= 100; ++student) {
            wishes.push_back(wish(student, 1));
        }
        f.submit(std::move(wishes));
        must(f.complete(success(f.tasks->take(100))));
        f.clock.advance(48h);
        f.submit_one(wish(101, 1));
        const auto before = f.writer->statistics().groups;
        CHECK(purge(f, f.clock.wall_now() - 24h) == 100);
        CHECK(f.writer->statistics().groups - before == 11);  // the last finds nothing
    }

    TEST_CASE("ids are never used again, also when everything old is gone") {
        QueueFixture<SqliteQueue> f;
        const auto first = finish_one(f, wish(1, 10));
        const auto second = finish_one(f, wish(1, 11));
        f.clock.advance(48h);
        CHECK(purge(f, f.clock.wall_now()) == 1);
        CHECK_FALSE(f.status(first));
        f.reopen();
        const auto third = f.submit_one(wish(2, 12));
        CHECK_FALSE(f.status(first));
        CHECK(f.status(second)->task.status == TaskStatus::completed);
        CHECK(f.status(third)->task.course == core::CourseId(12));
        CHECK(f.status(third)->task.sequence > f.status(second)->task.sequence);
    }

    TEST_CASE("a failing step stops the purge and the next purge finishes it") {
        QueueFixture<SqliteQueue> f(queue::TaskQueueOptions{.purge_step = 2});
        for (int student = 1; student <= 5; ++student) {
            finish_one(f, wish(student, 1));
        }
        f.clock.advance(48h);
        f.submit_one(wish(9, 1));
        f.faults.commit = 2;
        CHECK_FALSE(await_on(f.loop, f.tasks->purge(f.clock.wall_now() - 24h)));
        CHECK(purge(f, f.clock.wall_now() - 24h) == 3);
        CHECK(f.list(1, {}, 10).empty());
    }

    TEST_CASE("looking up tasks, keys and dead letters never reads a whole table") {
        QueueFixture<SqliteQueue> f;
        const auto db = must(f.database->connect_reader());
        const std::string status = plan_of(*db, "SELECT * FROM stored_tasks WHERE sequence = 1");
        CHECK(status.find("SCAN") == std::string::npos);
        const std::string key =
            plan_of(*db, "SELECT sequence FROM tasks WHERE student_id = 1 AND client_ref = 'k'");
        CHECK(key.find("tasks_client_ref") != std::string::npos);
        const std::string dead = plan_of(
            *db,
            "SELECT * FROM stored_tasks WHERE status = 'dead' ORDER BY sequence DESC LIMIT 10");
        CAPTURE(dead);
        CHECK(dead.find("outcomes_dead") != std::string::npos);
        const std::string step = plan_of(
            *db,
            "SELECT t.sequence, o.sequence IS NOT NULL FROM tasks t LEFT JOIN outcomes o "
            "USING (sequence) WHERE t.sequence > 5 AND t.sequence < (SELECT max(sequence) FROM "
            "tasks) ORDER BY t.sequence LIMIT 10");
        CHECK(step.find("SCAN") == std::string::npos);
        CHECK(step.find("TEMP B-TREE") == std::string::npos);
    }
}
