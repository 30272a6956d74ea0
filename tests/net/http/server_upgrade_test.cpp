// Connections that a handler's 101 takes away from the server.
#include <doctest/doctest.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "../tls_client.hpp"
#include "courseselect/async/task_group.hpp"
#include "server_fixture.hpp"
#include "support/temp_dir.hpp"

using namespace courseselect;
using namespace std::chrono_literals;
using test::RawClient;
using test::ServerFixture;

namespace {

/// Gives back what it gets, until the client ends.
class EchoUpgrader final : public net::http::Upgrader {
  public:
    void take_over(const net::http::Request& request,
                   std::unique_ptr<net::Stream> stream) override {
        seen = std::string(request.target) + " " +
               std::string(request.header("upgrade").value_or("-"));
        group->spawn(echo(std::move(stream)));
    }

    std::optional<async::TaskGroup> group;
    std::string seen;

  private:
    static async::Task<> echo(std::unique_ptr<net::Stream> stream) {
        while (true) {
            const auto bytes = co_await stream->read(2048);
            if (!bytes || bytes->empty()) {
                break;
            }
            stream->send(*bytes);
            co_await stream->flushed();
        }
        stream->shut_down();
        co_await stream->flushed();
    }
};

struct UpgradeFixture {
    UpgradeFixture() : server(options(upgrader)) { upgrader.group.emplace(server.loop()); }

    static net::http::ServerOptions options(EchoUpgrader& upgrader) {
        net::http::ServerOptions made;
        made.upgrader = &upgrader;
        return made;
    }
    /// Every client has gone; waits until the echoes have noticed.
    void join() {
        while (server.on_loop([this] { return upgrader.group->running() > 0; })) {
            std::this_thread::yield();
        }
    }

    EchoUpgrader upgrader;
    ServerFixture server;
};

std::string ask(const std::string& target) {
    return "GET " + target +
           " HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, Upgrade\r\nUpgrade: echo\r\n\r\n";
}

std::string read_bytes(RawClient& client, std::size_t size) {
    std::string all;
    while (all.size() < size) {
        const std::string part = client.read_some();
        if (part.empty()) {
            break;
        }
        all += part;
    }
    return all;
}

void check_upgrade(UpgradeFixture& fixture, RawClient& client) {
    client.send("GET /first HTTP/1.1\r\nHost: a\r\n\r\n" + ask("/upgrade?x=1") + "GET / at once");
    CHECK(client.read_answer().ends_with("GET /first "));
    CHECK(client.read_answer() ==
          "HTTP/1.1 101 Switching Protocols\r\nDate: Tue, 14 Nov 2023 22:13:20 GMT\r\n"
          "Upgrade: echo\r\nConnection: Upgrade\r\n\r\n");
    CHECK(read_bytes(client, 13) == "GET / at once");
    client.send("GET / HTTP/1.1\r\n\r\n");  // no longer HTTP
    CHECK(read_bytes(client, 18) == "GET / HTTP/1.1\r\n\r\n");
    const auto stats = fixture.server.stats();
    CHECK(stats.connections == 0);
    CHECK(stats.upgraded == 1);
    CHECK(stats.requests == 2);
    client.end();
    CHECK(client.read_all().empty());
    CHECK(fixture.upgrader.seen == "/upgrade?x=1 echo");
    fixture.join();
}

}  // namespace

