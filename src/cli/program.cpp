#include "courseselect/cli/program.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <iostream>
#include <string>
#include <string_view>
#include <vector>

#include "courseselect/core/config.hpp"
#include "toolbox.hpp"

namespace courseselect::cli {
namespace {

constexpr int exit_failed = 1;
constexpr int exit_bad_usage = 2;

/// The whole command line, declared once: the parser, `--help`, completion and man pages follow.
void declare_commands(CLI::App& app, Toolbox& tools, Action& action) {
    app.require_subcommand(1);
    add_user_commands(app, tools, action);
    add_code_commands(app, tools, action);
    add_import_commands(app, tools, action);
    add_status_command(app, tools, action);
    add_course_commands(app, tools, action);
    add_operator_commands(app, tools, action);
    add_shell_commands(app, tools, action);
    // Options of the whole program may stand behind the command.
    const std::function<void(CLI::App&)> let_through = [&](CLI::App& command) {
        for (CLI::App* below : command.get_subcommands({})) {
            below->fallthrough(!below->get_prefix_command());  // whose arguments are another's
            let_through(*below);
        }
    };
    let_through(app);
}

/// The arguments, with every `--password` that no value follows named as what it is.
std::vector<const char*> with_password_flags(int argc, char** argv) {
    std::vector<const char*> arguments(argv, argv + argc);
    for (std::size_t i = 1; i < arguments.size(); ++i) {
        const bool has_value = i + 1 < arguments.size() && arguments[i + 1][0] != '-';
        if (std::string_view(arguments[i]) == "--password" && !has_value) {
            arguments[i] = ask_password_flag;
        }
    }
    return arguments;
}

/// The command that was reached, and its words: "user list".
const CLI::App& innermost(const CLI::App& app, std::string& path) {
    const auto chosen = app.get_subcommands();
    if (chosen.empty()) {
        return app;
    }
    path.append(path.empty() ? "" : " ").append(chosen.back()->get_name());
    return innermost(*chosen.back(), path);
}

/// What is wrong, in words about what was typed.
std::string usage_fault(const CLI::App& app, const CLI::ParseError& end) {
    std::string path;
    const CLI::App& command = innermost(app, path);
    const std::vector<std::string> strange = app.remaining(true);
    const auto option = std::find_if(strange.begin(), strange.end(), [](const std::string& word) {
        return word.size() > 1 && word.front() == '-';
    });
    if (option != strange.end()) {
        return fmt::format("There is no option {}{}", *option,
                           path.empty() ? "" : fmt::format(" of '{}'", path));
    }
    if (command.get_require_subcommand_min() == 0) {
        return strange.empty() ? end.what() : "What is this for: " + strange.front();
    }
    std::vector<std::string> names;
    for (const CLI::App* const below : command.get_subcommands({})) {
        names.push_back(below->get_name());
    }
    const std::string known = fmt::format("{}", fmt::join(names, ", "));
    if (strange.empty()) {
        return fmt::format("A command is missing{}: {}",
                           path.empty() ? "" : fmt::format(" after '{}'", path), known);
    }
    return fmt::format("There is no command '{}{}{}'; there are {}", path, path.empty() ? "" : " ",
                       strange.front(), known);
}

/// Help goes to standard output, everything else that ends parsing is bad usage.
int end_of_parsing(const CLI::App& app, const CLI::ParseError& end) {
    if (end.get_exit_code() == static_cast<int>(CLI::ExitCodes::Success)) {
        return app.exit(end, std::cout, std::cerr);
    }
    fmt::print(stderr, "{}: {}\nTry '--help' for what there is.\n", app.get_name(),
               usage_fault(app, end));
    return exit_bad_usage;
}

int tell_failure(Console& console, const core::Error& error) {
    if (error.code() == core::Errc::cancelled) {
        console.complain("Aborted!");
    } else {
        console.failure(error.detail());
    }
    return exit_failed;
}

}  // namespace

int run_program(int argc, char** argv) {
    watch_interrupts();
    core::Environment environment = core::Environment::of_process();
    Console console(stdout, stderr);
    ConsoleOptions look = Console::options_for(stdout, stderr, environment.text("NO_COLOR", ""),
                                               environment.text("TERM", ""));
    const core::SystemClock clock;
    crypto::SystemRandomSource random;
    Services services(read_service_settings(environment), clock);
    const SessionFile session_file(environment.text("HOME", ""));
    Prompter prompter(console, STDIN_FILENO);
    Toolbox tools{console, prompter, services, session_file, clock, random, argv[0], nullptr};

    CLI::App app("Administers a course selection system.", "course-cli");
    app.set_version_flag("--version", "course-cli " COURSESELECT_VERSION, "Print the version");
    app.add_flag("--json", look.json, "One JSON document instead of text");
    app.add_flag("--quiet,-q", look.quiet, "Only data and failures");
    Action action;
    declare_commands(app, tools, action);
    try {
        const auto arguments = with_password_flags(argc, argv);
        app.parse(argc, arguments.data());
    } catch (const CLI::ParseError& end) {
        return end_of_parsing(app, end);
    }
    console.set_options(look);
    if (const auto good = environment.check(); !good) {
        return tell_failure(console, good.error());
    }
    auto done = action();
    int code = done ? *done : tell_failure(console, done.error());
    if (const auto written = console.finish(); !written) {
        code = tell_failure(console, written.error());
    }
    return code;
}

}  // namespace courseselect::cli
