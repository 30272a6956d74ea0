#include "courseselect/storage/reader_pool.hpp"

#include <doctest/doctest.h>

#include <future>

#include "courseselect/async/task_group.hpp"
#include "storage/support.hpp"
#include "support/run.hpp"

using namespace courseselect;
using storage::Connection;

namespace {

auto count_rows() {
    return [](Connection& db) -> core::Result<std::int64_t> {
        return test::count(db, "SELECT count(*) FROM t");
    };
}

async::Task<> read_rows(storage::ReaderPool& pool, std::int64_t& rows) {
    auto closure = count_rows();
    const auto result = co_await pool.read(std::move(closure));
    rows += result ? *result : 0;
}

async::Task<> try_to_write(storage::ReaderPool& pool, std::string& reason) {
    auto closure = [](Connection& db) { return db.execute("DELETE FROM t"); };
    const auto result = co_await pool.read(std::move(closure));
    reason = result ? "none" : std::string(result.error().reason());
}

async::Task<> read_when_open(storage::ReaderPool& pool, std::shared_future<void> gate,
                             int& refused) {
    auto closure = [gate](Connection&) -> core::Result<> {
        gate.wait();
        return {};
    };
    const auto result = co_await pool.read(std::move(closure));
    refused += !result && result.error().reason() == "pool_full" ? 1 : 0;
}

struct ReaderFixture {
    async::EventLoop loop;
    std::unique_ptr<storage::Database> database = test::open_database("");
    std::unique_ptr<Connection> writer = test::must(database->connect_writer());
    ReaderFixture() {
        test::must(
            writer->run_script("CREATE TABLE t (n INTEGER) STRICT; INSERT INTO t VALUES (1)"));
    }
};

}  // namespace

TEST_SUITE("storage/reader_pool") {
    TEST_CASE("reads run beside each other and see what is committed") {
        ReaderFixture f;
        const auto pool = test::must(storage::ReaderPool::open(f.loop, *f.database));
        async::TaskGroup group(f.loop);
        std::int64_t rows = 0;
        for (int i = 0; i < 20; ++i) {
            group.spawn(read_rows(*pool, rows));
        }
        test::run(f.loop, group.join());
        CHECK(rows == 20);
        std::string reason;
        test::run(f.loop, try_to_write(*pool, reason));
        CHECK(reason == "database_read_only");
        test::run(f.loop, read_rows(*pool, rows));
        CHECK(rows == 21);
    }

    TEST_CASE("a full pool refuses at once") {
        ReaderFixture f;
        const auto pool = test::must(
            storage::ReaderPool::open(f.loop, *f.database, {.connections = 1, .queued_max = 2}));
        std::promise<void> gate;
        const auto opened = gate.get_future().share();
        int refused = 0;
        async::TaskGroup group(f.loop);
        for (int i = 0; i < 10; ++i) {
            group.spawn(read_when_open(*pool, opened, refused));
        }
        CHECK(refused >= 7);
        CHECK(refused <= 8);
        gate.set_value();
        test::run(f.loop, group.join());
    }
}
