#include "generator_program.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "courseselect/cli/console.hpp"
#include "courseselect/cli/private_file.hpp"
#include "courseselect/core/config.hpp"
#include "user_generator.hpp"

namespace courseselect::apps {
namespace {

constexpr int exit_failed = 1;
constexpr int exit_bad_usage = 2;
constexpr std::size_t samples_max = 5;

struct Wishes {
    std::size_t count = 0;
    std::string type = "student";
    std::string output;
    bool has_no_passwords = false;
    std::optional<std::uint64_t> seed;

    [[nodiscard]] bool are_students() const { return type == "student"; }
};

std::string header(const Wishes& wishes) {
    return std::string("username,name,email") + (wishes.has_no_passwords ? "" : ",password") +
           (wishes.are_students() ? ",student_id\n" : "\n");
}

/// Nothing in it needs quotes: letters, digits, dots and blanks.
std::string row(const Wishes& wishes, const MadeUpUser& user) {
    std::string line = fmt::format("{},{},{}", user.username, user.name, user.email);
    if (!wishes.has_no_passwords) {
        line += "," + user.password;
    }
    if (wishes.are_students()) {
        line += "," + user.student_id;
    }
    return line + "\n";
}

/// Writes the file; returns the first users.
core::Result<std::vector<MadeUpUser>> write_users(const Wishes& wishes,
                                                  crypto::RandomSource& random) {
    COURSESELECT_TRY(auto file, cli::PrivateFile::create(wishes.output));
    COURSESELECT_TRY_OK(file.write(header(wishes)));
    UserGenerator generator(random);
    std::vector<MadeUpUser> samples;
    for (std::size_t made = 0; made < wishes.count; ++made) {
        MadeUpUser user = generator.next();
        COURSESELECT_TRY_OK(file.write(row(wishes, user)));
        if (made < samples_max) {
            samples.push_back(std::move(user));
        }
    }
    COURSESELECT_TRY_OK(file.commit());
    return samples;
}

void tell(cli::Console& console, const Wishes& wishes, const std::vector<MadeUpUser>& samples) {
    console.note(fmt::format("Generated {} users and saved to {}", wishes.count, wishes.output));
    console.note(fmt::format("\nGenerated {} {}s", wishes.count, wishes.type));
    console.note("Sample users:");
    for (const MadeUpUser& user : samples) {
        console.note(
            fmt::format("  {} - {}{}", user.username, user.name,
                        wishes.has_no_passwords ? "" : " (password: " + user.password + ")"));
    }
    if (wishes.count > samples.size()) {
        console.note(fmt::format("  … and {} more", wishes.count - samples.size()));
    }
}

void declare(CLI::App& app, Wishes& wishes) {
    app.add_option("COUNT", wishes.count, "How many users")
        ->required()
        ->check(CLI::Range(std::size_t{0}, UserGenerator::users_max));
    app.add_option("--type", wishes.type, "What they are")
        ->check(CLI::IsMember({"student", "teacher"}))
        ->capture_default_str();
    app.add_option("--output", wishes.output, "The CSV file to write (mode 0600)")->required();
    app.add_flag("--no-passwords", wishes.has_no_passwords,
                 "Without the column password: the import makes them");
    app.add_option("--seed", wishes.seed,
                   "The same users again, for tests: anybody can guess the passwords");
}

core::Result<> run(cli::Console& console, const Wishes& wishes) {
    if (wishes.count == 0) {
        console.note(fmt::format("Generated 0 {}s, no file was written", wishes.type));
        return console.finish();
    }
    std::unique_ptr<crypto::RandomSource> random = std::make_unique<crypto::SystemRandomSource>();
    if (wishes.seed) {
        random = std::make_unique<crypto::SeededRandomSource>(*wishes.seed);
    }
    COURSESELECT_TRY(const auto samples, write_users(wishes, *random));
    tell(console, wishes, samples);
    return console.finish();
}

}  // namespace

int run_generator(int argc, char** argv) {
    core::Environment environment = core::Environment::of_process();
    cli::Console console(stdout, stderr);
    console.set_options(cli::Console::options_for(stdout, stderr, environment.text("NO_COLOR", ""),
                                                  environment.text("TERM", "")));
    CLI::App app("Makes up users and writes them as CSV for 'course-cli import csv'.",
                 "course-generate-users");
    Wishes wishes;
    declare(app, wishes);
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& end) {
        if (end.get_exit_code() == static_cast<int>(CLI::ExitCodes::Success)) {
            return app.exit(end, std::cout, std::cerr);
        }
        fmt::print(stderr, "{}: {}\nTry '--help' for what there is.\n", app.get_name(), end.what());
        return exit_bad_usage;
    }
    if (const auto done = run(console, wishes); !done) {
        console.failure(done.error().detail());
        return exit_failed;
    }
    return 0;
}

}  // namespace courseselect::apps
