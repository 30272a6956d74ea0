// What does one request cost our HTTP server?
//
// Workload: `GET /health` (or POST of 1 KB) on keep-alive connections, one at a time or pipelined,
// over TCP or a unix socket. `--mode ours` is the server with limits, timeouts, an access observer
// and a small router; `--mode bare` is an epoll loop that only looks for the end of the head: the
// limit. Good answers: at most 4,500 user instructions a request, 3,000 when 16 deep, 2.3 system
// calls (0.25), server CPU at most 1.45 times the bare loop's (alternate the runs and compare).
//
// The program forks: the child makes the load, the parent serves and counts its own CPU time, so
// that callgrind and strace (instructions.sh) see the server alone.

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "bare_epoll.hpp"
#include "courseselect/async/event_loop.hpp"
#include "courseselect/core/clock.hpp"
#include "courseselect/net/http/server.hpp"
#include "load.hpp"

using namespace courseselect;

namespace {

/// As small as a router can be: what is measured is the server.
class HealthHandler final : public net::http::Handler {
  public:
    async::Task<net::http::Response> handle(const net::http::Request& request) override {
        net::http::Response response;
        if (request.path == "/health") {
            response.body = R"({"status":"healthy","service":"data_node"})";
        } else {
            response.status = 404;
            response.body = R"({"detail":"Not Found"})";
        }
        co_return response;
    }
};

/// Stands for logs and metrics; ends the run after the last request.
class Counter final : public net::http::AccessObserver {
  public:
    Counter(async::EventLoop& loop, std::uint64_t requests) : loop_(loop), left_(requests) {}
    void on_request_done(const net::http::AccessRecord& record) override {
        nanoseconds_ += record.duration.count();
        if (--left_ == 0) {
            loop_.stop();
        }
    }

  private:
    async::EventLoop& loop_;
    std::uint64_t left_;
    std::int64_t nanoseconds_ = 0;
};

void serve(net::ListeningSocket* listening, const bench::Load& load, int ready) {
    if (load.bare) {
        bench::tell_port(ready, listening->port());
        bench::serve_bare(listening->descriptor(), load.requests);
        return;
    }
    async::EventLoop loop;
    const core::SystemClock clock;
    HealthHandler handler;
    Counter counter(loop, load.requests);
    net::http::ServerOptions options;
    options.observer = &counter;
    net::http::Server server(loop, clock, options, handler);
    const auto listened = load.unix_path.empty()
                              ? server.listen(net::TcpAddress{})
                              : server.listen(net::UnixAddress{.path = load.unix_path});
    if (!listened) {
        std::fprintf(stderr, "%s\n", listened.error().to_string().c_str());
        std::exit(1);
    }
    bench::tell_port(ready, server.port());
    loop.run();
}

double cpu_microseconds() {
    ::timespec time{};
    ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) * 1e6 + static_cast<double>(time.tv_nsec) / 1e3;
}

}  // namespace

int main(int argc, char** argv) {
    CLI::App app("HTTP server benchmark");
    bench::Load load;
    std::string mode = "ours";
    bool over_unix = false;
    app.add_option("--mode", mode)->check(CLI::IsMember({"ours", "bare"}));
    app.add_option("--requests", load.requests);
    app.add_option("--connections", load.connections);
    app.add_option("--depth", load.depth);
    app.add_option("--body", load.body_bytes, "POST of so many bytes instead of GET");
    app.add_flag("--unix", over_unix);
    CLI11_PARSE(app, argc, argv);
    load.bare = mode == "bare";
    // Every connection sends the same number of whole batches.
    const std::uint64_t batch = load.connections * load.depth;
    load.requests = std::max(load.requests / batch, std::uint64_t{1}) * batch;
    std::string directory =
        (std::filesystem::temp_directory_path() / "course-bench-XXXXXX").string();
    if (over_unix) {
        if (::mkdtemp(directory.data()) == nullptr) {
            return 1;
        }
        load.unix_path = directory + "/s";
    }
    int ready[2];
    if (::pipe(ready) != 0) {
        return 1;
    }
    const ::pid_t child = ::fork();
    if (child == 0) {
        ::close(ready[1]);
        bench::run_load(load, bench::wait_for_port(ready[0]));
        std::_Exit(0);
    }
    ::close(ready[0]);
    const auto started = std::chrono::steady_clock::now();
    const double cpu_before = cpu_microseconds();
    if (load.bare) {
        auto listening = over_unix ? net::ListeningSocket::open({.path = load.unix_path}, 4096)
                                   : net::ListeningSocket::open(net::TcpAddress{}, 4096);
        if (!listening) {
            return 1;
        }
        serve(&*listening, load, ready[1]);
    } else {
        serve(nullptr, load, ready[1]);
    }
    const double cpu = cpu_microseconds() - cpu_before;
    const std::chrono::duration<double> wall = std::chrono::steady_clock::now() - started;
    ::waitpid(child, nullptr, 0);
    if (over_unix) {
        std::filesystem::remove_all(directory);
    }
    const auto requests = static_cast<double>(load.requests);
    std::printf(
        R"({"bench":"http_server","mode":"%s","transport":"%s","connections":%llu,"depth":%llu,)"
        R"("body_bytes":%zu,"requests":%llu,"requests_per_s":%.0f,"server_cpu_us":%.3f,)"
        R"("compiler":"%s"})"
        "\n",
        mode.c_str(), over_unix ? "unix" : "tcp", static_cast<unsigned long long>(load.connections),
        static_cast<unsigned long long>(load.depth), load.body_bytes,
        static_cast<unsigned long long>(load.requests), requests / wall.count(), cpu / requests,
        __VERSION__);
    return 0;
}
