#include "rush/commands.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <memory>

#include "rush/crash.hpp"
#include "rush/databases.hpp"
#include "rush/reconcile.hpp"
#include "rush/report.hpp"
#include "rush/rush.hpp"

namespace courseselect::bench {
namespace {

/// The daemons are beside this program.
std::filesystem::path own_directory() {
    return std::filesystem::read_symlink("/proc/self/exe").parent_path();
}

template <class Options>
void add_places(CLI::App& command, Options& options) {
    options.programs = own_directory();
    command.add_option("--programs", options.programs, "Directory of the daemons")
        ->check(CLI::ExistingDirectory);
    command.add_option("--directory", options.directory,
                       "Scratch directory, kept afterwards (a temporary one otherwise)");
}

struct ReconcileCommand {
    ReconcileOptions options;
    std::string accepted_file;
    std::string data_node;

    int run() {
        if (!accepted_file.empty()) {
            options.answered = read_task_ids(accepted_file);
        }
        if (!data_node.empty()) {
            options.data_node = expect(net::http::ServiceAddress::parse(data_node), "--data-node");
        }
        const Reconciliation result = reconcile(options);
        const Terminal terminal = Terminal::standard_output();
        fmt::print("{}\n", result.is_clean() ? terminal.green(result.verdict())
                                             : terminal.red(result.verdict()));
        for (const std::string& fault : result.faults) {
            fmt::print("  {}\n", fault);
        }
        return result.is_clean() ? 0 : 1;
    }
};

}  // namespace

void add_rush_command(CLI::App& app, Action& action) {
    auto options = std::make_shared<RushOptions>();
    CLI::App* command = app.add_subcommand(
        "rush", "Measure decisions a second with daemons of its own in a scratch directory");
    add_places(*command, *options);
    WorkloadOptions& workload = options->workload;
    command->add_option("--seed", workload.seed, "Of the workload")->capture_default_str();
    command->add_option("--students", workload.students)
        ->check(CLI::Range(1, 1'000'000))
        ->capture_default_str();
    command->add_option("--courses", workload.courses)
        ->check(CLI::Range(1, 100'000))
        ->capture_default_str();
    command->add_option("--requests", workload.requests)
        ->check(CLI::Range(1, 10'000'000))
        ->capture_default_str();
    command
        ->add_option("--seats", workload.seats_per_request,
                     "Scale the capacities to so many seats a request (0: as drawn, median 25)")
        ->check(CLI::Range(0.0, 100.0));
    command->add_flag("--hot", workload.one_hot_course, "Everything on one course");
    command->add_option("--connections", options->connections)
        ->check(CLI::Range(1, 20'000))
        ->capture_default_str();
    command->add_option("--rate", options->rate, "Requests a second, open loop (0: closed loop)")
        ->check(CLI::Range(0.0, 1e6));
    command
        ->add_option("--poll-every", options->poll_every,
                     "A status poll after so many submissions (0: none)")
        ->capture_default_str();
    command->add_option("--json", options->json_file, "Append the result to this file");
    command->callback([options, &action] { action = [options] { return run_rush(*options); }; });
}

void add_reconcile_command(CLI::App& app, Action& action) {
    auto reconcile = std::make_shared<ReconcileCommand>();
    CLI::App* command =
        app.add_subcommand("reconcile", "Check databases and API against each other");
    command->add_option("--data-db", reconcile->options.data_database)
        ->required()
        ->check(CLI::ExistingFile);
    command->add_option("--queue-db", reconcile->options.queue_database)
        ->required()
        ->check(CLI::ExistingFile);
    command
        ->add_option("--accepted", reconcile->accepted_file,
                     "File of task ids that clients were answered, one a line")
        ->check(CLI::ExistingFile);
    command
        ->add_option("--data-node", reconcile->data_node,
                     "Address of the running data node, to ask it too")
        ->envname("DATA_NODE_URL");
    command->add_option("--internal-token", reconcile->options.internal_token)
        ->envname("INTERNAL_TOKEN");
    command->callback([reconcile, &action] { action = [reconcile] { return reconcile->run(); }; });
}

void add_crash_command(CLI::App& app, Action& action) {
    auto options = std::make_shared<CrashOptions>();
    CLI::App* command = app.add_subcommand(
        "crash", "Kill and restart daemons of its own during a rush, then check everything");
    add_places(*command, *options);
    command->add_option("--rounds", options->rounds)
        ->check(CLI::Range(1, 100'000))
        ->capture_default_str();
    command->add_option("--requests", options->requests, "A round")
        ->check(CLI::Range(2, 1'000'000))
        ->capture_default_str();
    command->add_option("--seed", options->seed)->capture_default_str();
    command->add_option("--kills", options->kills, "A round")
        ->check(CLI::Range(0, 1000))
        ->capture_default_str();
    command->add_option("--connections", options->connections)
        ->check(CLI::Range(1, 20'000))
        ->capture_default_str();
    command->callback([options, &action] { action = [options] { return run_crash(*options); }; });
}

}  // namespace courseselect::bench
