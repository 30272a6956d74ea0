// A thousand requests over TCP and a thousand over a unix socket, one after the other on one
// connection each: what does the way cost? Server and client share this process and its thread, so
// read the ratio; bench/net/transport_bench measures them apart.

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>

#include "courseselect/async/event_loop.hpp"
#include "courseselect/async/task_group.hpp"
#include "courseselect/core/clock.hpp"
#include "courseselect/net/http/pooled_client.hpp"
#include "courseselect/net/http/server.hpp"

using namespace courseselect;
using namespace std::chrono_literals;

namespace {

constexpr int requests = 1000;

class Echo final : public net::http::Handler {
  public:
    async::Task<net::http::Response> handle(const net::http::Request& request) override {
        net::http::Response response;
        response.body = request.body;
        co_return response;
    }
};

/// Returns the microseconds a request took on average.
async::Task<double> load(net::http::Client& client, const core::Clock& clock, const char* way) {
    int answered = 0;
    const core::MonoTime begin = clock.mono_now();
    for (int i = 0; i < requests; ++i) {
        net::http::ClientRequest request;
        request.method = net::http::Method::post;
        request.target = "/echo";
        request.body = R"({"student_id":1,"course_id":2})";
        const auto answer = co_await client.send(std::move(request), 5s);
        answered += answer && answer->status == 200 ? 1 : 0;
    }
    const std::chrono::duration<double, std::micro> taken = clock.mono_now() - begin;
    const double each = taken.count() / requests;
    std::printf("%s: %d of %d answered, %.1f us each\n", way, answered, requests, each);
    co_return each;
}

async::Task<> compare(async::EventLoop& loop, const core::Clock& clock, net::http::Server& server,
                      net::http::Client& tcp, net::http::Client& socket) {
    const double over_tcp = co_await load(tcp, clock, "TCP");
    const double over_socket = co_await load(socket, clock, "unix socket");
    std::printf("the socket takes %.2f of TCP's time\n", over_socket / over_tcp);
    co_await server.stop(1s);
    loop.stop();
}

core::Result<> run(const std::string& directory) {
    async::EventLoop loop;
    const core::SystemClock clock;
    Echo echo;
    net::http::Server server(loop, clock, {}, echo);
    const std::string path = directory + "/echo.sock";
    COURSESELECT_TRY_OK(server.listen(net::TcpAddress{}));
    COURSESELECT_TRY_OK(server.listen(net::UnixAddress{.path = path}));
    COURSESELECT_TRY(auto on_tcp, net::http::ServiceAddress::parse("http://127.0.0.1:" +
                                                                   std::to_string(server.port())));
    COURSESELECT_TRY(auto on_socket, net::http::ServiceAddress::parse("unix://" + path));
    COURSESELECT_TRY(const auto tcp, net::http::PooledClient::open(loop, clock, std::move(on_tcp)));
    COURSESELECT_TRY(const auto socket,
                     net::http::PooledClient::open(loop, clock, std::move(on_socket)));
    async::TaskGroup tasks(loop);
    loop.post([&] { tasks.spawn(compare(loop, clock, server, *tcp, *socket)); });
    loop.run();
    return {};
}

}  // namespace

int main() {
    std::string directory = (std::filesystem::temp_directory_path() / "load-XXXXXX").string();
    if (::mkdtemp(directory.data()) == nullptr) {
        return 1;
    }
    const auto done = run(directory);
    std::filesystem::remove_all(directory);
    if (!done) {
        std::printf("%s\n", done.error().to_string().c_str());
    }
    return done ? 0 : 1;
}
