#pragma once
/// A schema of its own in the server that with_server.py has started.

#include <doctest/doctest.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "courseselect/core/config.hpp"
#include "courseselect/postgres/postgres_database.hpp"

namespace courseselect::test {

template <class T>
T must(core::Result<T> result) {
    if (!result) {
        FAIL("unexpected error: " << result.error().to_string());
    }
    return *std::move(result);
}
inline void must(const core::Result<>& result) {
    if (!result) {
        FAIL("unexpected error: " << result.error().to_string());
    }
}

inline std::string server_url() {
    core::Environment environment = core::Environment::of_process();
    const std::string url = environment.text("COURSESELECT_TEST_POSTGRES", "");
    REQUIRE_MESSAGE(!url.empty(), "run this by tests/postgres/with_server.py");
    return url;
}

/// Each has an empty database.
class PostgresFixture {
  public:
    PostgresFixture() : admin(must(open(server_url())->connect_reader())) {
        static std::atomic<int> count{0};
        const std::string name = "test" + std::to_string(++count);
        must(admin->run_script("DROP DATABASE IF EXISTS " + name));
        must(admin->run_script("CREATE DATABASE " + name));
        url = server_url();
        const auto at = url.find("/postgres?");
        url.replace(at, std::string("/postgres").size(), "/" + name);
        database = open(url);
    }
    static std::unique_ptr<storage::Database> open(const std::string& url,
                                                   postgres::PostgresOptions options = {}) {
        return must(postgres::open_database(core::Secret(url), options));
    }
    /// Breaks every connection to a database of a fixture.
    void end_connections() {
        must(
            admin->execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                           "WHERE datname <> 'postgres' AND datname IS NOT NULL"));
    }
    /// From now on the server waits with the answer to a commit for a standby that does not exist;
    /// the commit itself is on its disk by then, and stays when the connection is ended. It reads
    /// this setting in its own time: the first commits may still be answered.
    void hold_answers() {
        must(admin->run_script("ALTER SYSTEM SET synchronous_standby_names = 'nobody'"));
        must(admin->run_script("SELECT pg_reload_conf()"));
    }
    void release_answers() {
        must(admin->run_script("ALTER SYSTEM RESET synchronous_standby_names"));
        must(admin->run_script("SELECT pg_reload_conf()"));
    }
    /// Breaks the connection of a commit that waits for its answer. False when the committer
    /// `is_done` before.
    bool lose_answer(const std::atomic<bool>& is_done) {
        const auto count = [](const storage::Row& row) { return row.get<std::int64_t>(0); };
        bool is_waiting = false;
        while (!is_waiting && !is_done) {
            is_waiting = must(admin->one("SELECT count(*) FROM pg_stat_activity "
                                         "WHERE wait_event = 'SyncRep'",
                                         count))
                             .value_or(0) > 0;
        }
        if (is_waiting) {
            end_connections();
        }
        return is_waiting;
    }

    std::unique_ptr<storage::Connection> admin;  // to another database
    std::string url;
    std::unique_ptr<storage::Database> database;
};

}  // namespace courseselect::test
