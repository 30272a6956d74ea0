/// A database that was not closed is checked before it is used; a damaged one is never used.

#include <doctest/doctest.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "courseselect/core/log.hpp"
#include "storage/support.hpp"
#include "support/temp_dir.hpp"

using namespace courseselect;
using storage::Database;

namespace {

constexpr int rows_written = 400;  // of 1,000 bytes: about 130 pages

void write_rows(const std::string& path) {
    const auto database = test::open_database(path);
    const auto db = test::must(database->connect_writer());
    test::must(db->run_script("CREATE TABLE t (x TEXT NOT NULL) STRICT"));
    const auto body = [](storage::Connection& connection) -> core::Result<> {
        for (int n = 0; n < rows_written; ++n) {
            COURSESELECT_TRY_OK(
                connection.execute("INSERT INTO t VALUES (?)", std::string(1000, 'x')));
        }
        return {};
    };
    test::must(db->transaction(body));
}

void overwrite(const std::string& path, off_t at, std::size_t bytes) {
    const int file = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
    const std::string rubbish(bytes, '\xee');
    REQUIRE(::pwrite(file, rubbish.data(), bytes, at) == static_cast<ssize_t>(bytes));
    ::close(file);
}

std::string content_of(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

/// What is logged while it lives.
class EventLog {
  public:
    [[nodiscard]] bool has(std::string_view event) const {
        core::log::flush();
        return content_of(file_).find("event=" + std::string(event) + " ") != std::string::npos;
    }

  private:
    test::TempDir dir_;
    std::string file_ = dir_.file("log");
    core::log::Session session_ = test::must(core::log::Session::open({.file = file_}));
};

/// Opens the database and says whether that checked it.
bool is_checked(const std::string& path, storage::DatabaseOptions options = {}) {
    const EventLog log;
    const auto database = test::open_database(path, options);
    return log.has("database_check");
}

}  // namespace

TEST_SUITE("storage/integrity") {
    TEST_CASE("a database that was closed in order is not checked again") {
        const test::TempDir dir;
        write_rows(dir.file("db"));
        CHECK_FALSE(std::filesystem::exists(dir.file("db-wal")));
        CHECK_FALSE(is_checked(dir.file("db")));
        CHECK_FALSE(is_checked(dir.file("db")));
    }

    TEST_CASE("a new database and one in memory have nothing to check") {
        const test::TempDir dir;
        CHECK_FALSE(is_checked(dir.file("db")));
        CHECK_FALSE(is_checked(""));
    }

    TEST_CASE("a process that dies leaves a database that is checked, once") {
        const test::TempDir dir;
        const pid_t child = ::fork();
        if (child == 0) {
            const auto database = test::open_database(dir.file("db"));
            const auto db = test::must(database->connect_writer());
            test::must(db->run_script("CREATE TABLE t (x TEXT) STRICT"));
            ::kill(::getpid(), SIGKILL);
        }
        int status = 0;
        REQUIRE(::waitpid(child, &status, 0) == child);
        REQUIRE(WIFSIGNALED(status));
        CHECK(is_checked(dir.file("db")));
        CHECK_FALSE(is_checked(dir.file("db")));
    }

    TEST_CASE("a file that somebody else put there is checked") {
        const test::TempDir dir;
        write_rows(dir.file("db"));
        {
            const auto database = test::open_database(dir.file("db"));
            test::must(database->backup_to(dir.file("copy")));
        }
        SUBCASE("a backup with no lock file") { CHECK(is_checked(dir.file("copy"))); }
        SUBCASE("a backup over the old file") {
            std::filesystem::rename(dir.file("copy"), dir.file("db"));
            CHECK(is_checked(dir.file("db")));
        }
        SUBCASE("a write behind our back") {
            const auto second = std::chrono::seconds(1);
            const auto written = std::filesystem::last_write_time(dir.file("db"));
            std::filesystem::last_write_time(dir.file("db"), written + second);
            CHECK(is_checked(dir.file("db")));
        }
    }

    TEST_CASE("a damaged database is refused at every start, with a way out") {
        const test::TempDir dir;
        const std::string path = dir.file("db");
        write_rows(path);
        {
            const auto database = test::open_database(path);
            test::must(database->backup_to(dir.file("backup")));
        }
        SUBCASE("a page of the table") { overwrite(path, 8 * 4096, 512); }
        SUBCASE("the end is missing") { std::filesystem::resize_file(path, 40 * 4096); }
        SUBCASE("the header") { overwrite(path, 0, 100); }
        SUBCASE("everything") { overwrite(path, 0, 4096 * 8); }
        for (int start = 0; start < 3; ++start) {
            const auto damaged = Database::open({.path = path});
            REQUIRE(!damaged);
            CHECK(damaged.error().code() == core::Errc::data_corrupt);
            CHECK(damaged.error().reason() == "database_corrupt");
            CHECK(damaged.error().detail().find("Restore a backup") != std::string::npos);
            CHECK(damaged.error().detail().find(path + "-wal") != std::string::npos);
            CHECK(damaged.error().detail().find('\n') == std::string::npos);
        }
        for (const char* suffix : {"", "-wal", "-shm"}) {  // what the error says
            std::filesystem::remove(path + suffix);
        }
        std::filesystem::copy_file(dir.file("backup"), path);
        const auto database = test::open_database(path);
        const auto reader = test::must(database->connect_reader());
        CHECK(test::count(*reader, "SELECT count(*) FROM t") == rows_written);
    }

    TEST_CASE("a refused database and its log stay as they were found") {
        const test::TempDir dir;
        const std::string path = dir.file("db");
        write_rows(path);
        const pid_t child = ::fork();
        if (child == 0) {
            const auto database = test::open_database(path);
            const auto db = test::must(database->connect_writer());
            test::must(db->execute("INSERT INTO t VALUES ('only in the log')"));
            ::kill(::getpid(), SIGKILL);
        }
        int status = 0;
        REQUIRE(::waitpid(child, &status, 0) == child);
        overwrite(path, 8 * 4096, 512);
        const std::string file = content_of(path);
        const std::string log = content_of(path + "-wal");
        CHECK(log.size() > 4096);
        CHECK_FALSE(Database::open({.path = path}));
        CHECK(content_of(path) == file);
        CHECK(content_of(path + "-wal") == log);
        CHECK_FALSE(Database::open({.path = path}));
    }

    TEST_CASE("the check can be switched off and has a bound, and says when it was left out") {
        const test::TempDir dir;
        const std::string path = dir.file("db");
        write_rows(path);
        std::filesystem::remove(path + ".lock");
        const auto bytes = std::filesystem::file_size(path);
        {
            const EventLog log;
            const auto database = test::open_database(path, {.check_bytes_max = bytes - 1});
            CHECK(log.has("database_unchecked"));
        }
        std::filesystem::remove(path + ".lock");
        CHECK_FALSE(is_checked(path, {.check_after_crash = false}));
        std::filesystem::remove(path + ".lock");
        CHECK(is_checked(path, {.check_bytes_max = bytes}));
    }
}
