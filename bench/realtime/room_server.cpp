// The server of bench/realtime: rooms as the course server has them, and nothing else. Its twin on
// npm socket.io is room_server.cjs, with the same events.
//
//   realtime_room_server SECRET [PING_INTERVAL_MS]      prints its port
//
// CONNECT needs `{token}`, a JWT. `enter`: joins the room, the others get `entered`. `join`: joins
// quietly. `say`: the room gets `said`. `ask`: answered by an ack.

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <utility>

#include "courseselect/auth/jwt.hpp"
#include "courseselect/net/http/server.hpp"
#include "courseselect/realtime/server.hpp"

using namespace courseselect;
using realtime::Args;

namespace {

const std::string room = "room";

async::Task<realtime::Admission> check_token(const auth::JwtVerifier& verifier,
                                             const core::Clock& clock,
                                             realtime::ConnectRequest request) {
    const auto auth = json::Value::parse(request.auth);
    const auto token = auth ? (*auth)["token"].string() : std::nullopt;
    const auto claims =
        token ? verifier.verify(*token, clock.wall_now(), auth::TokenType::access)
              : core::Result<auth::Claims>(core::Error(core::Errc::unauthenticated, "No token"));
    if (!claims) {
        co_return realtime::Admission::refuse("invalid token");
    }
    co_return realtime::Admission::accept(
        std::make_shared<std::string>(claims->principal.username));
}

async::Task<> join(realtime::SocketPointer socket, realtime::Event event) {
    socket->join(room);
    event.ack.send({});
    co_return;
}

async::Task<> enter(realtime::SocketPointer socket, realtime::Event event) {
    socket->to(room).emit("entered", Args::of(socket->data<std::string>()));
    socket->join(room);
    event.ack.send({});
    co_return;
}

async::Task<> say(realtime::SocketPointer socket, realtime::Event event) {
    socket->nsp().to(room).emit(
        "said", Args().add_raw(json::make_object("user", socket->data<std::string>(), "message",
                                                 event.args.value(0).string().value_or(""))));
    co_return;
}

async::Task<> ask(realtime::SocketPointer, realtime::Event event) {
    event.ack.send(event.args);
    co_return;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 2 && argc != 3) {
        std::fprintf(stderr, "Usage: realtime_room_server SECRET [PING_INTERVAL_MS]\n");
        return 2;
    }
    const auto verifier = auth::JwtVerifier::hs256(core::Secret(argv[1]));
    if (!verifier) {
        std::fprintf(stderr, "%s\n", verifier.error().to_string().c_str());
        return 2;
    }
    async::EventLoop loop;
    const core::SystemClock clock;
    crypto::SystemRandomSource random;
    realtime::ServerOptions options;
    options.engine.sessions_per_address_max = options.engine.sessions_max;
    if (argc == 3) {
        options.engine.ping_interval = std::chrono::milliseconds(std::atol(argv[2]));
    }
    realtime::Server server(loop, clock, random, options);
    server.of("/")
        .admit([&](realtime::ConnectRequest request) {
            return check_token(*verifier, clock, std::move(request));
        })
        .on("join", join)
        .on("enter", enter)
        .on("say", say)
        .on("ask", ask);
    net::http::ServerOptions http_options;
    http_options.upgrader = &server;
    net::http::Server http(loop, clock, http_options, server);
    if (const auto listening = http.listen(net::TcpAddress{}); !listening) {
        std::fprintf(stderr, "%s\n", listening.error().to_string().c_str());
        return 1;
    }
    std::printf("%u\n", http.port());
    std::fflush(stdout);
    loop.run();
}
