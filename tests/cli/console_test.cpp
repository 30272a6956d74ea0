#include "courseselect/cli/console.hpp"

#include <doctest/doctest.h>

#include "streams.hpp"

using namespace courseselect;
using cli::Console;
using cli::ConsoleOptions;
using cli::Report;

namespace {

struct Streams {
    explicit Streams(const ConsoleOptions& options = {}) { console.set_options(options); }
    test::Captured out;
    test::Captured err;
    Console console{out.stream(), err.stream()};
};

Report made_account() {
    Report report("Student created successfully");
    report.add("ID", "id", 5).add("Username", "username", "al\"ice\n").add_json("tags", "[]");
    return report;
}

}  // namespace

TEST_SUITE("cli/console") {
    TEST_CASE("success and data go to standard output, failures to standard error") {
        Streams streams;
        streams.console.success("Login successful");
        streams.console.note("Importing ...");
        streams.console.data("table\n");
        streams.console.json("{}");
        streams.console.failure("Not logged in");
        streams.console.warning("careful");
        CHECK(streams.out.text() == "✓ Login successful\nImporting ...\ntable\n");
        CHECK(streams.err.text() == "✗ Not logged in\n⚠ careful\n");
    }

    TEST_CASE("a report is a sentence with indented values") {
        Streams streams;
        streams.console.report(made_account());
        CHECK(streams.out.text() ==
              "✓ Student created successfully\n  ID: 5\n  Username: al\"ice\\x0a\n");
    }

    TEST_CASE("with --json it is one object, and nothing else is said") {
        Streams streams({.json = true});
        streams.console.note("Importing ...");
        streams.console.data("table\n");
        streams.console.report(made_account());
        CHECK(streams.out.text() ==
              "{\"success\":true,\"message\":\"Student created successfully\",\"id\":5,"
              "\"username\":\"al\\\"ice\\n\",\"tags\":[]}\n");
    }

    TEST_CASE("--quiet leaves data and failures") {
        Streams streams({.quiet = true});
        streams.console.success("done");
        streams.console.note("Importing ...");
        streams.console.report(made_account());
        streams.console.data("table\n");
        streams.console.failure("no");
        CHECK(streams.out.text() == "  ID: 5\n  Username: al\"ice\\x0a\ntable\n");
        CHECK(streams.err.text() == "✗ no\n");
    }

    TEST_CASE("colours are where they were asked for") {
        Streams streams({.colours_out = true, .colours_err = true});
        streams.console.success("done");
        streams.console.failure("no");
        streams.console.warning("careful");
        CHECK(streams.out.text() == "\x1b[32m✓\x1b[0m done\n");
        CHECK(streams.err.text() == "\x1b[31m✗\x1b[0m no\n\x1b[33m⚠ careful\x1b[0m\n");
        CHECK(streams.console.coloured(cli::Colour::none, "x") == "x");
    }

    TEST_CASE("a file is no terminal and takes no colours") {
        std::FILE* const file = std::tmpfile();
        const ConsoleOptions options = Console::options_for(file, file, "", "xterm");
        CHECK_FALSE(options.colours_out);
        CHECK_FALSE(options.out_is_terminal);
        std::fclose(file);
    }

    TEST_CASE("output that did not reach its place is a failure at the end") {
        std::FILE* const full = std::fopen("/dev/full", "w");
        REQUIRE(full != nullptr);
        Console console(full, stderr);
        console.data("lost\n");
        const auto done = console.finish();
        REQUIRE_FALSE(done.has_value());
        CHECK(done.error().detail() == "Cannot write to standard output: No space left on device");
        std::fclose(full);
        Streams streams;
        streams.console.data("kept\n");
        CHECK(streams.console.finish().has_value());
    }
}
