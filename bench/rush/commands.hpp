#pragma once
/// The subcommands of course-bench: each adds its options and says what to run.

#include <functional>

namespace CLI {
class App;
}

namespace courseselect::bench {

/// Set by the subcommand that was chosen; its result is the exit code.
using Action = std::function<int()>;

void add_rush_command(CLI::App& app, Action& action);
void add_reconcile_command(CLI::App& app, Action& action);
void add_crash_command(CLI::App& app, Action& action);
void add_demo_command(CLI::App& app, Action& action);
void add_login_storm_command(CLI::App& app, Action& action);

}  // namespace courseselect::bench
