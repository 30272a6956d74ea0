#include "courseselect/nodes/program.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <csignal>
#include <cstdio>
#include <string>

#include "courseselect/async/event_loop.hpp"
#include "courseselect/core/encoding.hpp"
#include "courseselect/core/log.hpp"
#include "courseselect/core/program.hpp"
#include "courseselect/crypto/random.hpp"
#include "courseselect/nodes/assembly.hpp"

namespace courseselect::nodes {
namespace {

constexpr const char* program_version = "courseselect 0.1.0";
using core::exit_bad_configuration;
using core::ProgramFlags;

/// The node's and the project's `.env`.
void load_files(core::Environment& environment, const std::vector<Service>& services) {
    if (services.size() == 1) {
        environment.load_file(core::Origin::node_file,
                              fmt::format("{}_node/.env", service_name(services.front())));
    }
    environment.load_file(core::Origin::project_file, ".env");
}

/// Reads the level anew, from the same places as at the start. A fault leaves it as it is.
void reload_log_level(const ProgramFlags& flags, const std::vector<Service>& services) {
    core::Environment environment = core::Environment::of_process();
    flags.add_to(environment);
    load_files(environment, services);
    const core::log::Level level = read_log_level(environment);
    const auto checked = environment.check();
    if (!checked) {
        core::log::error("log_level_not_reloaded", {{"error", checked.error()}});
        return;
    }
    core::log::set_level(level);
    core::log::info("log_level", {{"level", core::log::level_name(level)}});
}

/// Layers under the flags: the environment, the `.env` files, generated secrets. A check leaves no
/// file behind.
core::Result<> load_layers(core::Environment& environment, const std::vector<Service>& services,
                           crypto::RandomSource& random, bool is_check) {
    load_files(environment, services);
    const std::string file = environment.text("SECRETS_FILE", "./secrets.env");
    const auto make = [&random](std::string_view) {
        return core::base64url_encode(random.bytes(32));
    };
    std::vector<std::string> names = {"INTERNAL_TOKEN", "JWT_SECRET_KEY"};
    const bool has_admins =
        std::find(services.begin(), services.end(), Service::auth) != services.end();
    if (has_admins && !environment.boolean("COURSESELECT_DEV", false)) {
        names.insert(names.end(), {"ADMIN_PASSWORD", "SUPER_ADMIN_PASSWORD"});
    }
    if (is_check) {
        return environment.preview_secrets(file, names, make);
    }
    COURSESELECT_TRY(const auto made, environment.ensure_secrets(file, names, make));
    for (const std::string& name : made) {
        core::log::info("secret_generated", {{"name", name}, {"file", file}});
    }
    return {};
}

int run_services(const ProgramConfig& config, const ProgramFlags& flags,
                 const std::vector<Service>& services, crypto::RandomSource& random) {
    async::EventLoop loop;
    const core::SystemClock clock;
    Host host(loop, clock, config.host);
    const auto assembled = assemble(host, {loop, clock, random}, config, services);
    if (!assembled) {
        core::log::error("start_failed", {{"error", assembled.error()}});
        return exit_bad_configuration;
    }
    host.on_reload([&flags, &services] { reload_log_level(flags, services); });
    return host.run_until_signal();
}

int run_with(core::Environment& environment, const ProgramFlags& flags,
             const std::vector<Service>& services) {
    crypto::SystemRandomSource random;
    flags.add_to(environment);
    const auto loaded = load_layers(environment, services, random, flags.check_config);
    if (!loaded) {
        fmt::print(stderr, "{}\n", loaded.error().detail());
        return exit_bad_configuration;
    }
    const ProgramConfig config = read_config(environment, services);
    if (const auto exit_code = core::conclude(environment, flags)) {
        return *exit_code;
    }
    auto log = core::log::Session::open(config.log);
    if (!log) {
        fmt::print(stderr, "{}\n", log.error().detail());
        return exit_bad_configuration;
    }
    return run_services(config, flags, services, random);
}

}  // namespace

int run_program(int argc, char** argv, const std::vector<Service>& services) {
    // A peer that closes early is an error of the write, not the end of the program.
    std::signal(SIGPIPE, SIG_IGN);
    ProgramFlags flags;
    CLI::App app(
        "A service of the courseselect backend. It is configured by environment variables "
        "and .env files; --check-config shows them all.");
    app.set_version_flag("--version", program_version);
    app.add_flag("--dev", flags.is_dev,
                 "For trying out: documented admin passwords, cheap hashing allowed");
    app.add_flag("--no-rate-limit", flags.no_rate_limit, "For benchmarks");
    app.add_flag("--check-config", flags.check_config,
                 "Print the effective configuration, secrets masked, and exit");
    app.add_option("--host", flags.host, "Address to listen on (HOST)");
    app.add_option("--port", flags.port, "TCP port to listen on (PORT)");
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return app.exit(error) == 0 ? 0 : exit_bad_configuration;
    }
    core::Environment environment = core::Environment::of_process();
    return run_with(environment, flags, services);
}

}  // namespace courseselect::nodes