TEST_SUITE("net/http/server upgrade") {
    TEST_CASE("over TCP the taker gets the connection and what came behind the request") {
        UpgradeFixture fixture;
        fixture.server.start();
        RawClient client = fixture.server.connect();
        check_upgrade(fixture, client);
    }

    TEST_CASE("over a unix socket as well") {
        test::TempDir dir;
        UpgradeFixture fixture;
        REQUIRE(fixture.server.server().listen(net::UnixAddress{.path = dir.file("s")}));
        fixture.server.run();
        RawClient client(dir.file("s"));
        check_upgrade(fixture, client);
    }

    TEST_CASE("over TLS, much in both directions, and a clean end") {
        test::TempDir dir;
        const net::TlsFiles files{dir.file("chain.pem"), dir.file("key.pem")};
        test::write_certificate(files, "upgrade");
        auto context = net::TlsContext::open(files);
        REQUIRE(context);
        UpgradeFixture fixture;
        fixture.server.start(context->get());
        test::TlsClient client(fixture.server.server().port());
        REQUIRE(client.is_connected());
        client.send(ask("/upgrade") + "at once");
        const std::string head =
            "HTTP/1.1 101 Switching Protocols\r\nDate: Tue, 14 Nov 2023 22:13:20 GMT\r\n"
            "Upgrade: echo\r\nConnection: Upgrade\r\n\r\n";
        CHECK(client.read(head.size() + 7) == head + "at once");
        for (int i = 0; i < 20; ++i) {
            const std::string much(60'000, static_cast<char>('a' + i));
            client.send(much);
            CHECK(client.read(much.size()) == much);
        }
        client.end();
        CHECK(client.read(1).empty());
        CHECK(client.ended_cleanly());
        fixture.join();
    }

    TEST_CASE("a handler may agree after it was suspended, and nothing sent meanwhile is lost") {
        UpgradeFixture fixture;
        fixture.server.start();
        for (const bool split : {false, true}) {
            RawClient client = fixture.server.connect();
            client.send(ask("/wait-upgrade") + (split ? "" : "early"));
            fixture.server.wait_until([](const auto& stats) { return stats.handlers == 1; });
            if (split) {
                client.send("early");
            }
            fixture.server.on_loop([&] {
                fixture.server.handler.release();
                return true;
            });
            CHECK(client.read_answer().starts_with("HTTP/1.1 101 "));
            CHECK(read_bytes(client, 5) == "early");
            client.end();
            CHECK(client.read_all().empty());
        }
        fixture.join();
    }

    TEST_CASE("an upgraded connection outlives its server's deadlines and its stop") {
        UpgradeFixture fixture;
        fixture.server.start();
        RawClient client = fixture.server.connect();
        client.send(ask("/upgrade"));
        CHECK(client.read_answer().starts_with("HTTP/1.1 101 "));
        fixture.server.clock.advance(10h);
        fixture.server.begin_stop(0ms);
        fixture.server.stopped();
        client.send("still here");
        CHECK(read_bytes(client, 10) == "still here");
        client.end();
        CHECK(client.read_all().empty());
        fixture.join();
    }

    TEST_CASE("a 101 that was not asked for, or that nobody takes, is a 500") {
        {
            UpgradeFixture fixture;
            fixture.server.start();
            for (const std::string fields : {"", "Upgrade: echo\r\n", "Connection: Upgrade\r\n"}) {
                RawClient client = fixture.server.connect();
                client.send("GET /upgrade HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n");
                CHECK(client.read_all().starts_with("HTTP/1.1 500 "));
            }
            RawClient old = fixture.server.connect();
            old.send("GET /upgrade HTTP/1.0\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n");
            CHECK(old.read_all().starts_with("HTTP/1.1 500 "));
            CHECK(fixture.server.stats().upgraded == 0);
        }
        ServerFixture without;
        without.start();
        RawClient client = without.connect();
        client.send(ask("/upgrade"));
        CHECK(client.read_all().starts_with("HTTP/1.1 500 "));
    }

    TEST_CASE("a server that stops refuses to upgrade") {
        UpgradeFixture fixture;
        fixture.server.start();
        RawClient client = fixture.server.connect();
        client.send(ask("/wait-upgrade"));
        fixture.server.wait_until([](const auto& stats) { return stats.handlers == 1; });
        fixture.server.begin_stop(1h);
        fixture.server.on_loop([&] {
            fixture.server.handler.release();
            return true;
        });
        CHECK(client.read_all().starts_with("HTTP/1.1 503 "));
        ::shutdown(client.descriptor(), SHUT_RDWR);
        fixture.server.clock.advance(3s);
        fixture.server.stopped();
    }
}
