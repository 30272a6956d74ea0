/// Who may connect to a unix socket (SO_PEERCRED).

#include <doctest/doctest.h>
#include <unistd.h>

#include <string>
#include <utility>
#include <vector>

#include "net/http/server_fixture.hpp"
#include "support/temp_dir.hpp"

using namespace courseselect;

namespace {

constexpr const char* ask_peer = "GET /peer HTTP/1.1\r\nHost: x\r\n\r\n";

class SocketServer {
  public:
    explicit SocketServer(std::vector<std::uint32_t> allowed)
        : fixture({.unix_peer_uids = std::move(allowed)}) {
        const auto listening = fixture.server().listen(net::UnixAddress{.path = path});
        REQUIRE(listening.has_value());
        fixture.start();
    }

    test::TempDir directory;
    std::string path = directory.file("a.sock");
    test::ServerFixture fixture;
};

}  // namespace

TEST_SUITE("net/http/server: peers of unix sockets") {
    TEST_CASE("a user who is allowed, or any where none is named, is served and known") {
        for (const bool named : {false, true}) {
            CAPTURE(named);
            SocketServer server(named ? std::vector<std::uint32_t>{::getuid() + 1, ::getuid()}
                                      : std::vector<std::uint32_t>{});
            test::RawClient client(server.path);
            client.send(ask_peer);
            CHECK(client.read_answer().find("unix " + std::to_string(::getuid()) + " " +
                                            std::to_string(::getpid())) != std::string::npos);
            CHECK(server.fixture.stats().refused_connections == 0);
        }
    }

    TEST_CASE("another user is closed without an answer and counted; TCP is not concerned") {
        SocketServer server({::getuid() + 1});
        test::RawClient client(server.path);
        client.send(ask_peer);
        CHECK(client.read_all().empty());
        CHECK(server.fixture.stats().refused_connections == 1);
        CHECK(server.fixture.stats().accepted == 0);
        test::RawClient over_tcp = server.fixture.connect();
        over_tcp.send(ask_peer);
        CHECK(over_tcp.read_answer().starts_with("HTTP/1.1 200"));
    }
}
