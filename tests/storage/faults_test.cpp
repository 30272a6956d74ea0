#include "courseselect/storage/faults.hpp"

#include <doctest/doctest.h>

#include "storage/support.hpp"

using namespace courseselect;
using storage::Faults;

TEST_SUITE("storage/faults") {
    TEST_CASE("a counter strikes once, at the call it was set to") {
        std::atomic<std::int64_t> counter{3};
        CHECK_FALSE(Faults::strikes(counter));
        CHECK_FALSE(Faults::strikes(counter));
        CHECK(Faults::strikes(counter));
        CHECK_FALSE(Faults::strikes(counter));
        CHECK(counter == 0);
    }

    TEST_CASE("zero and less mean off") {
        for (const std::int64_t off : {0, -1, -100}) {
            std::atomic<std::int64_t> counter{off};
            CHECK_FALSE(Faults::strikes(counter));
            CHECK(counter == off);
        }
    }

    TEST_CASE("a struck statement does not run, and a struck commit keeps nothing") {
        Faults faults;
        const auto database = test::open_database("", {.faults = &faults});
        const auto db = test::must(database->connect_writer());
        test::must(db->run_script("CREATE TABLE t (n INTEGER) STRICT"));
        faults.statement = 1;
        const auto statement = db->execute("INSERT INTO t VALUES (1)");
        REQUIRE(!statement);
        CHECK(statement.error().code() == core::Errc::unavailable);
        CHECK(statement.error().reason() == "injected_fault");
        faults.commit = 1;
        const auto commit = db->transaction(
            [](storage::Connection& c) { return c.execute("INSERT INTO t VALUES (1)"); });
        REQUIRE(!commit);
        CHECK(commit.error().reason() == "injected_fault");
        CHECK_FALSE(db->is_in_transaction());
        CHECK(test::count(*db, "SELECT count(*) FROM t") == 0);
        test::must(db->execute("INSERT INTO t VALUES (1)"));
    }

    TEST_CASE("counters of different kinds do not touch each other") {
        Faults faults;
        faults.statement = 2;
        CHECK_FALSE(Faults::strikes(faults.commit));
        CHECK(faults.statement == 2);
    }
}
