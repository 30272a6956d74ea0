// The program that conformance suites and unmodified clients of Socket.IO are run against:
//     socketio_conformance [--host 127.0.0.1] [--port 3000] [--auth-delay 15]
// "/engine.io/" sends every message back; "/socket.io/" says hello with the auth payload and
// answers two events. Everything of the protocols is the library's.

#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdio>
#include <memory>
#include <string>
#include <utility>

#include <asio/io_context.hpp>
#include <asio/signal_set.hpp>

#include "courseselect/async/sleep.hpp"
#include "courseselect/async/task_group.hpp"
#include "courseselect/core/clock.hpp"
#include "courseselect/crypto/random.hpp"
#include "courseselect/net/http/mounts.hpp"
#include "courseselect/realtime/server.hpp"

using namespace courseselect;
using namespace std::chrono_literals;
using realtime::Args;

namespace {

/// Sends everything back.
class Echo final : public realtime::engine::SessionHandler {
  public:
    explicit Echo(realtime::engine::Session& session) : session_(session) {}
    void on_text(std::string_view text) override { session_.send_text(text); }
    void on_binary(std::string_view bytes) override { session_.send_binary(bytes); }
    void on_close(realtime::engine::CloseReason) override {}

  private:
    realtime::engine::Session& session_;
};

class EchoService final : public realtime::engine::Service {
    std::unique_ptr<realtime::engine::SessionHandler> on_open(
        realtime::engine::Session& session) override {
        return std::make_unique<Echo>(session);
    }
};

class NotFound final : public net::http::Handler {
    async::Task<net::http::Response> handle(const net::http::Request&) override {
        net::http::Response response;
        response.status = 404;
        response.body = R"({"detail":"Try /engine.io/ or /socket.io/"})";
        response.headers.push_back({"Access-Control-Allow-Origin", "*"});
        co_return response;
    }
};

realtime::ServerOptions suite_options() {
    realtime::ServerOptions options;
    options.engine.ping_interval = 300ms;
    options.engine.ping_timeout = 200ms;
    options.engine.upgrade_timeout = 10s;
    options.engine.payload_bytes_max = 1'000'000;
    options.connect_timeout = 1s;
    return options;
}

/// What came with CONNECT comes back as the first event; the suites' client loses an event that
/// arrives together with the answer to CONNECT, hence the delay.
async::Task<> say_hello(async::EventLoop& loop, std::chrono::milliseconds delay,
                        realtime::SocketPointer socket) {
    co_await async::sleep_for(loop, delay);
    socket->emit("auth", Args().add_raw(socket->data<std::string>()));
}

async::Task<realtime::Admission> keep_auth(realtime::ConnectRequest request) {
    co_return realtime::Admission::accept(std::make_shared<std::string>(std::move(request.auth)));
}

async::Task<> send_back(realtime::SocketPointer socket, realtime::Event event) {
    socket->emit("message-back", event.args);
    co_return;
}

async::Task<> answer(realtime::SocketPointer, realtime::Event event) {
    event.ack.send(event.args);
    co_return;
}

async::Task<> stop(net::http::Server& http, realtime::Server& server,
                   realtime::engine::Server& echo, async::EventLoop& loop) {
    echo.close_all();
    co_await server.stop();
    co_await http.stop(1s);
    loop.stop();
}

}  // namespace

int main(int argc, char** argv) {
    net::TcpAddress address{.host = "127.0.0.1", .port = 3000};
    int auth_delay = 15;
    CLI::App app("Socket.IO conformance server");
    app.add_option("--host", address.host, "numeric address to listen on");
    app.add_option("--port", address.port, "0: the system chooses");
    app.add_option("--auth-delay", auth_delay, "milliseconds before the event auth")
        ->check(CLI::Range(0, 10'000));
    CLI11_PARSE(app, argc, argv);

    async::EventLoop loop;
    core::SystemClock clock;
    crypto::SystemRandomSource random;
    EchoService echo_service;
    realtime::engine::Server echo(loop, clock, random, suite_options().engine, echo_service);
    realtime::Server server(loop, clock, random, suite_options());
    for (const char* name : {"/", "/custom"}) {
        server.of(name)
            .admit([](realtime::ConnectRequest request) { return keep_auth(std::move(request)); })
            .on_connect([&](realtime::SocketPointer socket) {
                return say_hello(loop, std::chrono::milliseconds(auth_delay), std::move(socket));
            });
    }
    server.of("/").on("message", send_back).on("message-with-ack", answer);

    NotFound not_found;
    net::http::Mounts mounts(not_found);
    mounts.add("/engine.io", echo);
    mounts.add("/socket.io", server);
    net::http::ServerOptions options;
    options.gzip_bytes_min = 0;
    options.upgrader = &mounts;
    net::http::Server http(loop, clock, options, mounts);
    if (const auto listening = http.listen(address); !listening) {
        std::fprintf(stderr, "%s\n", listening.error().to_string().c_str());
        return 1;
    }
    std::printf("listening on http://%s:%u\n", address.host.c_str(), http.port());
    std::fflush(stdout);

    async::TaskGroup stopping(loop);
    asio::signal_set signals(loop.context(), SIGINT, SIGTERM);
    signals.async_wait([&](const asio::error_code& error, int) {
        if (!error) {
            stopping.spawn(stop(http, server, echo, loop));
        }
    });
    loop.run();
    return 0;
}
