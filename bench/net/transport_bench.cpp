// What does a call from node to node cost over TCP, over a unix socket and in the same process?
//
// Workload: our service client sends `POST /submit` (a selection request, 139 bytes of JSON) to our
// server, which answers with 64 bytes; 1 or 64 calls under way on kept-alive connections, closed
// loop. TCP and unix servers are processes of their own; `local` is LocalClient with the handler
// in the client's process, so that its server's cost is part of the client's. The runs alternate
// (tcp, unix, local, tcp, ...), and every figure is the median of the runs with its range.
// Latencies are those of a closed loop: compare them with each other, not with a service level.
// Good answer: the unix socket costs the server half of what TCP costs it, or less; a local call
// is cheaper than either by a factor of five or more.

#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "courseselect/async/event_loop.hpp"
#include "courseselect/async/task_group.hpp"
#include "courseselect/core/clock.hpp"
#include "courseselect/net/http/local_client.hpp"
#include "courseselect/net/http/server.hpp"
#include "courseselect/net/http/service_client.hpp"
#include "load.hpp"

using namespace courseselect;

namespace {

constexpr const char* transports[] = {"tcp", "unix", "local"};
constexpr std::uint64_t concurrencies[] = {1, 64};

/// The least a node does: what is measured is the way to it.
class ReceiptHandler final : public net::http::Handler {
  public:
    async::Task<net::http::Response> handle(const net::http::Request& request) override {
        net::http::Response response;
        response.status = request.path == "/submit" ? 200 : 404;
        response.body = R"({"task_id":"0192f0a1b2c3d4e5","position":17,"estimated_time":0.4})";
        co_return response;
    }
};

/// A server in a process of its own.
struct ServerProcess {
    ::pid_t pid = 0;
    std::uint16_t port = 0;

    /// The processor time it has used, asked from outside.
    [[nodiscard]] double cpu_us() const {
        ::clockid_t clock{};
        ::timespec time{};
        if (::clock_getcpuclockid(pid, &clock) != 0 || ::clock_gettime(clock, &time) != 0) {
            std::perror("cpu clock");
            std::exit(1);
        }
        return static_cast<double>(time.tv_sec) * 1e6 + static_cast<double>(time.tv_nsec) / 1e3;
    }
    void end() const {
        ::kill(pid, SIGKILL);
        ::waitpid(pid, nullptr, 0);
    }
};

/// `path`: of the unix socket; empty for TCP.
ServerProcess start_server(const std::string& path) {
    int ready[2];
    if (::pipe(ready) != 0) {
        std::perror("pipe");
        std::exit(1);
    }
    ServerProcess process;
    process.pid = ::fork();
    if (process.pid == 0) {
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        ::close(ready[0]);
        async::EventLoop loop;
        const core::SystemClock clock;
        ReceiptHandler handler;
        net::http::Server server(loop, clock, {}, handler);
        const auto listened = path.empty() ? server.listen(net::TcpAddress{})
                                           : server.listen(net::UnixAddress{.path = path});
        if (!listened) {
            std::fprintf(stderr, "%s\n", listened.error().to_string().c_str());
            std::_Exit(1);
        }
        bench::tell_port(ready[1], server.port());
        loop.run();
        std::_Exit(0);
    }
    ::close(ready[1]);
    process.port = bench::wait_for_port(ready[0]);
    ::close(ready[0]);
    return process;
}

/// One run's figures, or those of one transport over all runs.
struct Figures {
    double client_cpu_us = 0;
    double server_cpu_us = 0;
    double calls_per_s = 0;
    double p50_us = 0;
    double p99_us = 0;
};

struct Run {
    std::uint64_t left = 0;
    std::uint64_t failed = 0;
    std::vector<double> latencies_us;
};

net::http::ClientRequest submission() {
    net::http::ClientRequest request;
    request.method = net::http::Method::post;
    request.target = "/submit";
    request.body = R"({"student_id":20230417,"course_id":1204,"task_type":"select","priority":0,)"
                   R"("client_ref":"5f0c1c2e-8f0b-4a6e-9a55-0c7f4d1b2e3a"})";
    return request;
}

async::Task<> call_until_done(net::http::Client& client, Run& run) {
    constexpr std::chrono::seconds timeout{10};
    while (run.left > 0) {
        --run.left;
        net::http::ClientRequest request = submission();
        const auto started = std::chrono::steady_clock::now();
        const auto answer = co_await client.send(std::move(request), timeout);
        const std::chrono::duration<double, std::micro> taken =
            std::chrono::steady_clock::now() - started;
        run.latencies_us.push_back(taken.count());
        run.failed += answer && answer->status == 200 ? 0 : 1;
    }
}

double own_cpu_us() {
    ::timespec time{};
    ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) * 1e6 + static_cast<double>(time.tv_nsec) / 1e3;
}

