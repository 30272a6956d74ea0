#pragma once
/// A schema of its own in the server that with_server.py has started.

#include <doctest/doctest.h>

#include <atomic>
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
    static std::unique_ptr<storage::Database> open(const std::string& url) {
        return must(postgres::open_database(core::Secret(url)));
    }
    /// Breaks every connection to a database of a fixture.
    void end_connections() {
        must(
            admin->execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                           "WHERE datname <> 'postgres' AND datname IS NOT NULL"));
    }

    std::unique_ptr<storage::Connection> admin;  // to another database
    std::string url;
    std::unique_ptr<storage::Database> database;
};

}  // namespace courseselect::test
