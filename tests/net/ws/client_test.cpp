#include "courseselect/net/ws/client.hpp"

#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <utility>

#include "courseselect/net/http/server.hpp"
#include "courseselect/net/ws/connection.hpp"
#include "courseselect/net/ws/handshake.hpp"
#include "support/run.hpp"

using namespace courseselect;
using namespace std::chrono_literals;

namespace {

/// Answers handshakes at "/ws", everything else with 200.
class Door final : public net::http::Handler, public net::http::Upgrader {
  public:
    async::Task<net::http::Response> handle(const net::http::Request& request) override {
        token = request.header("X-Token").value_or("");
        net::http::Response response;
        if (request.path == "/ws") {
            response = net::ws::answer_handshake(request);
        } else if (request.path == "/wrong-key") {
            response.status = 101;
            response.headers.push_back({"Upgrade", "websocket"});
            response.headers.push_back({"Sec-WebSocket-Accept", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="});
        }
        co_return response;
    }
    void take_over(const net::http::Request&, std::unique_ptr<net::Stream> stream) override {
        taken = std::move(stream);
        taken->send("\x81\x02hi");
    }

    std::string token;
    std::unique_ptr<net::Stream> taken;
};

struct DoorWorld {
    DoorWorld() : server(loop, clock, options(door), door) {
        REQUIRE(server.listen(net::TcpAddress{}));
    }
    static net::http::ServerOptions options(Door& door) {
        net::http::ServerOptions made;
        made.upgrader = &door;
        return made;
    }
    net::ws::ClientOptions to(std::string target) const {
        net::ws::ClientOptions made;
        made.port = server.port();
        made.target = std::move(target);
        made.headers.push_back({"X-Token", "secret"});
        return made;
    }

    core::SystemClock clock;
    async::EventLoop loop;
    crypto::SeededRandomSource random{1};
    Door door;
    net::http::Server server;
};

async::Task<> check_open(DoorWorld& world) {
    auto options = world.to("/ws");
    const auto stream = co_await net::ws::open_stream(world.loop, world.random, std::move(options));
    REQUIRE(stream);
    CHECK(world.door.token == "secret");
    const auto bytes = co_await (*stream)->read(100);
    CHECK(*bytes == "\x81\x02hi");
    (*stream)->close();
    world.door.taken.reset();
    co_await world.server.stop(0ms);
}

async::Task<> check_refused(DoorWorld& world) {
    for (const char* target : {"/elsewhere", "/wrong-key"}) {
        auto options = world.to(target);
        const auto stream =
            co_await net::ws::open_stream(world.loop, world.random, std::move(options));
        REQUIRE_FALSE(stream);
        CHECK(stream.error().code() == core::Errc::data_corrupt);
        CHECK(stream.error().detail().starts_with("HTTP/1.1 "));
    }
    auto nobody = world.to("/ws");
    nobody.host = "localhost";
    const auto name = co_await net::ws::open_stream(world.loop, world.random, std::move(nobody));
    CHECK(name.error().code() == core::Errc::invalid_argument);
    world.door.taken.reset();
    co_await world.server.stop(0ms);
    auto closed = world.to("/ws");
    const auto refused = co_await net::ws::open_stream(world.loop, world.random, std::move(closed));
    CHECK(refused.error().code() == core::Errc::unavailable);
}

async::Task<> check_silence(DoorWorld& world, const net::ListeningSocket& silent) {
    auto options = world.to("/ws");
    options.port = silent.port();
    options.timeout = 5ms;
    const auto stream = co_await net::ws::open_stream(world.loop, world.random, std::move(options));
    CHECK(stream.error().code() == core::Errc::deadline_exceeded);
    co_await world.server.stop(0ms);
}

}  // namespace

TEST_SUITE("net/ws/client") {
    TEST_CASE("it opens a stream, and keeps what came behind the answer") {
        DoorWorld world;
        test::run(world.loop, check_open(world));
    }

    TEST_CASE("whatever is no handshake is an error that says what came instead") {
        DoorWorld world;
        test::run(world.loop, check_refused(world));
    }

    TEST_CASE("a server that says nothing is given up on") {
        DoorWorld world;
        const auto silent = net::ListeningSocket::open(net::TcpAddress{}, 1);
        REQUIRE(silent);
        test::run(world.loop, check_silence(world, *silent));
    }
}
