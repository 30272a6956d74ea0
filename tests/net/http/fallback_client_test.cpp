#include "courseselect/net/http/fallback_client.hpp"

#include <doctest/doctest.h>

#include <fstream>
#include <memory>
#include <optional>

#include "courseselect/net/http/server.hpp"
#include "courseselect/net/http/service_client.hpp"
#include "scripted_server.hpp"
#include "support/run.hpp"
#include "support/temp_dir.hpp"

using namespace courseselect;
using namespace std::chrono_literals;
using namespace courseselect::net::http;

namespace {

/// Answers with its name, the method and the target.
class Named final : public Handler {
  public:
    explicit Named(std::string name) : name_(std::move(name)) {}
    async::Task<Response> handle(const Request& request) override {
        Response response;
        response.body = name_ + " " + std::string(method_name(request.method)) + " " +
                        std::string(request.path) + "?" + std::string(request.query) + " from " +
                        std::string(request.peer.address);
        co_return response;
    }

  private:
    std::string name_;
};

async::Task<> ask(Client& client, ClientRequest request, std::string& out) {
    const auto response = co_await client.send(std::move(request), 5s);
    out = response ? response->body : std::string(core::errc_name(response.error().code()));
}

std::string text_of(async::EventLoop& loop, Client& client, const std::string& target) {
    std::string out;
    test::run(loop, ask(client, {.target = target}, out));
    return out;
}

}  // namespace

TEST_SUITE("net/http/fallback_client") {
    TEST_CASE("the socket while somebody listens on it, else the URL, and the socket again") {
        async::EventLoop loop;
        core::ManualClock manual;
        core::SystemClock clock;
        test::TempDir dir;
        Named handler("tcp");
        Named socket_handler("socket");
        const std::string path = dir.file("data_node.sock");
        std::ofstream(path) << "stale";  // a file on which nobody listens
        Server tcp(loop, clock, {}, handler);
        REQUIRE(tcp.listen(net::TcpAddress{}).has_value());
        auto client =
            make_service_client(loop, manual,
                                {.name = "data",
                                 .socket_directory = dir.path().string(),
                                 .url = "http://127.0.0.1:" + std::to_string(tcp.port())});
        REQUIRE(client.has_value());
        CHECK(text_of(loop, **client, "/a?b=c") == "tcp GET /a?b=c from 127.0.0.1");
        std::filesystem::remove(path);
        Server socket(loop, clock, {}, socket_handler);
        REQUIRE(socket.listen(net::UnixAddress{.path = path}).has_value());
        CHECK(text_of(loop, **client, "/") == "tcp GET /? from 127.0.0.1");  // not yet asked again
        manual.advance(2s);
        CHECK(text_of(loop, **client, "/") == "socket GET /? from unix");
        test::run(loop, socket.stop(1s));
        CHECK(text_of(loop, **client, "/") == "tcp GET /? from 127.0.0.1");
        test::run(loop, tcp.stop(1s));
        manual.advance(2s);
        CHECK(text_of(loop, **client, "/") == "unavailable");
    }

    TEST_CASE("what may have been carried out is never repeated on another way") {
        async::EventLoop loop;
        core::SystemClock clock;
        test::ScriptedServer dies({{{""}}});  // reads the request, answers nothing, closes
        test::ScriptedServer other({{{test::ok("twice")}}});
        std::vector<std::unique_ptr<PooledClient>> ways;
        for (const std::uint16_t port : {dies.port(), other.port()}) {
            ways.push_back(*PooledClient::open(loop, clock, {.host = "127.0.0.1", .port = port}));
        }
        FallbackClient client(clock, std::move(ways));
        std::string out;
        ClientRequest request{.method = Method::post, .target = "/", .body = "{}"};
        test::run(loop, ask(client, std::move(request), out));
        CHECK(out == "outcome_unknown");
    }
}