double quantile(std::vector<double>& values, double part) {
    const auto at = static_cast<std::ptrdiff_t>(part * static_cast<double>(values.size() - 1));
    std::nth_element(values.begin(), values.begin() + at, values.end());
    return values[static_cast<std::size_t>(at)];
}

async::Task<> finish_when_joined(async::EventLoop& loop, async::TaskGroup& group) {
    co_await group.join();
    loop.stop();
}

/// `calls` calls, `concurrency` at a time.
Run make_calls(async::EventLoop& loop, net::http::Client& client, std::uint64_t calls,
               std::uint64_t concurrency) {
    Run run;
    run.left = calls;
    run.latencies_us.reserve(calls);
    async::TaskGroup group(loop);
    async::TaskGroup ender(loop);
    loop.post([&] {
        for (std::uint64_t i = 0; i < concurrency; ++i) {
            group.spawn(call_until_done(client, run));
        }
        ender.spawn(finish_when_joined(loop, group));
    });
    loop.run();
    if (run.failed > 0) {
        std::fprintf(stderr, "%llu calls failed\n", static_cast<unsigned long long>(run.failed));
        std::exit(1);
    }
    return run;
}

Figures measure(async::EventLoop& loop, net::http::Client& client, const ServerProcess* server,
                std::uint64_t calls, std::uint64_t concurrency) {
    make_calls(loop, client, calls / 10 + 1, concurrency);  // warm-up: connections, caches
    const double server_before = server == nullptr ? 0 : server->cpu_us();
    const double client_before = own_cpu_us();
    const auto started = std::chrono::steady_clock::now();
    Run run = make_calls(loop, client, calls, concurrency);
    const std::chrono::duration<double> wall = std::chrono::steady_clock::now() - started;
    const auto count = static_cast<double>(calls);
    Figures figures;
    figures.client_cpu_us = (own_cpu_us() - client_before) / count;
    figures.server_cpu_us = server == nullptr ? 0 : (server->cpu_us() - server_before) / count;
    figures.calls_per_s = count / wall.count();
    figures.p50_us = quantile(run.latencies_us, 0.5);
    figures.p99_us = quantile(run.latencies_us, 0.99);
    return figures;
}

double median(const std::vector<Figures>& runs, double Figures::*figure) {
    std::vector<double> values;
    for (const Figures& run : runs) {
        values.push_back(run.*figure);
    }
    return quantile(values, 0.5);
}

double total_us(const Figures& run) { return run.client_cpu_us + run.server_cpu_us; }

/// Prints one transport's line and returns its medians.
Figures report(const char* transport, std::uint64_t concurrency, std::uint64_t calls,
               const std::vector<Figures>& runs) {
    const Figures middle{.client_cpu_us = median(runs, &Figures::client_cpu_us),
                         .server_cpu_us = median(runs, &Figures::server_cpu_us),
                         .calls_per_s = median(runs, &Figures::calls_per_s),
                         .p50_us = median(runs, &Figures::p50_us),
                         .p99_us = median(runs, &Figures::p99_us)};
    const auto [least, most] = std::minmax_element(
        runs.begin(), runs.end(),
        [](const Figures& a, const Figures& b) { return total_us(a) < total_us(b); });
    std::printf(
        R"({"bench":"transport","transport":"%s","concurrency":%llu,"calls":%llu,"runs":%zu,)"
        R"("client_cpu_us":%.2f,"server_cpu_us":%.2f,"cpu_us_min":%.2f,"cpu_us_max":%.2f,)"
        R"("calls_per_s":%.0f,"p50_us":%.1f,"p99_us":%.1f,"compiler":"%s"})"
        "\n",
        transport, static_cast<unsigned long long>(concurrency),
        static_cast<unsigned long long>(calls), runs.size(), middle.client_cpu_us,
        middle.server_cpu_us, total_us(*least), total_us(*most), middle.calls_per_s, middle.p50_us,
        middle.p99_us, __VERSION__);
    return middle;
}

