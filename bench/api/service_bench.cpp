// What does `api::Service` cost a request, its metrics and trace included?
//
// Workload: one route that answers at once, asked as a browser behind a proxy asks (eight fields,
// no trace), without a socket. Under callgrind (service_cost.sh) this counts user instructions
// without noise; alone it gives the time. A good answer is in service_cost.sh.

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>
#include <cstdlib>

#include "courseselect/api/service.hpp"
#include "courseselect/async/event_loop.hpp"
#include "courseselect/async/task_group.hpp"

using namespace courseselect;

namespace {

async::Task<net::http::Response> answer_health() {
    net::http::Response response;
    response.body = R"({"status":"healthy","service":"data_node"})";
    co_return response;
}

async::Task<> ask(api::Service& service, const net::http::Request& request, std::uint64_t times,
                  bool& ok) {
    for (std::uint64_t i = 0; i < times; ++i) {
        const auto response = co_await service.handle(request);
        ok = ok && response.status == 200;
    }
}

}  // namespace

int main(int argc, char** argv) {
    CLI::App app("Service benchmark");
    std::uint64_t requests = 1'000'000;
    app.add_option("--requests", requests);
    CLI11_PARSE(app, argc, argv);

    const core::SystemClock clock;
    api::Service service(clock, {});
    service.add(api::get("/bench"), [](api::Context&) { return answer_health(); });
    const net::http::HeaderView fields[] = {
        {"Host", "localhost:8001"},       {"User-Agent", "Mozilla/5.0"},
        {"Accept", "application/json"},   {"Accept-Encoding", "gzip, br"},
        {"Accept-Language", "en"},        {"Connection", "keep-alive"},
        {"X-Forwarded-For", "192.0.2.1"}, {"X-Forwarded-Proto", "https"}};
    net::http::Request request;
    request.target = request.path = "/bench";
    request.headers = fields;
    request.peer.address = "127.0.0.1";

    async::EventLoop loop;
    bool ok = true;
    const auto started = std::chrono::steady_clock::now();
    {
        async::TaskGroup group(loop);
        group.spawn(ask(service, request, requests, ok));
        while (group.running() > 0) {
            loop.poll();
        }
    }
    const std::chrono::duration<double, std::nano> taken =
        std::chrono::steady_clock::now() - started;
    std::printf("{\"bench\":\"service\",\"requests\":%llu,\"ns_per_request\":%.1f}\n",
                static_cast<unsigned long long>(requests),
                taken.count() / static_cast<double>(requests));
    return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}
