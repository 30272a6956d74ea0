#include "courseselect/core/log.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <future>
#include <regex>
#include <string>
#include <thread>
#include <type_traits>
#include <vector>

#include "support/temp_dir.hpp"

using namespace courseselect;
using namespace std::chrono_literals;
namespace logging = core::log;

namespace {

std::vector<std::string> lines_of(const std::string& path) {
    std::vector<std::string> lines;
    std::ifstream in(path);
    for (std::string line; std::getline(in, line);) {
        lines.push_back(line);
    }
    return lines;
}

static_assert(!std::is_constructible_v<logging::Field, const char*, core::Secret>,
              "a secret must not be loggable");

}  // namespace

TEST_SUITE("core/log") {
    TEST_CASE("each kind of value has one form") {
        const core::Error error(core::Errc::not_found, "course_missing", "course 7");
        CHECK(logging::format_line(logging::Level::warn, "login_refused",
                                   {{"account", "alice"},
                                    {"count", 5},
                                    {"big", std::uint64_t{18446744073709551615U}},
                                    {"small", -7L},
                                    {"share", 0.5},
                                    {"ok", true},
                                    {"took_ms", 1500us}}) ==
              "level=warn event=login_refused account=alice count=5 big=18446744073709551615 "
              "small=-7 share=0.500 ok=true took_ms=1.500");
        const std::string line =
            logging::format_line(logging::Level::error, "failed", {{"error", error}});
        CHECK(line.find("course 7") != std::string::npos);
    }

    TEST_CASE("a value cannot forge a field or a line") {
        CHECK(logging::format_line(logging::Level::info, "x",
                                   {{"a", "b level=error"},
                                    {"c", "1\n2\r3\x01\x7f"},
                                    {"d", ""},
                                    {"e", R"(say "x\y")"}}) ==
              R"(level=info event=x a="b level=error" c="1\n2\x0d3\x01\x7f" d="" )"
              R"(e="say \"x\\y\"")");
        CHECK(logging::format_line(logging::Level::info, "x", {{"a", "名字"}}) ==
              "level=info event=x a=名字");
    }

    TEST_CASE("levels have names, and unknown names are refused") {
        for (const logging::Level level :
             {logging::Level::debug, logging::Level::info, logging::Level::warn,
              logging::Level::error, logging::Level::off}) {
            CHECK(logging::parse_level(logging::level_name(level)) == level);
        }
        CHECK(logging::parse_level("WARNING") == logging::Level::warn);
        CHECK_FALSE(logging::parse_level("loud").has_value());
        CHECK_FALSE(logging::parse_level("").has_value());
    }

    TEST_CASE("a session writes lines with their time, from the level on") {
        const test::TempDir directory;
        {
            const auto session = logging::Session::open(
                {.level = logging::Level::warn, .file = directory.file("log")});
            REQUIRE(session.has_value());
            CHECK_FALSE(logging::enabled(logging::Level::info));
            logging::info("too_quiet");
            logging::warn("heard", {{"n", 1}});
            logging::set_level(logging::Level::off);
            logging::error("switched_off");
            logging::set_level(logging::Level::debug);
            logging::debug("heard_too");
        }
        logging::set_level(logging::Level::info);
        const auto lines = lines_of(directory.file("log"));
        REQUIRE(lines.size() == 2);
        CHECK(std::regex_match(lines[0], std::regex(R"(ts=\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z )"
                                                    R"(level=warn event=heard n=1)")));
        CHECK(lines[1].find("event=heard_too") != std::string::npos);
        struct stat status {};
        REQUIRE(::stat(directory.file("log").c_str(), &status) == 0);
        CHECK((status.st_mode & 0137) == 0);  // 0640, or less by the umask
    }

    TEST_CASE("a file is appended to") {
        const test::TempDir directory;
        for (int i = 0; i < 2; ++i) {
            const auto session = logging::Session::open({.file = directory.file("log")});
            REQUIRE(session.has_value());
            logging::info("opened");
        }
        CHECK(lines_of(directory.file("log")).size() == 2);
    }

    TEST_CASE("what cannot be opened is refused") {
        const test::TempDir directory;
        const auto code_of = [](const logging::LogOptions& options) {
            const auto session = logging::Session::open(options);
            REQUIRE_FALSE(session.has_value());
            return session.error().code();
        };
        CHECK(code_of({.queue_lines_max = 0}) == core::Errc::invalid_argument);
        CHECK(code_of({.queue_lines_max = 1'000'001}) == core::Errc::invalid_argument);
        CHECK(code_of({.file = directory.file("none/log")}) == core::Errc::unavailable);
        const auto first = logging::Session::open({.file = directory.file("log")});
        REQUIRE(first.has_value());
        CHECK(code_of({.file = directory.file("log")}) == core::Errc::failed_precondition);
    }

    TEST_CASE("flush waits until the lines are in the file") {
        const test::TempDir directory;
        CHECK(logging::flush());  // without a session nothing waits
        const auto session = logging::Session::open({.file = directory.file("log")});
        REQUIRE(session.has_value());
        for (std::size_t n = 1; n <= 200; ++n) {
            logging::info("line");
            REQUIRE(logging::flush());
            REQUIRE(lines_of(directory.file("log")).size() == n);
        }
    }

    TEST_CASE("a full queue drops the oldest lines, counts them and never blocks") {
        const test::TempDir directory;
        const std::string pipe = directory.file("pipe");
        REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
        // Nobody reads yet: once the pipe's 64 KiB are full the writing thread stands still.
        const int reader = ::open(pipe.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
        REQUIRE(reader >= 0);
        constexpr std::size_t lines = 2'000;
        std::string received;
        {
            const auto session = logging::Session::open({.file = pipe, .queue_lines_max = 10});
            REQUIRE(session.has_value());
            const std::string filler(200, 'x');
            for (std::size_t i = 0; i < lines; ++i) {
                logging::info("line", {{"filler", filler}, {"n", i}});
            }
            CHECK(logging::dropped_lines() > 0);
            CHECK(logging::dropped_lines() < lines);
            // Read on another thread, so that the session's end finds room for what waits.
            std::promise<void> ended;
            std::thread drain([&, done = ended.get_future()] {
                std::vector<char> buffer(65'536);
                for (;;) {
                    const bool last = done.wait_for(0s) == std::future_status::ready;
                    const ssize_t size = ::read(reader, buffer.data(), buffer.size());
                    if (size > 0) {
                        received.append(buffer.data(), static_cast<std::size_t>(size));
                    } else if (last) {
                        return;
                    } else {
                        std::this_thread::yield();
                    }
                }
            });
            CHECK(logging::flush());
            ended.set_value();
            drain.join();
        }
        ::close(reader);
        CHECK(received.find("n=1999\n") != std::string::npos);
        CHECK(std::count(received.begin(), received.end(), '\n') < std::ptrdiff_t{lines});
    }

    TEST_CASE("lines of many threads stay whole") {
        const test::TempDir directory;
        constexpr int threads = 4;
        constexpr int each = 500;
        {
            auto session = logging::Session::open({.file = directory.file("log")});
            REQUIRE(session.has_value());
            std::vector<std::thread> writers;
            for (int i = 0; i < threads; ++i) {
                writers.emplace_back([i] {
                    for (int n = 0; n < each; ++n) {
                        logging::info("line", {{"thread", i}, {"n", n}});
                    }
                });
            }
            for (std::thread& writer : writers) {
                writer.join();
            }
        }
        const auto lines = lines_of(directory.file("log"));
        CHECK(lines.size() == threads * each);
        const std::regex whole(R"(ts=\S+ level=info event=line thread=\d n=\d+)");
        CHECK(std::all_of(lines.begin(), lines.end(),
                          [&](const std::string& line) { return std::regex_match(line, whole); }));
    }
}
