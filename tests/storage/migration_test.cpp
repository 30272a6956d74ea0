#include "courseselect/storage/migration.hpp"

#include <doctest/doctest.h>

#include <vector>

#include "storage/support.hpp"

using namespace courseselect;
using storage::Migration;

namespace {

const core::ManualClock migration_clock;

struct MigrationFixture {
    std::unique_ptr<storage::Database> database = test::open_database("");
    std::unique_ptr<storage::Connection> db = test::must(database->connect_writer());
    std::vector<Migration> steps{
        {1, "first", "CREATE TABLE a (x INTEGER) STRICT; INSERT INTO a VALUES (1)"},
        {2, "second", "CREATE TABLE b (x INTEGER) STRICT"},
    };
    core::Result<> migrate() { return storage::migrate(*db, steps, migration_clock); }
};

}  // namespace

TEST_SUITE("storage/migration") {
    TEST_CASE("steps are applied once, in order, and recorded") {
        MigrationFixture f;
        CHECK(test::must(storage::schema_version(*f.db)) == 0);
        test::must(f.migrate());
        test::must(f.migrate());
        CHECK(test::must(storage::schema_version(*f.db)) == 2);
        CHECK(test::count(*f.db, "SELECT count(*) FROM a") == 1);
        f.steps.push_back({3, "third", "INSERT INTO b VALUES (3)"});
        test::must(f.migrate());
        CHECK(test::count(*f.db, "SELECT count(*) FROM b") == 1);
    }

    TEST_CASE("an applied step that changed is refused") {
        MigrationFixture f;
        test::must(f.migrate());
        SUBCASE("its SQL") { f.steps[0].sql = "CREATE TABLE a (y INTEGER) STRICT"; }
        SUBCASE("its name") { f.steps[1].name = "other"; }
        const auto result = f.migrate();
        REQUIRE(!result);
        CHECK(result.error().reason() == "migration_changed");
    }

    TEST_CASE("a schema newer than the program is refused") {
        MigrationFixture f;
        test::must(f.migrate());
        f.steps.pop_back();
        CHECK(f.migrate().error().reason() == "schema_too_new");
    }

    TEST_CASE("a failing step leaves nothing behind and can be repeated") {
        MigrationFixture f;
        f.steps.push_back({3, "third", "CREATE TABLE c (x INTEGER) STRICT; SELECT no_such()"});
        const auto result = f.migrate();
        REQUIRE(!result);
        CHECK(result.error().reason() == "migration_failed");
        CHECK(test::must(storage::schema_version(*f.db)) == 2);
        CHECK(test::count(*f.db, "SELECT count(*) FROM sqlite_schema WHERE name = 'c'") == 0);
        f.steps[2].sql = "CREATE TABLE c (x INTEGER) STRICT";
        test::must(f.migrate());
        CHECK(test::must(storage::schema_version(*f.db)) == 3);
    }
}
