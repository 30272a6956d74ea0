#include "courseselect/storage/connection.hpp"

#include <doctest/doctest.h>

#include <limits>

#include "storage/support.hpp"
#include "support/temp_dir.hpp"

using namespace courseselect;
using storage::Connection;
using storage::Row;

namespace {

/// What every engine must do; a new engine adds its type to TEST_CASE_TEMPLATE below.
struct SqliteFile {
    test::TempDir dir;
    std::unique_ptr<storage::Database> database = test::open_database(dir.file("db"));
};
struct SqliteMemory {
    std::unique_ptr<storage::Database> database = test::open_database("");
};

constexpr std::string_view schema = R"(
    CREATE TABLE parents (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;
    CREATE TABLE children (
        id INTEGER PRIMARY KEY,
        parent INTEGER NOT NULL REFERENCES parents (id),
        age INTEGER CHECK (age >= 0), weight REAL, photo BLOB, note TEXT) STRICT)";

template <class Engine>
struct Fixture : Engine {
    std::unique_ptr<Connection> writer = test::must(this->database->connect_writer());
    Fixture() {
        test::must(writer->run_script(schema));
        test::must(writer->execute("INSERT INTO parents VALUES (?, ?)", 1, "Ada"));
    }
};

std::string reason(const core::Result<std::int64_t>& result) {
    return result ? "none" : std::string(result.error().reason());
}

}  // namespace

