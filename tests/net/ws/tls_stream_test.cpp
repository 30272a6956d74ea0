// WebSocket connections over TLS: the observer's way to use a stream, encrypted.
#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <utility>

#include "../tls_client.hpp"
#include "courseselect/net/ws/connection.hpp"
#include "support/temp_dir.hpp"

using namespace courseselect;

namespace {

constexpr net::ws::MaskKey mask{1, 2, 3, 4};

struct Outcome {
    bool is_over = false;
    net::ws::End end{};
};

/// Gives every message back, and notes its end.
class EchoHandler final : public net::ws::Handler {
  public:
    explicit EchoHandler(Outcome& outcome) : outcome_(outcome) {}
    void on_text(std::string_view text) override { connection.lock()->send_text(text); }
    void on_binary(std::string_view bytes) override { connection.lock()->send_binary(bytes); }
    void on_close(net::ws::End end, net::ws::CloseCode, std::string_view) override {
        outcome_ = {true, end};
    }

    std::weak_ptr<net::ws::Connection> connection;

  private:
    Outcome& outcome_;
};

class EchoSockets final : public net::http::Upgrader {
  public:
    void take_over(const net::http::Request&, std::unique_ptr<net::Stream> stream) override {
        auto handler = std::make_unique<EchoHandler>(outcome);
        EchoHandler& kept = *handler;
        connection = hub->adopt(std::move(stream), std::move(handler));
        kept.connection = connection;
    }

    std::shared_ptr<net::ws::Hub> hub;
    net::ws::ConnectionPointer connection;
    Outcome outcome;
};

/// A server that upgrades to echoing WebSockets, and a client that has been upgraded.
struct Fixture {
    explicit Fixture(net::ws::Options options = {}) : server(server_options(sockets)) {
        const net::TlsFiles files{dir.file("chain.pem"), dir.file("key.pem")};
        test::write_certificate(files, "ws");
        context = *net::TlsContext::open(files);
        sockets.hub = net::ws::Hub::make(server.loop(), server.clock, options);
        server.start(context.get());
        client = std::make_unique<test::TlsClient>(server.server().port());
        REQUIRE(client->is_connected());
        const std::string head =
            "HTTP/1.1 101 Switching Protocols\r\nDate: Tue, 14 Nov 2023 22:13:20 GMT\r\n"
            "Upgrade: echo\r\nConnection: Upgrade\r\n\r\n";
        client->send(
            "GET /upgrade HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n");
        REQUIRE(client->read(head.size()) == head);
    }
    ~Fixture() {
        client.reset();
        server.on_loop([this] {
            if (sockets.connection) {
                sockets.connection->drop();
                sockets.connection.reset();
            }
            sockets.hub->end();
            sockets.hub.reset();  // its timers are the loop's, which goes first
            return true;
        });
    }

    static net::http::ServerOptions server_options(EchoSockets& sockets) {
        net::http::ServerOptions made;
        made.upgrader = &sockets;
        return made;
    }
    void send(const std::string& text) {
        std::string frame;
        net::ws::append_masked_frame(frame, net::ws::Opcode::text, text, mask);
        client->send(frame);
    }
    static std::string frame_of(const std::string& text) {
        std::string frame;
        net::ws::append_frame(frame, net::ws::Opcode::text, text);
        return frame;
    }
    net::ws::End wait_for_end() {
        while (!server.on_loop([this] { return sockets.outcome.is_over; })) {
            std::this_thread::yield();
        }
        return sockets.outcome.end;
    }

    test::TempDir dir;
    EchoSockets sockets;
    std::unique_ptr<net::TlsContext> context;
    test::ServerFixture server;
    std::unique_ptr<test::TlsClient> client;
};

}  // namespace

TEST_SUITE("net/ws over TLS") {
    TEST_CASE("messages come back whole, small and larger than a record, and the end is clean") {
        Fixture fixture;
        for (int i = 0; i < 20; ++i) {
            const std::string text(1 + static_cast<std::size_t>(i) * 5'000,
                                   static_cast<char>('a' + i));
            fixture.send(text);
            CHECK(fixture.client->read(Fixture::frame_of(text).size()) == Fixture::frame_of(text));
        }
        std::string bye;
        net::ws::append_masked_frame(bye, net::ws::Opcode::close, std::string("\x03\xe8", 2), mask);
        fixture.client->send(bye);
        CHECK(fixture.client->read(4) == std::string("\x88\x02\x03\xe8", 4));
        CHECK(fixture.wait_for_end() == net::ws::End::peer_closed);
        fixture.client->end();
        CHECK(fixture.client->read(1).empty());
        CHECK(fixture.client->ended_cleanly());
    }

    TEST_CASE("many frames in one record are all handed out, though no more comes from the wire") {
        Fixture fixture;
        std::string frames;
        std::string wanted;
        for (int i = 0; i < 500; ++i) {  // over the messages of one turn
            const std::string text = "message " + std::to_string(i);
            net::ws::append_masked_frame(frames, net::ws::Opcode::text, text, mask);
            wanted += Fixture::frame_of(text);
        }
        fixture.client->send(frames);
        CHECK(fixture.client->read(wanted.size()) == wanted);
    }

    TEST_CASE("a peer that reads late gets all of it, in order") {
        net::ws::Options options;
        options.unsent_bytes_max = 32 * 1024 * 1024;
        Fixture fixture(options);
        std::string wanted;
        for (int i = 0; i < 200; ++i) {
            wanted += Fixture::frame_of(std::string(60'000, static_cast<char>('a' + i % 26)));
        }
        fixture.server.on_loop([&] {
            for (int i = 0; i < 200; ++i) {
                fixture.sockets.connection->send_text(
                    std::string(60'000, static_cast<char>('a' + i % 26)));
            }
            return true;
        });
        CHECK(fixture.server.on_loop([&] { return fixture.sockets.connection->unsent() > 0; }));
        CHECK(fixture.client->read(wanted.size()) == wanted);
    }

    TEST_CASE("a peer that does not read is dropped at the bound") {
        net::ws::Options options;
        options.unsent_bytes_max = 1'000'000;
        Fixture fixture(options);
        std::size_t most = 0;
        for (int i = 0;
             i < 1'000 && !fixture.server.on_loop([&] { return fixture.sockets.outcome.is_over; });
             ++i) {
            most = std::max(most, fixture.server.on_loop([&] {
                fixture.sockets.connection->send_text(std::string(60'000, 'x'));
                return fixture.sockets.connection->unsent();
            }));
        }
        CHECK(fixture.wait_for_end() == net::ws::End::too_slow);
        CHECK(most <= options.unsent_bytes_max);
    }

    TEST_CASE("a peer that breaks off without a word is a lost connection") {
        Fixture fixture;
        fixture.send("there");
        CHECK(fixture.client->read(7) == Fixture::frame_of("there"));
        fixture.client.reset();
        CHECK(fixture.wait_for_end() == net::ws::End::connection_lost);
    }
}
