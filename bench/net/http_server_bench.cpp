// What does one request cost our HTTP server?
//
// Workload: `GET /health` or a POST of 1 KB on keep-alive connections, one at a time or pipelined,
// over TCP or a unix socket, with a Host field only or (`--typical`) with the fields of a browser.
// `--mode ours` is the server with limits, timeouts, an access observer and a small router;
// `--mode service` puts `api::Service` behind it, where the POST is the body of `POST /add/course`,
// parsed and validated as declared; `--mode bare` is an epoll loop that only looks for the end of
// the request: the limit. Good answers: at most 4,500 user instructions a GET, 3,000 when 16 deep,
// 2.3 system calls (0.25), server CPU at most 1.45 times the bare loop's (alternate the runs and
// compare), a validated POST under 12 us of server CPU.
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
#include "courseselect/api/service.hpp"
#include "courseselect/async/event_loop.hpp"
#include "courseselect/core/clock.hpp"
#include "courseselect/net/http/server.hpp"
#include "courseselect/nodes/wire/course.hpp"
#include "load.hpp"

using namespace courseselect;

namespace {

/// As small as a router can be: what is measured is the server.
class HealthHandler final : public net::http::Handler {
  public:
    async::Task<net::http::Response> handle(const net::http::Request& request) override {
        net::http::Response response;
        if (request.path == "/health" || request.path == "/add/course") {
            response.body = R"({"status":"healthy","service":"data_node"})";
        } else {
            response.status = 404;
            response.body = R"({"detail":"Not Found"})";
        }
        co_return response;
    }
};

/// A course as an administrator creates it, filled up to `bytes` by its notes and tags.
std::string course_body(std::size_t bytes) {
    std::string body =
        R"({"course_name":"Linear algebra for engineers","course_credit":3.5,)"
        R"("course_type":"required","course_teacher_id":17,"course_location":"Main hall 101",)"
        R"("course_capacity":120,"course_time_begin":800,"course_time_end":950,)"
        R"("course_schedule":{"monday":[1,2],"wednesday":[3,4],"friday":[5,6]},)"
        R"("course_cost":0,"course_opens_at":"2026-09-01T08:00:00Z",)"
        R"("course_closes_at":"2026-09-14T22:00:00Z","course_tags":["mathematics")";
    constexpr std::size_t notes_bytes_max = 400;
    constexpr std::string_view tag = R"(,"second-year")";
    constexpr std::string_view notes = R"(],"course_notes":")";
    constexpr std::string_view end = R"("})";
    while (body.size() + tag.size() + notes.size() + notes_bytes_max + end.size() <= bytes) {
        body += tag;
    }
    body += notes;
    constexpr std::string_view text = "Bring paper and a pencil; the exam is written. ";
    for (std::size_t i = 0; body.size() + end.size() < bytes; ++i) {
        body += text[i % text.size()];
    }
    body += end;
    return body;
}

async::Task<net::http::Response> fixed_answer(std::string_view body) {
    net::http::Response response;
    response.body = body;
    co_return response;
}

void add_routes(api::Service& service) {
    service.add(api::get("/health"), [](api::Context&) {
        return fixed_answer(R"({"status":"healthy","service":"data_node"})");
    });
    service.add(api::post("/add/course").body<nodes::wire::CourseCreate>(),
                [](api::Context&, const nodes::wire::CourseCreate& course) {
                    return fixed_answer(course.course_capacity == 120 ? R"({"success":true})"
                                                                      : R"({"success":false})");
                });
}

/// Stands for logs and metrics; ends the run after the last request.
class Counter final : public net::http::AccessObserver {
  public:
    Counter(async::EventLoop& loop, std::uint64_t requests) : loop_(loop), left_(requests) {}
    void on_request_done(const net::http::AccessRecord& record) override {
        failed_ += record.status == 200 ? 0 : 1;
        nanoseconds_ += record.duration.count();
        if (--left_ == 0) {
            loop_.stop();
        }
    }

    [[nodiscard]] std::uint64_t failed() const { return failed_; }

  private:
    async::EventLoop& loop_;
    std::uint64_t left_;
    std::uint64_t failed_ = 0;
    std::int64_t nanoseconds_ = 0;
};

void serve_bare(const bench::Load& load, int ready) {
    auto listening = load.unix_path.empty()
                         ? net::ListeningSocket::open(net::TcpAddress{}, 4096)
                         : net::ListeningSocket::open({.path = load.unix_path}, 4096);
    if (!listening) {
        std::fprintf(stderr, "%s\n", listening.error().to_string().c_str());
        std::exit(1);
    }
    bench::tell_port(ready, listening->port());
    bench::serve_bare(listening->descriptor(), load.requests);
}

void serve_ours(net::http::Handler& handler, const core::Clock& clock, const bench::Load& load,
                int ready) {
    async::EventLoop loop;
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
    if (counter.failed() > 0) {
        std::fprintf(stderr, "%llu requests failed\n",
                     static_cast<unsigned long long>(counter.failed()));
        std::exit(1);
    }
}

void serve(const std::string& mode, const bench::Load& load, int ready) {
    const core::SystemClock clock;
    if (mode == "bare") {
        serve_bare(load, ready);
    } else if (mode == "service") {
        api::Service service(clock, {});
        add_routes(service);
        serve_ours(service, clock, load, ready);
    } else {
        HealthHandler handler;
        serve_ours(handler, clock, load, ready);
    }
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
    app.add_option("--mode", mode)->check(CLI::IsMember({"ours", "service", "bare"}));
    app.add_option("--requests", load.requests);
    app.add_option("--connections", load.connections);
    app.add_option("--depth", load.depth);
    std::size_t body_bytes = 0;
    app.add_option("--body", body_bytes, "POST of so many bytes (at least 900) instead of GET");
    app.add_flag("--typical", load.typical_head, "the fields of a browser, not Host alone");
    app.add_flag("--unix", over_unix);
    CLI11_PARSE(app, argc, argv);
    load.body = body_bytes == 0 ? std::string() : course_body(body_bytes);
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
    serve(mode, load, ready[1]);
    const double cpu = cpu_microseconds() - cpu_before;
    const std::chrono::duration<double> wall = std::chrono::steady_clock::now() - started;
    ::waitpid(child, nullptr, 0);
    if (over_unix) {
        std::filesystem::remove_all(directory);
    }
    const auto requests = static_cast<double>(load.requests);
    std::printf(
        R"({"bench":"http_server","mode":"%s","transport":"%s","connections":%llu,"depth":%llu,)"
        R"("body_bytes":%zu,"typical_head":%s,"requests":%llu,"requests_per_s":%.0f,"server_cpu_us":%.3f,)"
        R"("compiler":"%s"})"
        "\n",
        mode.c_str(), over_unix ? "unix" : "tcp", static_cast<unsigned long long>(load.connections),
        static_cast<unsigned long long>(load.depth), load.body.size(),
        load.typical_head ? "true" : "false", static_cast<unsigned long long>(load.requests),
        requests / wall.count(), cpu / requests, __VERSION__);
    return 0;
}