void report_ratios(std::uint64_t concurrency, const Figures& tcp, const Figures& unix_socket,
                   const Figures& local) {
    std::printf(R"({"bench":"transport_ratio","concurrency":%llu,"unix_to_tcp_server_cpu":%.2f,)"
                R"("unix_to_tcp_client_cpu":%.2f,"unix_to_tcp_cpu":%.2f,"unix_to_tcp_p50":%.2f,)"
                R"("local_to_tcp_cpu":%.2f,"local_to_unix_cpu":%.2f})"
                "\n",
                static_cast<unsigned long long>(concurrency),
                unix_socket.server_cpu_us / tcp.server_cpu_us,
                unix_socket.client_cpu_us / tcp.client_cpu_us,
                total_us(unix_socket) / total_us(tcp), unix_socket.p50_us / tcp.p50_us,
                total_us(local) / total_us(tcp), total_us(local) / total_us(unix_socket));
}

std::unique_ptr<net::http::Client> client_of(async::EventLoop& loop, const core::Clock& clock,
                                             const std::string& url) {
    net::http::ServiceOptions service;
    service.name = "bench";
    service.use_sockets = false;
    service.url = url;
    auto client = net::http::make_service_client(loop, clock, service);
    if (!client) {
        std::fprintf(stderr, "%s\n", client.error().to_string().c_str());
        std::exit(1);
    }
    return std::move(*client);
}

}  // namespace

int main(int argc, char** argv) {
    CLI::App app("Transport benchmark");
    std::uint64_t calls = 50'000;
    std::uint64_t runs = 5;
    app.add_option("--calls", calls, "of each run")->check(CLI::PositiveNumber);
    app.add_option("--runs", runs, "of each transport")->check(CLI::PositiveNumber);
    CLI11_PARSE(app, argc, argv);

    std::string directory =
        (std::filesystem::temp_directory_path() / "course-bench-XXXXXX").string();
    if (::mkdtemp(directory.data()) == nullptr) {
        return 1;
    }
    // Both before this process has a loop: they share nothing with it.
    const ServerProcess tcp = start_server("");
    const ServerProcess unix_socket = start_server(directory + "/s.sock");
    {
        async::EventLoop loop;
        const core::SystemClock clock;
        ReceiptHandler handler;
        const auto over_tcp =
            client_of(loop, clock, "http://127.0.0.1:" + std::to_string(tcp.port));
        const auto over_unix = client_of(loop, clock, "unix://" + directory + "/s.sock");
        net::http::LocalClient local(handler);
        net::http::Client* const clients[] = {over_tcp.get(), over_unix.get(), &local};
        const ServerProcess* const servers[] = {&tcp, &unix_socket, nullptr};
        for (const std::uint64_t concurrency : concurrencies) {
            std::vector<Figures> figures[3];
            for (std::uint64_t run = 0; run < runs; ++run) {
                for (std::size_t i = 0; i < 3; ++i) {
                    figures[i].push_back(
                        measure(loop, *clients[i], servers[i], calls, concurrency));
                }
            }
            Figures middle[3];
            for (std::size_t i = 0; i < 3; ++i) {
                middle[i] = report(transports[i], concurrency, calls, figures[i]);
            }
            report_ratios(concurrency, middle[0], middle[1], middle[2]);
        }
    }
    tcp.end();
    unix_socket.end();
    std::filesystem::remove_all(directory);
    return 0;
}
