#include "courseselect/queue/task_queue.hpp"

#include <doctest/doctest.h>

#include "queue/fixture.hpp"

using namespace courseselect;
using namespace std::chrono_literals;
using queue::NewTask;
using queue::TaskQueue;
using queue::TaskStatus;
using test::await_on;
using test::courses_of;
using test::keyed;
using test::MemoryQueue;
using test::must;
using test::QueueFixture;
using test::SqliteQueue;
using test::success;
using test::wish;

#define BOTH_ENGINES MemoryQueue, SqliteQueue

namespace {

async::Task<> wait_for(TaskQueue& tasks, core::Uuid id, std::chrono::milliseconds at_most,
                       std::vector<TaskStatus>& seen) {
    const auto view = co_await tasks.wait(id, at_most);
    seen.push_back(must(view)->task.status);
}

}  // namespace

TEST_SUITE("queue/task_queue") {
    TEST_CASE_TEMPLATE("tasks go out by priority, then arrival, one of a student at a time", Engine,
                       BOTH_ENGINES) {
        QueueFixture<Engine> f;
        const auto answers =
            f.submit({wish(1, 10), wish(1, 11), wish(2, 20), wish(3, 30, 5), wish(2, 21, 5)});
        std::vector<std::size_t> positions;
        for (const auto& answer : answers) {
            positions.push_back(answer->position);
        }
        CHECK(positions == std::vector<std::size_t>{1, 2, 3, 1, 2});
        CHECK(f.status(answers[0]->task_id)->position == 3);
        const auto first = f.tasks->take(10);
        CHECK(courses_of(first) == std::vector<int>{30, 21, 10});
        CHECK(f.tasks->take(10).empty());
        CHECK(f.status(first[0].id)->task.status == TaskStatus::processing);
        CHECK_FALSE(f.status(first[0].id)->position);
        must(f.complete(success(first)));
        CHECK(courses_of(f.tasks->take(10)) == std::vector<int>{11, 20});
    }

    TEST_CASE_TEMPLATE("the same key gives the same task, other content is a conflict", Engine,
                       BOTH_ENGINES) {
        QueueFixture<Engine> f;
        const auto first = must(f.submit({keyed(1, 10, "k")}).front());
        const auto answers = f.submit({keyed(1, 10, "k"), keyed(1, 11, "k"), keyed(2, 10, "k"),
                                       keyed(1, 12, "new"), keyed(1, 12, "new")});
        CHECK(answers[0]->duplicate);
        CHECK(answers[0]->task_id == first.task_id);
        CHECK(answers[1].error().reason() == "client_ref_reused");
        CHECK_FALSE(answers[2]->duplicate);
        CHECK(answers[4]->task_id == answers[3]->task_id);
        CHECK(f.tasks->statistics().pending_tasks == 3);
    }

    TEST_CASE_TEMPLATE("every limit is refused just beyond its bound", Engine, BOTH_ENGINES) {
        QueueFixture<Engine> f(queue::TaskQueueOptions{.pending_max = 3, .batch_max = 4});
        const auto answers =
            f.submit({keyed(1, 1, std::string(128, 'k')), keyed(1, 1, std::string(129, 'k')),
                      wish(1, 1, 100), wish(1, 1, 101)});
        CHECK(answers[0]);
        CHECK(answers[1].error().reason() == "client_ref");
        CHECK(answers[2]);
        CHECK(answers[3].error().reason() == "priority");
        const auto more = f.submit({wish(0, 1), keyed(1, 1, ""), wish(1, 1), wish(1, 1)});
        CHECK(more[0].error().reason() == "ids");
        CHECK(more[1].error().reason() == "client_ref");
        CHECK(more[2]);
        CHECK(more[3].error().reason() == "queue_full");
        std::vector<NewTask> five(5, wish(1, 1));
        const auto large = await_on(f.loop, f.tasks->submit(std::move(five)));
        CHECK(large.error().reason() == "batch_too_large");
    }

    TEST_CASE_TEMPLATE("a pending task can be cancelled and does not run", Engine, BOTH_ENGINES) {
        using Kind = queue::CancelOutcome::Kind;
        QueueFixture<Engine> f;
        const auto first = f.submit_one(wish(1, 10));
        const auto second = f.submit_one(wish(1, 11));
        CHECK(f.cancel(first, 2).kind == Kind::not_found);
        CHECK(f.cancel(core::Uuid{}, 1).kind == Kind::not_found);
        CHECK(f.cancel(first, 1).kind == Kind::cancelled);
        CHECK(f.status(first)->task.message == "Cancelled by user");
        const auto again = f.cancel(first, 1);
        CHECK(again.kind == Kind::not_cancellable);
        CHECK(again.status == TaskStatus::failed);
        const auto taken = f.tasks->take(10);
        CHECK(courses_of(taken) == std::vector<int>{11});
        CHECK(f.cancel(second, 1).status == TaskStatus::processing);
        f.tasks->give_back({second}, false);  // it was never tried
        CHECK(f.cancel(second, 1).kind == Kind::cancelled);
        CHECK(f.tasks->take(10).empty());
    }

    TEST_CASE_TEMPLATE("a lease that runs out gives the task out again, marked", Engine,
                       BOTH_ENGINES) {
        QueueFixture<Engine> f;
        const auto id = f.submit_one(wish(1, 10));
        CHECK_FALSE(f.tasks->take(1).front().redelivered);
        f.clock.advance(29'999ms);
        CHECK(f.tasks->take(1).empty());
        f.clock.advance(1ms);
        CHECK(f.status(id)->task.status == TaskStatus::pending);
        CHECK(f.cancel(id, 1).status == TaskStatus::processing);  // it may have run
        CHECK(f.tasks->take(1).front().redelivered);
        must(f.complete({{id, false, "Course is full", R"([{"code":"course_full"}])"}}));
        must(f.complete({{id, true, "late", "[]"}}));
        CHECK(f.status(id)->task.message == "Course is full");
        CHECK(f.tasks->statistics().failed_tasks_today == 1);
    }

    TEST_CASE_TEMPLATE("a failing task is retried after a growing pause, then a dead letter",
                       Engine, BOTH_ENGINES) {
        QueueFixture<Engine> f(queue::TaskQueueOptions{.patience = {.attempts_max = 3}});
        const auto id = f.submit_one(wish(1, 10));
        f.submit_one(wish(1, 11));
        for (const auto pause : {100ms, 200ms}) {
            CHECK(courses_of(f.tasks->take(9)) == std::vector<int>{10});
            CHECK(f.retry(id) == queue::RetryOutcome::scheduled);
            f.clock.advance(pause / 2 - 1ms);
            CHECK(f.tasks->take(9).empty());  // the student's later task waits too
            f.clock.advance(pause / 2 + 1ms);
        }
        CHECK(courses_of(f.tasks->take(9)) == std::vector<int>{10});
        CHECK(f.retry(id) == queue::RetryOutcome::dead_letter);
        CHECK(f.retry(id) == queue::RetryOutcome::not_running);
        CHECK(courses_of(f.tasks->take(9)) == std::vector<int>{11});
        const auto dead = f.dead_letters(10);
        REQUIRE(dead.size() == 1);
        CHECK(dead[0].id == id);
        CHECK(dead[0].message == "data node away");
        CHECK(dead[0].attempts == 3);
    }

    TEST_CASE_TEMPLATE("patience may change while tasks wait and run", Engine, BOTH_ENGINES) {
        QueueFixture<Engine> f;
        const auto id = f.submit_one(wish(1, 10));
        f.tasks->take(1);
        f.tasks->set_patience({.lease = 5s, .attempts_max = 1});
        f.clock.advance(29'999ms);
        CHECK(f.tasks->take(1).empty());  // a lease that runs keeps its end
        f.clock.advance(1ms);
        CHECK(f.tasks->take(1).size() == 1);
        f.clock.advance(5s);
        CHECK(f.tasks->take(1).size() == 1);
        CHECK(f.retry(id) == queue::RetryOutcome::dead_letter);
    }

    TEST_CASE_TEMPLATE("a higher priority overtakes, but never while the student's task runs",
                       Engine, BOTH_ENGINES) {
        QueueFixture<Engine> f;
        const auto first = f.submit_one(wish(1, 10));
        f.submit({wish(1, 11), wish(1, 12, 5), wish(1, 13, 5), wish(1, 14, -5)});
        for (const int course : {12, 13, 10, 11, 14}) {
            const auto taken = f.tasks->take(10);
            CHECK(courses_of(taken) == std::vector<int>{course});
            CHECK(f.tasks->take(10).empty());
            must(f.complete(success(taken)));
        }
        CHECK(f.status(first)->task.status == TaskStatus::completed);
        CHECK(f.tasks->take(10).empty());
    }

    TEST_CASE_TEMPLATE("dead letters are listed newest first, as many as asked for", Engine,
                       BOTH_ENGINES) {
        QueueFixture<Engine> f(
            queue::TaskQueueOptions{.patience = {.attempts_max = 1}, .list_max = 3});
        for (int student = 1; student <= 5; ++student) {
            const auto id = f.submit_one(wish(student, student));
            CHECK(f.tasks->take(1).size() == 1);
            CHECK(f.retry(id) == queue::RetryOutcome::dead_letter);
        }
        CHECK(courses_of(f.dead_letters(2)) == std::vector<int>{5, 4});
        CHECK(f.dead_letters(100).size() == 3);  // list_max
        CHECK(f.list(5, TaskStatus::failed, 10).front().message == "data node away");
    }

    TEST_CASE_TEMPLATE("all tasks are listed newest first, page by page, by state", Engine,
                       BOTH_ENGINES) {
        QueueFixture<Engine> f(queue::TaskQueueOptions{
            .patience = {.attempts_max = 1}, .finished_cached_max = 1, .list_max = 3});
        const auto walk = [&](queue::TaskFilter filter, std::size_t limit) {
            std::vector<int> courses;
            do {
                const auto page = f.page(filter, limit);
                CHECK(page.tasks.size() <= limit);
                for (const int course : courses_of(page.tasks)) {
                    courses.push_back(course);
                }
                filter.before = page.next_before;
            } while (filter.before);
            return courses;
        };
        CHECK(walk({}, 3).empty());
        for (int course = 1; course <= 7; ++course) {
            f.submit_one(wish(course < 7 ? course : 1, course));
        }
        must(f.complete(success(f.tasks->take(3))));   // 1, 2, 3 are completed
        CHECK(f.retry(f.tasks->take(1).front().id) ==  // 4 is given up
              queue::RetryOutcome::dead_letter);
        f.tasks->take(1);  // 5 runs; 6 and 7 wait
        for (const std::size_t limit : {1, 2, 3}) {
            CHECK(walk({}, limit) == std::vector<int>{7, 6, 5, 4, 3, 2, 1});
            CHECK(walk({.status = TaskStatus::completed}, limit) == std::vector<int>{3, 2, 1});
            CHECK(walk({.status = TaskStatus::pending}, limit) == std::vector<int>{7, 6});
            CHECK(walk({.status = TaskStatus::processing}, limit) == std::vector<int>{5});
            CHECK(walk({.status = TaskStatus::failed}, limit) == std::vector<int>{4});
            CHECK(walk({.given_up_only = true}, limit) == std::vector<int>{4});
            CHECK(walk({.student = core::StudentId(1)}, limit) == std::vector<int>{7, 1});
            CHECK(walk({.student = core::StudentId(4), .given_up_only = true}, limit) ==
                  std::vector<int>{4});
            CHECK(walk({.student = core::StudentId(1), .given_up_only = true}, limit).empty());
        }
        CHECK(f.page({}, 100).tasks.size() == 3);  // list_max
        CHECK(f.page({}, 0).tasks.empty());
        const core::Uuid stranger{};
        const auto refused = await_on(f.loop, f.tasks->list({.before = stranger}, 3));
        CHECK(refused.error().reason() == "before");
    }

    TEST_CASE_TEMPLATE("a listing looks at so many tasks and says where to go on", Engine,
                       BOTH_ENGINES) {
        QueueFixture<Engine> f(queue::TaskQueueOptions{.list_max = 2, .list_scan_max = 4});
        f.submit_one(wish(1, 1));
        f.tasks->take(1);
        for (int student = 2; student <= 6; ++student) {
            f.submit_one(wish(student, student));
        }
        const auto first = f.page({.status = TaskStatus::processing}, 2);
        CHECK(first.tasks.empty());
        REQUIRE(first.next_before);
        const auto second =
            f.page({.status = TaskStatus::processing, .before = first.next_before}, 2);
        CHECK(courses_of(second.tasks) == std::vector<int>{1});
    }

    TEST_CASE_TEMPLATE("what is not running can be neither retried nor given back", Engine,
                       BOTH_ENGINES) {
        QueueFixture<Engine> f;
        const auto id = f.submit_one(wish(1, 10));
        CHECK(f.retry(id) == queue::RetryOutcome::not_running);
        CHECK(f.retry(core::Uuid{}) == queue::RetryOutcome::not_running);
        f.tasks->give_back({id, core::Uuid{}}, false);
        CHECK(f.status(id)->position == 1);
        const auto taken = f.tasks->take(1);
        CHECK_FALSE(taken.front().redelivered);
        must(f.complete(success(taken)));
        CHECK(f.retry(id) == queue::RetryOutcome::not_running);
        f.tasks->give_back({id}, false);
        CHECK(f.tasks->take(1).empty());
    }

    TEST_CASE_TEMPLATE("what may have run is told so, and cannot be cancelled", Engine,
                       BOTH_ENGINES) {
        QueueFixture<Engine> f;
        const auto id = f.submit_one(wish(1, 10));
        f.tasks->take(1);
        f.tasks->give_back({id}, true);
        CHECK(f.cancel(id, 1).kind == queue::CancelOutcome::Kind::not_cancellable);
        CHECK(f.tasks->take(1).front().redelivered);
        const auto other = f.submit_one(wish(2, 10));
        f.tasks->take(1);
        f.tasks->give_back({other}, false);
        CHECK(f.cancel(other, 2).kind == queue::CancelOutcome::Kind::cancelled);
    }

    TEST_CASE_TEMPLATE("taking, completing and listing are bounded too", Engine, BOTH_ENGINES) {
        QueueFixture<Engine> f(queue::TaskQueueOptions{.batch_max = 2, .list_max = 3});
        for (int student = 1; student <= 3; ++student) {
            f.submit({wish(student, 1)});
            f.submit({wish(9, student)});
        }
        CHECK(f.tasks->take(0).empty());
        CHECK(f.tasks->take(100).size() == 2);
        CHECK(f.list(9, {}, 100).size() == 3);
        CHECK(f.list(9, {}, 0).empty());
        CHECK(f.complete(std::vector<queue::Finished>(3)).error().reason() == "batch_too_large");
        must(f.complete(std::vector<queue::Finished>(2)));  // unknown ids are skipped
        must(f.complete({}));
    }

    TEST_CASE_TEMPLATE("a student's tasks are listed newest first, also beyond the cache", Engine,
                       BOTH_ENGINES) {
        QueueFixture<Engine> f(queue::TaskQueueOptions{.finished_cached_max = 2});
        for (int course = 1; course <= 6; ++course) {
            f.submit_one(wish(1, course));
            must(f.complete(success(f.tasks->take(1))));
        }
        f.submit_one(wish(1, 7));
        CHECK(courses_of(f.list(1, {}, 5)) == std::vector<int>{7, 6, 5, 4, 3});
        CHECK(courses_of(f.list(1, TaskStatus::completed, 2)) == std::vector<int>{6, 5});
        CHECK(courses_of(f.list(1, TaskStatus::pending, 10)) == std::vector<int>{7});
        CHECK(f.list(2, {}, 10).empty());
        const auto oldest = f.list(1, {}, 10).back();
        CHECK(f.status(oldest.id)->task.status == TaskStatus::completed);
        core::Uuid forged = oldest.id;
        forged.bytes[0] ^= 1;
        CHECK_FALSE(f.status(forged));
    }

    TEST_CASE_TEMPLATE("a long poll ends with the task, with its time, or with the queue", Engine,
                       BOTH_ENGINES) {
        QueueFixture<Engine> f(queue::TaskQueueOptions{.waiters_max = 2});
        const auto id = f.submit_one(wish(1, 10));
        std::vector<TaskStatus> seen;
        async::TaskGroup group(f.loop);
        group.spawn(wait_for(*f.tasks, id, 1h, seen));
        group.spawn(wait_for(*f.tasks, id, 1h, seen));
        CHECK(seen.empty());
        group.spawn(wait_for(*f.tasks, id, 1h, seen));  // one too many: answered at once
        CHECK(seen.size() == 1);
        must(f.complete(success(f.tasks->take(1))));
        test::run(f.loop, group.join());
        CHECK(seen ==
              std::vector{TaskStatus::pending, TaskStatus::completed, TaskStatus::completed});
        const auto other = f.submit_one(wish(2, 10));
        group.spawn(wait_for(*f.tasks, other, 1ms, seen));
        test::run(f.loop, group.join());
        group.spawn(wait_for(*f.tasks, other, 1h, seen));
        test::run(f.loop, f.tasks->close());
        test::run(f.loop, group.join());
        CHECK(seen.size() == 5);
        CHECK(seen.back() == TaskStatus::pending);
    }

    TEST_CASE_TEMPLATE("end_waits answers long polls, old and new, and lets the work go on", Engine,
                       BOTH_ENGINES) {
        QueueFixture<Engine> f;
        const auto id = f.submit_one(wish(1, 10));
        std::vector<TaskStatus> seen;
        async::TaskGroup group(f.loop);
        group.spawn(wait_for(*f.tasks, id, 1h, seen));
        CHECK(seen.empty());
        f.tasks->end_waits();
        test::run(f.loop, group.join());
        CHECK(seen == std::vector{TaskStatus::pending});
        group.spawn(wait_for(*f.tasks, id, 1h, seen));
        test::run(f.loop, group.join());
        CHECK(seen == std::vector{TaskStatus::pending, TaskStatus::pending});
        must(f.complete(success(f.tasks->take(1))));
        group.spawn(wait_for(*f.tasks, id, 1h, seen));
        test::run(f.loop, group.join());
        CHECK(seen.back() == TaskStatus::completed);
        test::run(f.loop, f.tasks->close());
    }

    TEST_CASE_TEMPLATE("the dispatcher is woken by a new task", Engine, BOTH_ENGINES) {
        QueueFixture<Engine> f;
        async::TaskGroup group(f.loop);
        group.spawn(f.tasks->wait_for_work(1h));
        CHECK(group.running() == 1);
        f.submit_one(wish(1, 10));
        test::run(f.loop, group.join());
        CHECK(f.tasks->take(1).size() == 1);
        test::run(f.loop, f.tasks->close());
    }

    TEST_CASE_TEMPLATE("statistics count the UTC day and average the last tasks", Engine,
                       BOTH_ENGINES) {
        QueueFixture<Engine> f;
        f.submit({wish(1, 1), wish(2, 1), wish(3, 1)});
        const auto taken = f.tasks->take(2);
        f.clock.advance(1500ms);
        must(f.complete(success({taken[0]})));
        auto now = f.tasks->statistics();
        CHECK(now.pending_tasks == 1);
        CHECK(now.processing_tasks == 1);
        CHECK(now.queue_length == 2);
        CHECK(now.completed_tasks_today == 1);
        CHECK(now.average_processing_time == doctest::Approx(1.5));
        f.clock.advance(24h);
        now = f.tasks->statistics();
        CHECK(now.completed_tasks_today == 0);
        CHECK(now.pending_tasks == 2);
    }

    TEST_CASE_TEMPLATE("purging forgets old finished tasks and nothing else", Engine,
                       BOTH_ENGINES) {
        QueueFixture<Engine> f(queue::TaskQueueOptions{.purge_step = 2});
        std::vector<core::Uuid> ids;
        for (int i = 1; i <= 5; ++i) {
            ids.push_back(f.submit_one(keyed(i, i, "k")));
        }
        const auto taken = f.tasks->take(4);
        must(f.complete(success(taken)));
        f.clock.advance(48h);
        f.submit_one(wish(9, 9));
        const auto purged = await_on(f.loop, f.tasks->purge(f.clock.wall_now() - 24h));
        CHECK(must(purged) == 4);
        CHECK_FALSE(f.status(ids[0]));
        CHECK(f.status(ids[4])->task.status == TaskStatus::pending);
        CHECK(f.list(1, {}, 10).empty());
        CHECK_FALSE(f.submit({keyed(1, 7, "k")}).front()->duplicate);
    }
}
