/// What was acknowledged survives kill -9 at any moment.

#include <doctest/doctest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <random>

#include "courseselect/async/event_loop.hpp"
#include "courseselect/storage/write_queue.hpp"
#include "storage/support.hpp"
#include "support/temp_dir.hpp"

using namespace courseselect;

namespace {

/// Writes 1, 2, 3, … through the queue and each acknowledged number to `pipe`; never returns.
[[noreturn]] void write_for_ever(const std::string& path, int pipe) {
    const auto database = test::open_database(path);
    auto writer = test::must(database->connect_writer());
    test::must(writer->run_script("CREATE TABLE IF NOT EXISTS t (n INTEGER PRIMARY KEY) STRICT"));
    async::EventLoop loop;
    storage::WriteQueue queue(loop, std::move(writer));
    std::int64_t next = 0;
    std::int64_t acknowledged = 0;
    while (true) {
        for (; next < acknowledged + 500; ++next) {
            queue.submit(
                [n = next](storage::Connection& db) {
                    return db.execute("INSERT INTO t VALUES (?)", n);
                },
                [n = next, pipe, &acknowledged](const core::Result<std::int64_t>& result) {
                    if (!result || ::write(pipe, &n, sizeof n) != sizeof n) {
                        ::_exit(1);
                    }
                    ++acknowledged;
                });
        }
        loop.poll();
    }
}

}  // namespace

TEST_SUITE("storage/durability") {
    TEST_CASE("every acknowledged row is there after kill -9") {
        const char* given = std::getenv("COURSESELECT_SEED");
        const auto seed = given != nullptr ? std::strtoul(given, nullptr, 10) : 20'261'121UL;
        CAPTURE(seed);
        std::mt19937 random(static_cast<std::uint32_t>(seed));
        for (int round = 0; round < 8; ++round) {
            const test::TempDir dir;
            int ends[2];
            REQUIRE(::pipe(ends) == 0);
            const pid_t child = ::fork();
            if (child == 0) {
                ::close(ends[0]);
                write_for_ever(dir.file("db"), ends[1]);
            }
            ::close(ends[1]);
            // The moment of death is a number of acknowledgements, which no slow machine changes.
            const auto wanted = std::uniform_int_distribution<int>(1, 3000)(random);
            std::int64_t acknowledged = -1;
            std::int64_t n = 0;
            for (int i = 0; i < wanted && ::read(ends[0], &n, sizeof n) == sizeof n; ++i) {
                acknowledged = n;
            }
            ::kill(child, SIGKILL);
            while (::read(ends[0], &n, sizeof n) == sizeof n) {
                acknowledged = n;
            }
            ::close(ends[0]);
            int status = 0;
            REQUIRE(::waitpid(child, &status, 0) == child);
            REQUIRE(WIFSIGNALED(status));
            const auto database = test::open_database(dir.file("db"));
            const auto reader = test::must(database->connect_reader());
            const auto last = test::count(*reader, "SELECT max(n) FROM t");
            CHECK(last >= acknowledged);
            CHECK(test::count(*reader, "SELECT count(*) FROM t") == last + 1);
        }
    }
}
