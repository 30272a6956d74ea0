// Does hashing hold up the event loop? 32 clients log in continuously (bcrypt) while one client
// asks GET /health at a fixed rate. A good answer: p99 of /health under 20 ms at cost 10 on two
// cores.

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "rush/commands.hpp"
#include "rush/fleet.hpp"
#include "rush/load_driver.hpp"
#include "rush/scratch.hpp"

namespace courseselect::bench {
namespace {

struct LoginStormOptions {
    std::filesystem::path programs;
    std::size_t clients = 32;
    std::size_t logins = 300;
    int bcrypt_cost = 10;
    double health_rate = 100;
};

constexpr std::string_view login_body = R"({"username":"admin","password":"admin123"})";

void write_login(std::string& out) {
    out = fmt::format(
        "POST /login/admin HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        "Content-Length: {}\r\n\r\n{}",
        login_body.size(), login_body);
}

double at_quantile(std::vector<double>& sorted_ms, double quantile) {
    const auto index = static_cast<std::size_t>(quantile * static_cast<double>(sorted_ms.size()));
    return sorted_ms.at(std::min(index, sorted_ms.size() - 1));
}

struct Storm {
    std::size_t good = 0;
    double seconds = 0;
};

Storm log_in_continuously(std::uint16_t port, const LoginStormOptions& options) {
    Storm storm;
    LoadDriver driver({.port = port, .connections = options.clients});
    const auto begin = std::chrono::steady_clock::now();
    driver.run(
        options.logins, [](std::size_t, std::string& out) { write_login(out); },
        [&storm](const Answer& answer) { storm.good += answer.status == 200 ? 1 : 0; });
    storm.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    return storm;
}

int run_login_storm(const LoginStormOptions& options) {
    const Scratch scratch{{}};
    Fleet fleet({.programs = options.programs,
                 .directory = scratch.path(),
                 .environment = {{"COURSESELECT_DEV", "true"},
                                 {"BCRYPT_COST", std::to_string(options.bcrypt_cost)}}});
    fleet.start("data");
    fleet.start("auth");
    Storm storm;
    std::thread clients([&] { storm = log_in_continuously(fleet.port("auth"), options); });
    // Two cores log about 33 users a second in at cost 10; ask for the first half of that time.
    const auto count =
        static_cast<std::size_t>(options.health_rate * static_cast<double>(options.logins) / 70.0);
    std::vector<double> latencies;
    LoadDriver health({.port = fleet.port("auth"), .connections = 4, .rate = options.health_rate});
    health.run(
        std::max<std::size_t>(count, 50),
        [](std::size_t, std::string& out) {
            out = "GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n";
        },
        [&latencies](const Answer& answer) {
            if (answer.status == 200) {
                latencies.push_back(
                    std::chrono::duration<double, std::milli>(answer.latency).count());
            }
        });
    clients.join();
    if (storm.good != options.logins || latencies.empty()) {
        throw std::runtime_error(
            fmt::format("only {} of {} logins succeeded", storm.good, options.logins));
    }
    std::sort(latencies.begin(), latencies.end());
    fmt::print(
        R"({{"bench":"login_storm","clients":{},"bcrypt_cost":{},"logins_per_second":{:.1f},)"
        R"("health_requests":{},"health_p50_ms":{:.2f},"health_p99_ms":{:.2f},)"
        R"("health_max_ms":{:.2f}}})"
        "\n",
        options.clients, options.bcrypt_cost, static_cast<double>(options.logins) / storm.seconds,
        latencies.size(), at_quantile(latencies, 0.5), at_quantile(latencies, 0.99),
        latencies.back());
    return 0;
}

}  // namespace

void add_login_storm_command(CLI::App& app, Action& action) {
    auto options = std::make_shared<LoginStormOptions>();
    options->programs = std::filesystem::read_symlink("/proc/self/exe").parent_path();
    CLI::App* command = app.add_subcommand(
        "login-storm", "Latency of GET /health while many clients log in with bcrypt");
    command->add_option("--programs", options->programs, "Directory of the daemons")
        ->check(CLI::ExistingDirectory);
    command->add_option("--clients", options->clients)->check(CLI::Range(1, 1'000));
    command->add_option("--logins", options->logins)->check(CLI::Range(1, 100'000));
    command->add_option("--bcrypt-cost", options->bcrypt_cost)->check(CLI::Range(4, 16));
    command->add_option("--health-rate", options->health_rate, "GET /health a second")
        ->check(CLI::Range(1.0, 10'000.0));
    command->callback(
        [options, &action] { action = [options] { return run_login_storm(*options); }; });
}

}  // namespace courseselect::bench
