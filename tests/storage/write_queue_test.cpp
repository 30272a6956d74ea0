#include "courseselect/storage/write_queue.hpp"

#include <doctest/doctest.h>

#include <future>
#include <string>
#include <vector>

#include "courseselect/async/task_group.hpp"
#include "storage/support.hpp"
#include "support/run.hpp"

using namespace courseselect;
using storage::Connection;

namespace {

/// A queue on a fresh database with a table `t (n INTEGER UNIQUE)`.
struct WriteFixture {
    explicit WriteFixture(storage::WriteQueueOptions options = {}) {
        auto writer = test::must(database->connect_writer());
        test::must(writer->run_script("CREATE TABLE t (n INTEGER UNIQUE) STRICT"));
        reader = test::must(database->connect_reader());
        queue = std::make_unique<storage::WriteQueue>(loop, std::move(writer), options);
    }
    std::int64_t rows() { return test::count(*reader, "SELECT count(*) FROM t"); }

    /// Holds the writer's thread until `release`, so that a group can gather behind it.
    void hold() {
        auto closure = [gate = gate.get_future().share()](Connection&) -> core::Result<> {
            gate.wait();
            return {};
        };
        queue->submit(std::move(closure), [](const core::Result<>&) {});
        while (queue->statistics().queue_size > 0) {
            std::this_thread::yield();
        }
    }
    void release() { gate.set_value(); }

    async::EventLoop loop;
    storage::Faults faults;
    std::unique_ptr<storage::Database> database = test::open_database("", {.faults = &faults});
    std::unique_ptr<Connection> reader;
    std::promise<void> gate;
    std::unique_ptr<storage::WriteQueue> queue;
};

/// Inserts `first` and `second`; the second insert fails when they are equal.
auto insert_both(int first, int second) {
    return [first, second](Connection& db) -> core::Result<int> {
        COURSESELECT_TRY_OK(db.execute("INSERT INTO t VALUES (?)", first));
        COURSESELECT_TRY_OK(db.execute("INSERT INTO t VALUES (?)", second));
        return first;
    };
}

async::Task<> stop(storage::WriteQueue& queue) { co_await queue.stop(); }

async::Task<> awaited_insert(storage::WriteQueue& queue, int number, std::string& log) {
    auto closure = insert_both(number, -number);
    const auto result = co_await queue.run(std::move(closure));
    log += result ? std::to_string(*result) : std::string(result.error().reason());
    log += ' ';
}

}  // namespace

