/// course-bench: rush, crash test, demo and reconciliation of the five nodes.

#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>

#include "rush/commands.hpp"

int main(int argc, char** argv) {
    using namespace courseselect::bench;
    CLI::App app("Puts load on the course selection nodes and checks what became of it.");
    app.require_subcommand(1);
    Action action;
    add_rush_command(app, action);
    add_reconcile_command(app, action);
    add_crash_command(app, action);
    add_demo_command(app, action);
    add_login_storm_command(app, action);
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return app.exit(error) == 0 ? 0 : 2;
    }
    try {
        return action();
    } catch (const std::exception& fault) {
        std::fprintf(stderr, "course-bench: %s\n", fault.what());
        return 2;
    }
}
