// A service client with a fallback: it calls over the unix socket while there is one, and over HTTP
// when there is none. Only a request that was certainly not sent goes the other way, so nothing is
// carried out twice.

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>

#include "courseselect/async/event_loop.hpp"
#include "courseselect/async/task_group.hpp"
#include "courseselect/core/clock.hpp"
#include "courseselect/net/http/server.hpp"
#include "courseselect/net/http/service_client.hpp"

using namespace courseselect;
using namespace std::chrono_literals;

namespace {

/// The service: says which way a request came.
class Seats final : public net::http::Handler {
  public:
    async::Task<net::http::Response> handle(const net::http::Request& request) override {
        net::http::Response response;
        response.body = request.peer.is_unix ? "2 seats, over the socket" : "2 seats, over HTTP";
        co_return response;
    }
};

async::Task<> ask(net::http::Client& client) {
    net::http::ClientRequest request;
    request.target = "/seats";
    const auto answer = co_await client.send(std::move(request), 5s);
    if (answer) {
        std::printf("%s\n", answer->body.c_str());
    } else {
        std::printf("%s\n", std::string(core::errc_name(answer.error().code())).c_str());
    }
}

async::Task<> converse(async::EventLoop& loop, net::http::Client& client,
                       net::http::Server& on_socket, net::http::Server& on_tcp) {
    co_await ask(client);
    co_await on_socket.stop(1s);  // its file is removed: the next connection finds nothing there
    std::printf("the socket is gone\n");
    co_await ask(client);
    co_await on_tcp.stop(1s);
    std::printf("everything is gone\n");
    co_await ask(client);
    loop.stop();
}

int run(const std::string& directory) {
    async::EventLoop loop;
    const core::SystemClock clock;
    Seats seats;
    net::http::Server on_socket(loop, clock, {}, seats);
    net::http::Server on_tcp(loop, clock, {}, seats);
    if (!on_socket.listen(net::UnixAddress{.path = directory + "/data_node.sock"}) ||
        !on_tcp.listen(net::TcpAddress{})) {
        return 1;
    }
    net::http::ServiceOptions where{.name = "data", .socket_directory = directory};
    where.url = "http://127.0.0.1:" + std::to_string(on_tcp.port());
    const auto client = net::http::make_service_client(loop, clock, where);
    if (!client) {
        return 1;
    }
    async::TaskGroup tasks(loop);
    loop.post([&] { tasks.spawn(converse(loop, **client, on_socket, on_tcp)); });
    loop.run();
    return 0;
}

}  // namespace

int main() {
    std::string directory = (std::filesystem::temp_directory_path() / "seats-XXXXXX").string();
    if (::mkdtemp(directory.data()) == nullptr) {
        return 1;
    }
    const int code = run(directory);
    std::filesystem::remove_all(directory);
    return code;
}