TEST_SUITE("storage/connection") {
    TEST_CASE_TEMPLATE("values come back as they were bound", Engine, SqliteFile, SqliteMemory) {
        Fixture<Engine> f;
        const std::array<std::uint8_t, 3> photo{0, 1, 255};
        const std::string note("nul\0inside", 10);
        constexpr std::int64_t big = std::numeric_limits<std::int64_t>::min();
        test::must(f.writer->execute("INSERT INTO children VALUES (?, ?, ?, ?, ?, ?)", big, 1,
                                     nullptr, 2.5, photo, note));
        test::must(f.writer->each("SELECT * FROM children", [&](const Row& row) {
            CHECK(row.get<std::int64_t>(0) == big);
            CHECK(row.get<core::StudentId>(1) == core::StudentId(1));
            CHECK(row.get<std::optional<int>>(2) == std::nullopt);
            CHECK(row.get<double>(3) == 2.5);
            CHECK(row.get<std::array<std::uint8_t, 3>>(4) == photo);
            CHECK(row.get<std::string>(5) == note);
        }));
        CHECK(test::must(f.writer->execute("UPDATE children SET note = ?", std::string_view())) ==
              1);
        CHECK(test::count(*f.writer, "SELECT count(*) FROM children WHERE note = ''") == 1);
    }

    TEST_CASE_TEMPLATE("a column of another type is an error, not a guess", Engine, SqliteFile) {
        Fixture<Engine> f;
        const auto wrong = [](const Row& row) { return row.get<std::int64_t>(0); };
        const auto null = f.writer->all("SELECT NULL", wrong);
        REQUIRE(!null);
        CHECK(null.error().reason() == "column_type");
        CHECK(!f.writer->all("SELECT 'x'", wrong));
        const auto narrow = [](const Row& row) { return row.get<std::uint8_t>(0); };
        CHECK(test::must(f.writer->all("SELECT 255", narrow)).front() == 255);
        CHECK(!f.writer->all("SELECT 256", narrow));
        CHECK(!f.writer->all("SELECT -1", narrow));
        const auto bytes = [](const Row& row) { return row.get<std::array<std::uint8_t, 2>>(0); };
        CHECK(!f.writer->all("SELECT x'010203'", bytes));
    }

    TEST_CASE_TEMPLATE("constraint violations are conflicts with a stable reason", Engine,
                       SqliteFile, SqliteMemory) {
        Fixture<Engine> f;
        Connection& db = *f.writer;
        CHECK(reason(db.execute("INSERT INTO parents VALUES (2, 'Ada')")) == "unique_violation");
        CHECK(reason(db.execute("INSERT INTO parents VALUES (1, 'Bob')")) == "unique_violation");
        CHECK(reason(db.execute("INSERT INTO parents VALUES (2, NULL)")) == "not_null_violation");
        CHECK(reason(db.execute("INSERT INTO children (parent) VALUES (9)")) ==
              "foreign_key_violation");
        CHECK(reason(db.execute("INSERT INTO children (parent, age) VALUES (1, -1)")) ==
              "check_violation");
        const auto error = db.execute("INSERT INTO parents VALUES (2, 'Ada')").error();
        CHECK(error.code() == core::Errc::conflict);
        CHECK(reason(db.execute("SELEC")) == "database_misuse");
        CHECK(reason(db.execute("SELECT ?")) == "database_misuse");
        CHECK(reason(db.execute("SELECT 1; SELECT 2")) == "database_misuse");
        CHECK(reason(db.execute("SELECT \"no such column\"")) == "database_misuse");
    }

    TEST_CASE_TEMPLATE("a failing transaction leaves nothing", Engine, SqliteFile, SqliteMemory) {
        Fixture<Engine> f;
        const auto body = [](Connection& db) -> core::Result<int> {
            COURSESELECT_TRY_OK(db.execute("INSERT INTO parents VALUES (7, 'Eve')"));
            COURSESELECT_TRY_OK(db.execute("INSERT INTO parents VALUES (7, 'Eve')"));
            return 1;
        };
        CHECK(!f.writer->transaction(body));
        CHECK_FALSE(f.writer->is_in_transaction());
        CHECK(test::count(*f.writer, "SELECT count(*) FROM parents") == 1);
    }

    TEST_CASE_TEMPLATE("a statement may be used again inside its own rows", Engine, SqliteFile) {
        Fixture<Engine> f;
        int rows = 0;
        const auto inner = [&](const Row&) { ++rows; };
        test::must(f.writer->each("SELECT id FROM parents", [&](const Row&) {
            test::must(f.writer->each("SELECT id FROM parents", inner));
        }));
        CHECK(rows == 1);
    }

    TEST_CASE_TEMPLATE("readers cannot write and see every commit", Engine, SqliteFile,
                       SqliteMemory) {
        Fixture<Engine> f;
        const auto reader = test::must(f.database->connect_reader());
        CHECK(test::count(*reader, "SELECT count(*) FROM parents") == 1);
        CHECK(reason(reader->execute("DELETE FROM parents")) == "database_read_only");
        test::must(f.writer->execute("INSERT INTO parents VALUES (2, 'Bob')"));
        CHECK(test::count(*reader, "SELECT count(*) FROM parents") == 2);
    }

    TEST_CASE("the statement cache is emptied at its bound and fills again") {
        const auto database = test::open_database("", {.statements_max = 3});
        const auto db = test::must(database->connect_writer());
        for (int round = 0; round < 2; ++round) {
            for (const char* sql : {"SELECT 1", "SELECT 2", "SELECT 3", "SELECT 4"}) {
                CHECK(test::count(*db, sql) == sql[7] - '0');
            }
        }
    }

    TEST_CASE("a value longer than the limit is refused") {
        const auto database = test::open_database("", {.value_bytes_max = 1000});
        const auto db = test::must(database->connect_writer());
        CHECK(db->execute("SELECT ?", std::string(900, 'x')));
        CHECK(reason(db->execute("SELECT ?", std::string(1001, 'x'))) == "value_too_long");
    }

    TEST_CASE("a prepared statement keeps working and every nth failure is reported") {
        storage::Faults faults;
        const auto database = test::open_database("", {.faults = &faults});
        const auto db = test::must(database->connect_writer());
        test::must(db->run_script("CREATE TABLE t (n INTEGER) STRICT"));
        const auto insert = test::must(db->prepare("INSERT INTO t VALUES (?)"));
        const auto body = [&](Connection&) -> core::Result<> {
            for (int n = 0; n < 3; ++n) {
                COURSESELECT_TRY_OK(insert->execute(n));
            }
            return {};
        };
        for (int nth = 1; nth <= 3; ++nth) {
            faults.statement = nth;
            CHECK(!db->transaction(body));
            CHECK(test::count(*db, "SELECT count(*) FROM t") == 0);
        }
        faults.commit = 1;
        CHECK(db->transaction(body).error().reason() == "injected_fault");
        CHECK(test::count(*db, "SELECT count(*) FROM t") == 0);
        test::must(db->transaction(body));
        CHECK(test::count(*db, "SELECT count(*) FROM t") == 3);
    }
}
