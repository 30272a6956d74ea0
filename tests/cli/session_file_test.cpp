#include "courseselect/cli/session_file.hpp"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <thread>

#include "courseselect/json/value.hpp"
#include "support/temp_dir.hpp"

using namespace courseselect;
using cli::SessionFile;
using std::chrono::hours;
using std::chrono::microseconds;

namespace {

cli::Session session_of(core::WallTime login_time) {
    return {.admin_token = core::Secret("access"),
            .refresh_token = core::Secret("refresh"),
            .auth_url = "http://localhost:8002",
            .auth_url_given = true,
            .internal_token = core::Secret("internal"),
            .username = "admin",
            .login_time = login_time};
}

unsigned mode_of(const std::string& path) {
    struct stat found {};
    REQUIRE(::stat(path.c_str(), &found) == 0);
    return found.st_mode & 0777U;
}

std::string load_failure(const SessionFile& file, core::WallTime now) {
    const auto loaded = file.load(now);
    return loaded ? "" : loaded.error().detail();
}

constexpr const char* not_logged_in = "Not logged in. Please run: course-cli user login";
constexpr const char* expired = "Session expired. Please login again.";

}  // namespace

TEST_SUITE("cli/session_file") {
    TEST_CASE("what was saved is loaded, and nobody else can read it") {
        const test::TempDir home;
        const SessionFile file(home.path());
        const core::ManualClock clock;
        REQUIRE(file.save(session_of(clock.wall_now())).has_value());
        CHECK(file.path() == home.file(".course_selection/config.json"));
        CHECK(mode_of(file.directory()) == 0700);
        CHECK(mode_of(file.path()) == 0600);
        const auto loaded = file.load(clock.wall_now());
        REQUIRE(loaded.has_value());
        CHECK(loaded->admin_token.reveal() == "access");
        CHECK(loaded->refresh_token.reveal() == "refresh");
        CHECK(loaded->auth_url == "http://localhost:8002");
        CHECK(loaded->auth_url_given);
        CHECK(loaded->internal_token.reveal() == "internal");
        CHECK(loaded->username == "admin");
        CHECK(loaded->login_time == clock.wall_now());
    }

    TEST_CASE("it has the keys of the existing tool") {
        const test::TempDir home;
        const SessionFile file(home.path());
        const core::ManualClock clock;
        REQUIRE(file.save(session_of(clock.wall_now())).has_value());
        std::ifstream stream(file.path());
        const auto value =
            json::Value::parse(std::string(std::istreambuf_iterator<char>(stream), {}));
        REQUIRE(value.has_value());
        CHECK((*value)["admin_token"].string() == "access");
        CHECK((*value)["auth_url"].string() == "http://localhost:8002");
        CHECK((*value)["internal_token"].string() == "internal");
        CHECK((*value)["login_time"].string() == cli::format_local_time(clock.wall_now()));
    }

    TEST_CASE("a login is good for 24 hours to the microsecond") {
        const test::TempDir home;
        const SessionFile file(home.path());
        const core::ManualClock clock;
        REQUIRE(file.save(session_of(clock.wall_now())).has_value());
        CHECK(file.load(clock.wall_now() + hours(24) - microseconds(1)).has_value());
        CHECK(load_failure(file, clock.wall_now() + hours(24)) == expired);
        CHECK(file.load(clock.wall_now() - std::chrono::minutes(5)).has_value());
        CHECK(load_failure(file, clock.wall_now() - std::chrono::minutes(6)) == expired);
    }

    TEST_CASE("a file that cannot be read or parsed counts as not logged in") {
        const test::TempDir home;
        const SessionFile file(home.path());
        const core::ManualClock clock;
        CHECK(load_failure(file, clock.wall_now()) == not_logged_in);
        std::filesystem::create_directory(file.directory());
        for (const char* const text : {"", "{", "[]", "null", R"({"admin_token":"x"})",
                                       R"({"admin_token":"x","login_time":"yesterday"})",
                                       R"({"admin_token":"","login_time":"2023-11-14T22:13:20"})",
                                       R"({"admin_token":5,"login_time":"2023-11-14T22:13:20"})"}) {
            CAPTURE(text);
            std::ofstream(file.path()) << text;
            CHECK(load_failure(file, clock.wall_now()) == not_logged_in);
        }
        std::filesystem::remove(file.path());
        std::filesystem::create_directory(file.path());
        CHECK(load_failure(file, clock.wall_now()) == not_logged_in);
    }

    TEST_CASE("a file of the existing tool is good until its time is over") {
        const test::TempDir home;
        const SessionFile file(home.path());
        const core::ManualClock clock;
        std::filesystem::create_directory(file.directory());
        std::ofstream(file.path())
            << R"({"admin_token":"old","auth_url":"http://a:1","login_time":")"
            << cli::format_local_time(clock.wall_now()).substr(0, 19) << R"("})";
        const auto loaded = file.load(clock.wall_now());
        REQUIRE(loaded.has_value());
        CHECK(loaded->admin_token.reveal() == "old");
        CHECK(loaded->refresh_token.empty());
        CHECK_FALSE(loaded->auth_url_given);
    }

    TEST_CASE("without a home there is no place, and it is said so") {
        const SessionFile file{std::string()};
        const core::ManualClock clock;
        CHECK(load_failure(file, clock.wall_now()) == not_logged_in);
        CHECK(file.check_place().error().reason() == "no_home");
        CHECK(file.save(session_of(clock.wall_now())).error().reason() == "no_home");
        CHECK(file.lock().error().reason() == "no_home");
    }

    TEST_CASE("while one holds the lock another waits") {
        const test::TempDir home;
        const SessionFile file(home.path());
        const core::ManualClock clock;
        REQUIRE(file.save(session_of(clock.wall_now())).has_value());
        std::atomic<bool> is_released{false};
        bool was_released = false;
        bool has_lock = false;
        std::thread other;
        {
            const auto held = file.lock();
            REQUIRE(held.has_value());
            // A lock belongs to the opening of the file, so a thread waits as a process would.
            other = std::thread([&] {
                const auto got = file.lock();
                has_lock = got.has_value();
                was_released = is_released;
            });
            is_released = true;
        }
        other.join();
        CHECK(has_lock);
        CHECK(was_released);
    }

    TEST_CASE("local times are written as Python writes them, and read with or without fraction") {
        const core::WallTime time{std::chrono::microseconds{1'700'000'000'123'456}};
        const std::string text = cli::format_local_time(time);
        CHECK(text.size() == 26);
        CHECK(text.ends_with(".123456"));
        CHECK(cli::parse_local_time(text) == time);
        CHECK(cli::parse_local_time(text.substr(0, 19)) ==
              std::chrono::floor<std::chrono::seconds>(time));
        CHECK(cli::parse_local_time(text.substr(0, 21)) ==
              std::chrono::floor<std::chrono::seconds>(time) + std::chrono::milliseconds(100));
        for (const char* const bad : {"", "2026", "2026-13-01T00:00:00", "2026-01-01 00:00:00",
                                      "2026-01-01T00:00:00Z", "2026-01-01T00:00:00.12x"}) {
            CAPTURE(bad);
            CHECK_FALSE(cli::parse_local_time(bad).has_value());
        }
    }
}