TEST_SUITE("storage/write_queue") {
    TEST_CASE("closures run in order of arrival and answer after the commit") {
        WriteFixture f;
        async::TaskGroup group(f.loop);
        std::string log;
        for (int n = 1; n <= 5; ++n) {
            group.spawn(awaited_insert(*f.queue, n, log));
        }
        test::run(f.loop, group.join());
        CHECK(log == "1 2 3 4 5 ");
        CHECK(f.rows() == 10);
        test::run(f.loop, stop(*f.queue));
    }

    TEST_CASE("a failing closure is undone alone") {
        WriteFixture f;
        f.hold();
        std::vector<std::string> outcomes;
        const auto note = [&](const core::Result<int>& result) {
            outcomes.push_back(result ? "ok" : std::string(result.error().reason()));
        };
        f.queue->submit(insert_both(1, 2), note);
        f.queue->submit(insert_both(3, 3), note);
        f.queue->submit(
            [](Connection& db) -> core::Result<int> {
                static_cast<void>(db.execute("INSERT INTO t VALUES (9)"));
                throw std::runtime_error("a bug");
            },
            note);
        f.queue->submit(insert_both(3, 4), note);
        f.release();
        test::run(f.loop, stop(*f.queue));
        CHECK(outcomes == std::vector<std::string>{"ok", "unique_violation", "write_threw", "ok"});
        CHECK(f.rows() == 4);
        CHECK(f.queue->statistics().groups == 2);
        CHECK(f.queue->statistics().closures == 5);
    }

    TEST_CASE("a lone failing closure leaves nothing either") {
        WriteFixture f;
        std::string log;
        async::TaskGroup group(f.loop);
        group.spawn(awaited_insert(*f.queue, 0, log));
        test::run(f.loop, group.join());
        CHECK(log == "unique_violation ");
        CHECK(f.rows() == 0);
    }

    TEST_CASE("if the commit fails nobody is told success and nothing is kept") {
        WriteFixture f;
        f.hold();
        int failed = 0;
        for (int n = 1; n <= 10; ++n) {
            f.queue->submit(insert_both(n, -n), [&](const core::Result<int>& result) {
                REQUIRE(!result);
                CHECK(result.error().code() == core::Errc::unavailable);
                ++failed;
            });
        }
        f.faults.commit = 2;  // the first is that of the closure that holds the thread
        f.release();
        test::run(f.loop, stop(*f.queue));
        CHECK(failed == 10);
        CHECK(f.rows() == 0);
    }

    TEST_CASE("figures tell sizes and times of groups, and how many were lost") {
        WriteFixture f;
        const auto& figures = f.queue->figures();
        CHECK(figures.group_sizes.count() == 0);
        f.hold();
        for (int n = 1; n <= 10; ++n) {
            f.queue->submit(insert_both(n, -n), [](const core::Result<int>&) {});
        }
        f.faults.commit = 2;  // the first is that of the closure that holds the thread
        f.release();
        test::run(f.loop, stop(*f.queue));
        CHECK(figures.group_sizes.count() == 2);
        CHECK(figures.group_sizes.sum() == doctest::Approx(11));
        CHECK(figures.group_times.count() == 2);
        CHECK(figures.group_times.sum() > 0);
        CHECK(figures.failed_groups.value() == 1);
    }

    TEST_CASE("every nth failing statement undoes its own closure only") {
        for (int nth = 1; nth <= 6; ++nth) {
            WriteFixture f;
            f.hold();
            int ok = 0;
            for (int n = 1; n <= 3; ++n) {
                f.queue->submit(insert_both(n, -n),
                                [&](const core::Result<int>& result) { ok += result ? 1 : 0; });
            }
            f.faults.statement = nth;
            f.release();
            test::run(f.loop, stop(*f.queue));
            CHECK(ok == 2);
            CHECK(f.rows() == 4);
        }
    }

    TEST_CASE("a full queue refuses at once, and a stopped one too") {
        WriteFixture f({.queued_max = 3, .group_max = 2});
        f.hold();
        int accepted = 0;
        int refused = 0;
        const auto note = [&](const core::Result<int>& result) {
            accepted += result ? 1 : 0;
            refused += !result && result.error().reason() == "write_queue_full" ? 1 : 0;
        };
        for (int n = 1; n <= 4; ++n) {
            f.queue->submit(insert_both(n, -n), note);
        }
        CHECK(refused == 1);
        CHECK(f.queue->statistics().queue_size == 3);
        CHECK(f.queue->statistics().worker_alive);
        CHECK(f.queue->statistics().pending_results == 1);
        f.release();
        test::run(f.loop, stop(*f.queue));
        CHECK(accepted == 3);
        CHECK(f.queue->statistics().groups == 3);  // the holder, two, one
        CHECK_FALSE(f.queue->statistics().worker_alive);
        CHECK_FALSE(f.queue->statistics().queue_enabled);
        CHECK(f.queue->statistics().pending_results == 0);
        std::string reason;
        f.queue->submit(insert_both(8, 9),
                        [&](const core::Result<int>& result) { reason = result.error().reason(); });
        CHECK(reason == "write_queue_stopped");
    }

    TEST_CASE("destruction finishes what is queued") {
        WriteFixture f;
        int done = 0;
        for (int n = 1; n <= 50; ++n) {
            f.queue->submit(insert_both(n, -n), [&](const core::Result<int>&) { ++done; });
        }
        f.queue.reset();
        CHECK(f.rows() == 100);
        f.loop.poll();
        CHECK(done == 50);
    }
}
