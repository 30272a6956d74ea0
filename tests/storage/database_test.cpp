#include "courseselect/storage/database.hpp"

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <memory>
#include <thread>

#include "courseselect/async/event_loop.hpp"
#include "courseselect/storage/write_queue.hpp"
#include "storage/support.hpp"
#include "support/temp_dir.hpp"

using namespace courseselect;
using storage::Database;
using storage::DatabaseUrl;

namespace {

std::string parsed(std::string_view url) {
    const auto result = DatabaseUrl::parse(url);
    return result ? "path:" + result->path : std::string(result.error().reason());
}

unsigned mode_of(const std::string& path) {
    struct stat status {};
    return ::stat(path.c_str(), &status) == 0 ? status.st_mode & 0777u : 0u;
}

void fill(storage::Connection& db, int rows) {
    const auto body = [rows](storage::Connection& connection) -> core::Result<> {
        for (int n = 0; n < rows; ++n) {
            COURSESELECT_TRY_OK(
                connection.execute("INSERT INTO t VALUES (?)", std::string(1000, 'x')));
        }
        return {};
    };
    test::must(db.transaction(body));
}

}  // namespace

TEST_SUITE("storage/database") {
    TEST_CASE("DATABASE_URL names a file, a memory database, or is refused clearly") {
        CHECK(parsed("sqlite:///./course_data.db") == "path:./course_data.db");
        CHECK(parsed("sqlite:///course_data.db") == "path:course_data.db");
        CHECK(parsed("sqlite:////var/lib/c.db") == "path:/var/lib/c.db");
        CHECK(parsed("sqlite://") == "path:");
        CHECK(parsed("sqlite:///:memory:") == "path:");
        for (const char* url : {"", "course.db", "sqlite:/x", "sqlite://host/x", "sqlite:///",
                                "sqlite:///dir/", "sqlite:///a?mode=ro"}) {
            CHECK(parsed(url) == "database_url");
        }
        for (const char* url : {"postgresql://localhost/x", "mysql://x", "oracle://"}) {
            CHECK(parsed(url) == "unknown_engine");
        }
        CHECK(DatabaseUrl::parse("mysql://x").error().detail().find("'mysql'") !=
              std::string::npos);
    }

    TEST_CASE("files are private, and only one process may own them") {
        const test::TempDir dir;
        auto database = test::open_database(dir.file("db"));
        CHECK(mode_of(dir.file("db")) == 0600);
        const auto second = Database::open({.path = dir.file("db")});
        REQUIRE(!second);
        CHECK(second.error().reason() == "database_locked");
        CHECK(second.error().detail().find(std::to_string(::getpid())) != std::string::npos);
        const auto reader = Database::open({.path = dir.file("db")}, {.read_only = true});
        REQUIRE(reader);
        CHECK((*reader)->connect_writer().error().reason() == "database_read_only");
        database.reset();
        CHECK(Database::open({.path = dir.file("db")}));
    }

    TEST_CASE("other files are refused and left alone") {
        const test::TempDir dir;
        std::ofstream(dir.file("text")) << std::string(5000, 'x');
        const auto text = Database::open({.path = dir.file("text")});
        REQUIRE(!text);
        CHECK(text.error().code() == core::Errc::data_corrupt);
        CHECK(Database::open({.path = dir.file("no/such/dir")}).error().code() ==
              core::Errc::unavailable);
        {
            const auto ours = test::open_database(dir.file("db"));
            const auto db = test::must(ours->connect_writer());
            test::must(db->run_script("PRAGMA application_id = 1"));
        }
        CHECK(Database::open({.path = dir.file("db")}).error().reason() == "foreign_database");
    }

    TEST_CASE("a backup holds what was committed, while writing goes on") {
        const test::TempDir dir;
        const auto database = test::open_database(dir.file("db"));
        const auto db = test::must(database->connect_writer());
        test::must(db->run_script("CREATE TABLE t (x TEXT) STRICT"));
        fill(*db, 100);
        test::must(db->control(storage::Control::begin_write));
        test::must(db->execute("INSERT INTO t VALUES ('not yet committed')"));
        std::ofstream(dir.file("copy")) << "an older backup";
        test::must(database->backup_to(dir.file("copy")));
        test::must(db->control(storage::Control::commit));
        CHECK(mode_of(dir.file("copy")) == 0600);
        const auto copy = test::open_database(dir.file("copy"));
        const auto reader = test::must(copy->connect_reader());
        CHECK(test::count(*reader, "SELECT count(*) FROM t") == 100);
        CHECK(!database->backup_to(dir.file("no/such/dir")));
        int files = 0;
        for (const auto& entry : std::filesystem::directory_iterator(dir.path())) {
            CHECK(entry.path().string().find("unfinished") == std::string::npos);
            ++files;
        }
        CHECK(files > 0);
    }

    TEST_CASE("a backup made while pairs are being written holds only whole pairs") {
        const test::TempDir dir;
        async::EventLoop loop;
        const auto database =
            test::open_database(dir.file("db"), {.durability = storage::Durability::normal});
        auto writer = test::must(database->connect_writer());
        test::must(writer->run_script("CREATE TABLE t (n INTEGER) STRICT"));
        auto queue = std::make_unique<storage::WriteQueue>(loop, std::move(writer));
        std::atomic<bool> enough{false};
        std::atomic<int> pairs{0};
        std::thread busy([&] {  // the loop's thread
            for (int n = 1; !enough; ++n) {
                bool written = false;
                queue->submit(
                    [n](storage::Connection& db) -> core::Result<> {
                        COURSESELECT_TRY_OK(db.execute("INSERT INTO t VALUES (?)", n));
                        COURSESELECT_TRY_OK(db.execute("INSERT INTO t VALUES (?)", -n));
                        return {};
                    },
                    [&written](const core::Result<>&) { written = true; });
                while (!written) {
                    loop.poll();
                }
                ++pairs;
            }
        });
        std::int64_t last = 0;
        for (int round = 0; round < 3; ++round) {
            const int before = pairs;
            while (pairs < before + 20) {
                std::this_thread::yield();
            }
            test::must(database->backup_to(dir.file("copy")));
            const auto copy = test::open_database(dir.file("copy"));
            const auto reader = test::must(copy->connect_reader());
            CHECK(test::count(*reader, "SELECT coalesce(sum(n), -1) FROM t") == 0);
            const auto rows = test::count(*reader, "SELECT count(*) FROM t");
            CHECK(rows >= 2 * before);
            CHECK(rows > last);
            last = rows;
        }
        enough = true;
        busy.join();
    }

    TEST_CASE("the write-ahead log stays near its bound") {
        const test::TempDir dir;
        const auto database =
            test::open_database(dir.file("db"), {.durability = storage::Durability::off,
                                                 .wal_background_pages = 64,
                                                 .wal_pages_max = 256});
        const auto db = test::must(database->connect_writer());
        test::must(db->run_script("CREATE TABLE t (x TEXT) STRICT"));
        for (int round = 0; round < 200; ++round) {
            fill(*db, 40);  // ten pages and their inner pages
        }
        CHECK(database->wal_bytes() > 0);
        CHECK(database->wal_bytes() < 1024u * 4200u);  // 12 times as much was written
    }

    TEST_CASE("a memory database vanishes when it is closed") {
        for (int round = 0; round < 2; ++round) {
            const auto database = test::open_database("");
            const auto db = test::must(database->connect_writer());
            test::must(db->run_script("CREATE TABLE t (x TEXT) STRICT"));
        }
    }
}
