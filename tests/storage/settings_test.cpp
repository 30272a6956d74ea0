/// What every SQLite connection is set to; each setting shown by what it prevents.

#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <thread>

#include "storage/support.hpp"
#include "support/temp_dir.hpp"

using namespace courseselect;
using namespace std::chrono_literals;
using storage::Connection;
using storage::Control;
using storage::Durability;

namespace {

std::int64_t setting(Connection& db, const std::string& name) {
    return test::count(db, "PRAGMA " + name);
}

std::string refusal_of(const core::Result<>& result) {
    return result ? "none" : std::string(result.error().reason());
}

struct SettingsFixture {
    test::TempDir dir;
    std::unique_ptr<storage::Database> database = test::open_database(dir.file("db"));
    std::unique_ptr<Connection> writer = test::must(database->connect_writer());
    std::unique_ptr<Connection> reader = test::must(database->connect_reader());
};

}  // namespace

TEST_SUITE("storage/settings") {
    TEST_CASE("the log is written ahead, and the default survives power loss") {
        SettingsFixture f;
        const auto mode = [](const storage::Row& row) { return row.get<std::string>(0); };
        CHECK(test::must(f.writer->one("PRAGMA journal_mode", mode)) == "wal");
        CHECK(test::must(f.reader->one("PRAGMA journal_mode", mode)) == "wal");
        CHECK(setting(*f.writer, "synchronous") == 2);  // FULL
    }

    TEST_CASE("each durability has its own way to flush") {
        for (const auto& [durability, expected] :
             {std::pair(Durability::full, 2), std::pair(Durability::normal, 1),
              std::pair(Durability::off, 0)}) {
            const test::TempDir dir;
            const auto database = test::open_database(dir.file("db"), {.durability = durability});
            const auto writer = test::must(database->connect_writer());
            CHECK(setting(*writer, "synchronous") == expected);
        }
    }

    TEST_CASE("a row that names a missing parent is refused, also by a connection of its own") {
        SettingsFixture f;
        test::must(f.writer->run_script(
            "CREATE TABLE parents (id INTEGER PRIMARY KEY) STRICT;"
            "CREATE TABLE children (parent INTEGER NOT NULL REFERENCES parents (id)) STRICT"));
        CHECK(refusal_of(f.writer->run_script("INSERT INTO children VALUES (1)")) ==
              "foreign_key_violation");
        const auto second = test::must(f.database->connect_writer());
        CHECK(refusal_of(second->run_script("INSERT INTO children VALUES (1)")) ==
              "foreign_key_violation");
    }

    TEST_CASE("a STRICT table keeps a number column free of text") {
        SettingsFixture f;
        test::must(f.writer->run_script("CREATE TABLE t (n INTEGER) STRICT"));
        const auto wrong = f.writer->execute("INSERT INTO t VALUES ('x')");
        REQUIRE(!wrong);
        CHECK(wrong.error().code() == core::Errc::internal);
        CHECK(wrong.error().reason() == "database_misuse");
    }

    TEST_CASE("the schema cannot be rewritten by SQL") {
        SettingsFixture f;
        test::must(f.writer->run_script("CREATE TABLE t (n INTEGER) STRICT"));
        static_cast<void>(f.writer->run_script("PRAGMA writable_schema = ON"));
        CHECK(refusal_of(f.writer->run_script("UPDATE sqlite_schema SET sql = ''")) ==
              "database_misuse");
        test::must(f.writer->execute("INSERT INTO t VALUES (1)"));
    }

    TEST_CASE("a schema that was made elsewhere is not trusted") {
        SettingsFixture f;
        CHECK(setting(*f.writer, "trusted_schema") == 0);
        CHECK(setting(*f.reader, "trusted_schema") == 0);
        // What it prevents: a view that calls a function with effects outside the database.
        test::must(f.writer->run_script("CREATE VIEW v AS SELECT load_extension('x')"));
        CHECK(refusal_of(f.writer->run_script("SELECT * FROM v")) == "database_misuse");
    }

    TEST_CASE("a name in double quotes that no column has is an error, not a text") {
        SettingsFixture f;
        test::must(f.writer->run_script("CREATE TABLE t (n INTEGER) STRICT"));
        CHECK(refusal_of(f.writer->run_script("SELECT \"typo\" FROM t")) == "database_misuse");
        CHECK(refusal_of(f.writer->run_script("CREATE INDEX i ON t (\"typo\")")) ==
              "database_misuse");
    }

    TEST_CASE("no other file can be attached") {
        SettingsFixture f;
        for (Connection* const db : {f.writer.get(), f.reader.get()}) {
            CHECK_FALSE(db->execute("ATTACH ? AS other", f.dir.file("other")));
        }
        CHECK_FALSE(std::filesystem::exists(f.dir.file("other")));
    }

    TEST_CASE("damaged cells are looked for while reading, and deleted rows are wiped") {
        SettingsFixture f;
        CHECK(setting(*f.writer, "cell_size_check") == 1);
        CHECK(setting(*f.reader, "cell_size_check") == 1);
        CHECK(setting(*f.writer, "secure_delete") == 2);  // FAST
        CHECK(setting(*f.reader, "query_only") == 1);
    }

    TEST_CASE("a second writer waits for the first, and gives up after the timeout") {
        const test::TempDir dir;
        const auto patient = test::open_database(dir.file("db"), {.busy_timeout = 60s});
        const auto first = test::must(patient->connect_writer());
        const auto second = test::must(patient->connect_writer());
        test::must(first->run_script("CREATE TABLE t (n INTEGER) STRICT"));
        test::must(first->control(Control::begin_write));
        test::must(first->execute("INSERT INTO t VALUES (1)"));
        core::Result<> begun;
        std::atomic<bool> started{false};
        std::thread waiting([&] {
            started = true;
            begun = second->control(Control::begin_write);
        });
        while (!started) {
            std::this_thread::yield();
        }
        for (int n = 0; n < 2'000; ++n) {  // time enough for an impatient one to give up
            test::must(first->execute("UPDATE t SET n = ?", n));
        }
        test::must(first->control(Control::commit));
        waiting.join();
        test::must(std::move(begun));
        CHECK(test::count(*second, "SELECT count(*) FROM t") == 1);
        test::must(second->control(Control::rollback));
    }

    TEST_CASE("a writer that finds the database busy says so and has begun nothing") {
        const test::TempDir dir;
        const auto hasty = test::open_database(dir.file("db"), {.busy_timeout = 1ms});
        const auto first = test::must(hasty->connect_writer());
        const auto second = test::must(hasty->connect_writer());
        const auto reader = test::must(hasty->connect_reader());
        test::must(first->run_script("CREATE TABLE t (n INTEGER) STRICT"));
        test::must(first->control(Control::begin_write));
        const auto busy = second->control(Control::begin_write);
        REQUIRE(!busy);
        CHECK(busy.error().code() == core::Errc::unavailable);
        CHECK(busy.error().reason() == "database_busy");
        CHECK_FALSE(second->is_in_transaction());
        CHECK(test::count(*reader, "SELECT count(*) FROM t") == 0);  // readers never wait
        test::must(first->control(Control::commit));
        test::must(second->control(Control::begin_write));
        test::must(second->control(Control::rollback));
    }
}
