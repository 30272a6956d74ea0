#include "courseselect/queue/sqlite_task_queue.hpp"

#include <doctest/doctest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <map>

#include "queue/support.hpp"

using namespace courseselect;
using core::CourseId;
using core::StudentId;
using queue::TaskStatus;
using test::must;

namespace {

constexpr int batch = 20;

/// What the child tells its parent: a task is durable, or its outcome is.
struct Acknowledged {
    std::array<std::uint8_t, 16> id;
    bool completed;
};

void tell(int pipe, const core::Uuid& id, bool completed) {
    const Acknowledged record{id.bytes, completed};
    if (::write(pipe, &record, sizeof record) != sizeof record) {
        ::_exit(1);
    }
}

/// Submits, takes and completes for ever; completes only half of what it takes.
async::Task<> work_for_ever(queue::TaskQueue& tasks, int pipe) {
    for (std::int64_t round = 0;; ++round) {
        std::vector<queue::NewTask> wishes(batch);
        for (int i = 0; i < batch; ++i) {
            wishes[static_cast<std::size_t>(i)].student = StudentId(round * batch + i + 1);
            wishes[static_cast<std::size_t>(i)].course = CourseId(1);
        }
        const auto answers = co_await tasks.submit(std::move(wishes));
        for (const auto& answer : must(answers)) {
            tell(pipe, must(answer).task_id, false);
        }
        std::vector<queue::Finished> finished;
        for (const auto& task : tasks.take(batch / 2)) {
            finished.push_back({task.id, true, "done", "[]"});
        }
        const auto outcome = finished;
        const auto done = co_await tasks.complete(std::move(finished));
        must(done);
        for (const auto& task : outcome) {
            tell(pipe, task.task_id, true);
        }
    }
}

async::Task<> check_all(test::SqliteQueue& f, std::map<core::Uuid, bool>& acknowledged) {
    std::map<core::Uuid, int> handed_out;
    for (auto taken = f.tasks->take(1000); !taken.empty(); taken = f.tasks->take(1000)) {
        for (const auto& task : taken) {
            CHECK(task.redelivered);
            ++handed_out[task.id];
        }
    }
    for (const auto& [id, completed] : acknowledged) {
        const auto view = co_await f.tasks->status(id);
        REQUIRE(must(view).has_value());
        const bool finished = (*view)->task.status == TaskStatus::completed;
        CHECK((finished || !completed));
        CHECK(handed_out[id] == (finished ? 0 : 1));
    }
}

[[noreturn]] void run_child(const std::string& path, int pipe) {
    async::EventLoop loop;
    const core::SystemClock clock;
    const auto database = test::open_database(path);
    auto connection = must(database->connect_writer());
    must(storage::migrate(*connection, queue::task_queue_migrations(), clock));
    storage::WriteQueue writer(loop, std::move(connection));
    const auto readers = must(storage::ReaderPool::open(loop, *database));
    const auto serve = [](async::EventLoop& l, const core::Clock& c, storage::WriteQueue& w,
                          storage::ReaderPool& r, int p) -> async::Task<> {
        auto random = test::seeded_bytes(3);
        auto opened = co_await queue::open_task_queue(l, c, w, r, std::move(random));
        const auto tasks = must(std::move(opened));
        co_await work_for_ever(*tasks, p);
    };
    async::TaskGroup group(loop);
    group.spawn(serve(loop, clock, writer, *readers, pipe));
    loop.run();
    ::_exit(1);
}

async::Task<> submit_and_finish(queue::TaskQueue& tasks, core::Uuid& id, std::string& log) {
    std::vector<queue::NewTask> wishes(1);
    wishes[0].student = StudentId(1);
    wishes[0].course = CourseId(2);
    const auto answers = co_await tasks.submit(std::move(wishes));
    log += answers ? "submitted " : "refused ";
    if (!answers) {
        co_return;
    }
    id = answers->front()->task_id;
    static_cast<void>(tasks.take(1));
    std::vector<queue::Finished> finished(1);
    finished[0].task_id = id;
    finished[0].success = true;
    const auto done = co_await tasks.complete(std::move(finished));
    log += done ? "completed" : "failed";
}

async::Task<> read_status(queue::TaskQueue& tasks, core::Uuid id, std::optional<TaskStatus>& out) {
    const auto view = co_await tasks.status(id);
    if (must(view)) {
        out = (*view)->task.status;
    }
}

}  // namespace

TEST_SUITE("queue/sqlite_task_queue") {
    TEST_CASE("a restart keeps tasks, outcomes and counts") {
        test::SqliteQueue f;
        core::Uuid id;
        std::string log;
        test::run(f.loop, submit_and_finish(*f.tasks, id, log));
        CHECK(log == "submitted completed");
        f.reopen();
        std::optional<TaskStatus> status;
        test::run(f.loop, read_status(*f.tasks, id, status));
        CHECK(status == TaskStatus::completed);
        CHECK(f.tasks->statistics().completed_tasks_today == 1);
        CHECK(f.tasks->take(1).empty());
    }

    TEST_CASE("a failing commit changes nothing") {
        test::SqliteQueue f;
        core::Uuid id;
        std::string log;
        f.faults.commit = 1;
        test::run(f.loop, submit_and_finish(*f.tasks, id, log));
        CHECK(log == "refused ");
        CHECK(f.tasks->statistics().queue_length == 0);
        log.clear();
        f.faults.commit = 2;
        test::run(f.loop, submit_and_finish(*f.tasks, id, log));
        CHECK(log == "submitted failed");
        std::optional<TaskStatus> status;
        test::run(f.loop, read_status(*f.tasks, id, status));
        CHECK(status == TaskStatus::processing);
        f.reopen();
        CHECK(f.tasks->take(1).front().id == id);
    }

    TEST_CASE("kill -9 at any moment loses no acknowledged task and repeats no outcome") {
        const char* given = std::getenv("COURSESELECT_SEED");
        const auto seed = given != nullptr ? std::strtoul(given, nullptr, 10) : 20'261'121UL;
        CAPTURE(seed);
        std::mt19937 random(static_cast<std::uint32_t>(seed));
        for (int round = 0; round < 6; ++round) {
            const test::TempDir dir;
            int ends[2];
            REQUIRE(::pipe(ends) == 0);
            const pid_t child = ::fork();
            if (child == 0) {
                ::close(ends[0]);
                run_child(dir.file("queue.db"), ends[1]);
            }
            ::close(ends[1]);
            auto wanted = std::uniform_int_distribution<int>(1, 1500)(random);
            std::map<core::Uuid, bool> acknowledged;
            Acknowledged record{};
            while (::read(ends[0], &record, sizeof record) == sizeof record) {
                bool& completed = acknowledged[core::Uuid{record.id}];
                completed = completed || record.completed;
                if (--wanted == 0) {
                    ::kill(child, SIGKILL);
                }
            }
            ::close(ends[0]);
            int status = 0;
            REQUIRE(::waitpid(child, &status, 0) == child);
            REQUIRE(WIFSIGNALED(status));
            test::SqliteQueue f(dir.file("queue.db"));
            test::run(f.loop, check_all(f, acknowledged));
        }
    }
}
