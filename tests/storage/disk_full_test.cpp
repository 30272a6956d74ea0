/// A full disk is an error with a name; the write queue survives it and works again afterwards.

#include <doctest/doctest.h>
#include <sys/resource.h>

#include <algorithm>
#include <csignal>
#include <string>
#include <vector>

#include "courseselect/storage/write_queue.hpp"
#include "storage/support.hpp"
#include "support/run.hpp"
#include "support/temp_dir.hpp"

using namespace courseselect;
using storage::Connection;

namespace {

/// No file of this process may grow beyond `bytes` while it lives: writing more fails (EFBIG).
class FileSizeLimit {
  public:
    explicit FileSizeLimit(rlim_t bytes) {
        ::signal(SIGXFSZ, SIG_IGN);
        ::getrlimit(RLIMIT_FSIZE, &before_);
        const rlimit tight{bytes, before_.rlim_max};
        ::setrlimit(RLIMIT_FSIZE, &tight);
    }
    ~FileSizeLimit() {
        ::setrlimit(RLIMIT_FSIZE, &before_);
        ::signal(SIGXFSZ, SIG_DFL);
    }
    FileSizeLimit(const FileSizeLimit&) = delete;
    FileSizeLimit& operator=(const FileSizeLimit&) = delete;

  private:
    rlimit before_{};
};

struct DiskFixture {
    DiskFixture() {
        auto writer = test::must(database->connect_writer());
        test::must(writer->run_script("CREATE TABLE t (x TEXT NOT NULL) STRICT"));
        reader = test::must(database->connect_reader());
        queue = std::make_unique<storage::WriteQueue>(loop, std::move(writer));
    }
    std::int64_t rows() { return test::count(*reader, "SELECT count(*) FROM t"); }
    /// Runs one statement through the queue; "ok" or the error's reason.
    std::string run(std::string sql) {
        std::string outcome;
        queue->submit([sql](Connection& db) { return db.execute(sql); },
                      [&](const core::Result<std::int64_t>& result) {
                          outcome = result ? "ok" : std::string(result.error().reason());
                          code = result ? core::Errc::internal : result.error().code();
                          loop.stop();
                      });
        loop.run();
        return outcome;
    }

    test::TempDir dir;
    async::EventLoop loop;
    std::unique_ptr<storage::Database> database = test::open_database(dir.file("db"));
    std::unique_ptr<Connection> reader;
    std::unique_ptr<storage::WriteQueue> queue;
    core::Errc code{};
};

const std::string one_row = "INSERT INTO t VALUES ('x')";
/// Two MiB in one statement.
const std::string many_rows =
    "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000) "
    "INSERT INTO t SELECT hex(zeroblob(512)) FROM n";

}  // namespace

TEST_SUITE("storage/disk_full") {
    TEST_CASE("a database at its size limit refuses to grow, and grows again when it may") {
        DiskFixture f;
        CHECK(f.run("PRAGMA max_page_count = 20") == "ok");
        CHECK(f.run(many_rows) == "database_full");
        CHECK(f.code == core::Errc::unavailable);
        CHECK(f.rows() == 0);
        CHECK(f.run(one_row) == "ok");
        CHECK(f.run("PRAGMA max_page_count = 100000") == "ok");
        CHECK(f.run(many_rows) == "ok");
        CHECK(f.rows() == 2001);
        CHECK(f.queue->statistics().worker_alive);
    }

    TEST_CASE("a closure that fills the disk does not hurt its neighbours") {
        DiskFixture f;
        CHECK(f.run("PRAGMA max_page_count = 20") == "ok");
        std::vector<std::string> outcomes;
        const auto note = [&](const core::Result<std::int64_t>& result) {
            outcomes.push_back(result ? "ok" : std::string(result.error().reason()));
            if (outcomes.size() == 3) {
                f.loop.stop();
            }
        };
        for (const std::string& sql : {one_row, many_rows, one_row}) {
            f.queue->submit([sql](Connection& db) { return db.execute(sql); }, note);
        }
        f.loop.run();
        REQUIRE(outcomes.size() == 3);
        CHECK(outcomes[1] != "ok");
        // Whether the others shared its transaction or not: who was told "ok" is there.
        const auto kept = std::count(outcomes.begin(), outcomes.end(), "ok");
        CHECK(f.rows() == kept);
        CHECK(f.run(one_row) == "ok");
        CHECK(f.rows() == kept + 1);
    }

    TEST_CASE("when the disk takes no more, the error is clear and the next write after it works") {
        DiskFixture f;
        CHECK(f.run(one_row) == "ok");
        {
            const FileSizeLimit limit(256 * 1024);
            const auto reason = f.run(many_rows);
            CAPTURE(reason);
            CHECK((reason == "commit_failed" || reason == "database_io" ||
                   reason == "database_full"));
            CHECK(f.code == core::Errc::unavailable);
            CHECK(f.rows() == 1);
        }
        CHECK(f.run(one_row) == "ok");
        CHECK(f.run(many_rows) == "ok");
        CHECK(f.rows() == 2002);
        f.queue.reset();
        f.reader.reset();
        f.database.reset();
        const auto again = test::open_database(f.dir.file("db"));
        const auto reader = test::must(again->connect_reader());
        CHECK(test::count(*reader, "SELECT count(*) FROM t") == 2002);
    }
}
