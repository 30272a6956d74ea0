#include "courseselect/net/ws/connection.hpp"

#include <doctest/doctest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <memory>
#include <string>
#include <utility>
#include <vector>

using namespace courseselect;
using namespace std::chrono_literals;
using net::ws::CloseCode;
using net::ws::End;
using net::ws::Opcode;

namespace {

constexpr net::ws::MaskKey client_mask{1, 2, 3, 4};

/// Writes down what it hears.
class Listener final : public net::ws::Handler {
  public:
    explicit Listener(std::string& log) : log_(log) {}
    void on_text(std::string_view text) override {
        log_.append("t(").append(text).append(")");
        if (text == "pause") {
            connection->pause();
        } else if (text == "close") {
            connection->close(CloseCode::normal, "as asked");
        } else if (text == "drop") {
            connection->drop();
        }
    }
    void on_binary(std::string_view bytes) override {
        log_ += "b(" + std::to_string(bytes.size()) + ")";
    }
    void on_pong(std::string_view payload) override {
        log_.append("o(").append(payload).append(")");
    }
    void on_close(End end, CloseCode code, std::string_view reason) override {
        log_ += "end" + std::to_string(static_cast<int>(end)) + "/" +
                std::to_string(static_cast<int>(code)) + "(" + std::string(reason) + ")";
    }

    net::ws::Connection* connection = nullptr;

  private:
    std::string& log_;
};

/// A server's connection, and the bare socket of its client.
struct SocketWorld {
    explicit SocketWorld(net::ws::Options options = {})
        : hub(net::ws::Hub::make(loop, clock, options)) {
        int ends[2];
        REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) == 0);
        client = ends[1];
        auto stream = std::make_unique<net::Stream>(loop, ends[0], "", 64 * 1024 * 1024);
        auto listener = std::make_unique<Listener>(log);
        Listener* heard = listener.get();
        connection = hub->adopt(std::move(stream), std::move(listener));
        heard->connection = connection.get();
    }
    ~SocketWorld() {
        hub->end();
        ::close(client);
    }
    SocketWorld(const SocketWorld&) = delete;
    SocketWorld& operator=(const SocketWorld&) = delete;

    void write(std::string_view bytes) const {
        REQUIRE(::send(client, bytes.data(), bytes.size(), MSG_NOSIGNAL) ==
                static_cast<ssize_t>(bytes.size()));
    }
    void write_frame(Opcode opcode, std::string_view payload) const {
        std::string frame;
        net::ws::append_masked_frame(frame, opcode, payload, client_mask);
        write(frame);
    }
    /// Lets the loop run until nothing is ready any more.
    void turn() {
        for (int i = 0; i < 20; ++i) {
            loop.poll();
        }
    }
    /// What the client can read now; "EOF" at the end of the stream.
    std::string read() {
        turn();
        std::string all;
        std::array<char, 65536> part{};
        while (true) {
            const ssize_t size = ::recv(client, part.data(), part.size(), 0);
            if (size <= 0) {
                return size == 0 ? all + "EOF" : all;
            }
            all.append(part.data(), static_cast<std::size_t>(size));
            turn();
        }
    }
    /// A server's frame.
    static std::string frame(Opcode opcode, std::string_view payload) {
        std::string bytes;
        net::ws::append_frame(bytes, opcode, payload);
        return bytes;
    }

    core::ManualClock clock;
    async::EventLoop loop;
    std::shared_ptr<net::ws::Hub> hub;
    std::string log;
    int client = -1;
    net::ws::ConnectionPointer connection;
};

}  // namespace

TEST_SUITE("net/ws/connection") {
    TEST_CASE("messages are handed out, pings are answered, pongs are told") {
        SocketWorld world;
        world.write_frame(Opcode::text, "hello");
        world.write_frame(Opcode::ping, "there?");
        world.write_frame(Opcode::binary, "bytes");
        world.write_frame(Opcode::pong, "yes");
        CHECK(world.read() == SocketWorld::frame(Opcode::pong, "there?"));
        CHECK(world.log == "t(hello)b(5)o(yes)");
    }

    TEST_CASE("what is sent in one turn leaves in one write, shared bytes and own") {
        SocketWorld world;
        const auto shared =
            std::make_shared<const std::string>(SocketWorld::frame(Opcode::text, "for all"));
        world.connection->send_text("one");
        world.connection->send(shared);
        world.connection->send(shared);
        world.connection->send_binary("two");
        CHECK(world.connection->unsent() > 0);
        CHECK(world.read() == SocketWorld::frame(Opcode::text, "one") + *shared + *shared +
                                  SocketWorld::frame(Opcode::binary, "two"));
        CHECK(world.hub->stats().writes == 1);
        CHECK(world.connection->unsent() == 0);
        CHECK(shared.use_count() == 1);
    }

    TEST_CASE("shared bytes may be sent from the middle on") {
        SocketWorld world;
        const std::string first = SocketWorld::frame(Opcode::text, "first");
        const auto both =
            std::make_shared<const std::string>(first + SocketWorld::frame(Opcode::text, "second"));
        world.connection->send(both, first.size());
        world.connection->send(both, both->size());
        CHECK(world.connection->unsent() == both->size() - first.size());
        CHECK(world.read() == SocketWorld::frame(Opcode::text, "second"));
    }

    TEST_CASE("a peer that closes gets its code back and is told once") {
        SocketWorld world;
        world.write_frame(Opcode::close,
                          "\x0f\xa0"
                          "bye");
        CHECK(world.read() == SocketWorld::frame(Opcode::close, "\x0f\xa0") + "EOF");
        CHECK(world.log == "end0/4000(bye)");
        CHECK_FALSE(world.connection->is_open());
        ::shutdown(world.client, SHUT_RDWR);
        world.turn();
        CHECK(world.hub->stats().connections == 0);
    }

    TEST_CASE("a peer that just goes away is told as lost") {
        SocketWorld world;
        world.write_frame(Opcode::text, "last");
        ::shutdown(world.client, SHUT_WR);
        world.turn();
        CHECK(world.log == "t(last)end1/1006()");
        CHECK(world.hub->stats().connections == 0);
    }

    TEST_CASE("a broken rule is answered with its code, after what was sent before") {
        SocketWorld world;
        world.connection->send_text("before");
        world.write(SocketWorld::frame(Opcode::text, "not masked"));
        const std::string seen = world.read();
        CHECK(seen.starts_with(SocketWorld::frame(Opcode::text, "before") + "\x88"));
        CHECK(seen.find("\x03\xea") != std::string::npos);
        CHECK(seen.ends_with("EOF"));
        CHECK(world.log.starts_with("end2/1002("));
        CHECK(world.hub->stats().protocol_errors == 1);
    }

    TEST_CASE("closing sends what waits, then the code, and calls the handler no more") {
        SocketWorld world;
        world.connection->send_text("last words");
        world.connection->close(CloseCode::going_away, "later");
        world.connection->send_text("too late");
        CHECK(world.read() == SocketWorld::frame(Opcode::text, "last words") +
                                  SocketWorld::frame(Opcode::close, "\x03\xe9later") + "EOF");
        world.write_frame(Opcode::text, "ignored");
        world.write_frame(Opcode::close, "\x03\xe9");
        world.turn();
        CHECK(world.hub->stats().connections == 1);  // until the client has closed
        ::shutdown(world.client, SHUT_WR);
        world.turn();
        CHECK(world.hub->stats().connections == 0);
        CHECK(world.log.empty());
    }

    TEST_CASE("a peer that does not close in its turn is dropped at the timeout") {
        SocketWorld world;
        world.connection->close();
        world.connection.reset();
        CHECK(world.read().ends_with("EOF"));
        CHECK(world.hub->stats().connections == 1);
        world.clock.advance(1999ms);
        world.hub->check_deadlines();
        CHECK(world.hub->stats().connections == 1);
        world.clock.advance(1ms);
        world.hub->check_deadlines();
        CHECK(world.hub->stats().connections == 0);
    }

    TEST_CASE("a peer that floods after our close is dropped at the bound") {
        net::ws::Options options;
        options.linger_bytes_max = 1000;
        SocketWorld world(options);
        world.connection->close();
        world.turn();
        world.write(std::string(1001, 'x'));
        world.turn();
        CHECK(world.hub->stats().connections == 0);
    }

    TEST_CASE("handlers may close and drop from within") {
        SocketWorld closing;
        closing.write_frame(Opcode::text, "close");
        closing.write_frame(Opcode::text, "not heard");
        CHECK(closing.read() == SocketWorld::frame(Opcode::close,
                                                   "\x03\xe8"
                                                   "as asked") +
                                    "EOF");
        CHECK(closing.log == "t(close)");
        SocketWorld dropping;
        dropping.write_frame(Opcode::text, "drop");
        dropping.write_frame(Opcode::text, "not heard");
        CHECK(dropping.read() == "EOF");
        CHECK(dropping.log == "t(drop)");
    }

    TEST_CASE("while paused nothing is handed out, and nothing is lost") {
        SocketWorld world;
        world.write_frame(Opcode::text, "pause");
        world.write_frame(Opcode::text, "2");
        world.turn();
        world.write_frame(Opcode::text, "3");
        world.turn();
        CHECK(world.log == "t(pause)");
        world.connection->resume();
        world.turn();
        CHECK(world.log == "t(pause)t(2)t(3)");
    }

    TEST_CASE("what has arrived can be handled before the loop notices") {
        SocketWorld world;
        world.turn();
        world.write_frame(Opcode::text, "early");
        world.connection->receive_now();
        CHECK(world.log == "t(early)");
        world.write_frame(Opcode::text, "later");
        world.turn();
        CHECK(world.log == "t(early)t(later)");
    }

    TEST_CASE("many messages of one read are handled in turns") {
        net::ws::Options options;
        options.messages_per_turn_max = 2;
        SocketWorld world(options);
        for (int i = 0; i < 7; ++i) {
            world.write_frame(Opcode::text, std::to_string(i));
        }
        world.turn();
        CHECK(world.log == "t(0)t(1)t(2)t(3)t(4)t(5)t(6)");
    }

    TEST_CASE("a peer that does not read is dropped at the bound, from the loop") {
        net::ws::Options options;
        options.unsent_bytes_max = 1'000'000;
        SocketWorld world(options);
        const auto frames = std::make_shared<const std::string>(
            SocketWorld::frame(Opcode::binary, std::string(100'000, 'x')));
        while (world.hub->stats().overflows == 0) {
            world.connection->send(frames);
            CHECK(world.log.empty());  // nothing is called from within
            CHECK(world.connection->unsent() <= options.unsent_bytes_max);
            world.turn();
        }
        CHECK(world.log == "end3/1006()");
        CHECK(world.hub->stats().connections == 0);
        CHECK(frames.use_count() == 1);
    }

    TEST_CASE("what piled up in one turn alone is not the peer's fault") {
        net::ws::Options options;
        options.unsent_bytes_max = 5000;
        SocketWorld world(options);
        for (int i = 0; i < 20; ++i) {
            world.connection->send_binary(std::string(1000, 'x'));
        }
        CHECK(world.read().size() == 20 * 1004);
        CHECK(world.log.empty());
    }

    TEST_CASE("a peer's messages wait while it does not read the answers") {
        net::ws::Options options;
        options.unsent_pause_bytes = 1000;
        SocketWorld world(options);
        std::size_t sent = 0;
        while (world.connection->unsent() <= 1000) {
            world.connection->send_binary(std::string(50'000, 'x'));
            sent += 50'004;
            world.turn();
        }
        world.write_frame(Opcode::text, "waits");
        world.turn();
        CHECK(world.log.empty());
        CHECK(world.read().size() == sent);
        world.turn();
        CHECK(world.log == "t(waits)");
    }

    TEST_CASE("much in both directions, as a client") {
        core::ManualClock clock;
        async::EventLoop loop;
        crypto::SeededRandomSource random(1);
        net::ws::Options options;
        options.random = &random;
        const auto hub = net::ws::Hub::make(loop, clock, options);
        int ends[2];
        REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) == 0);
        std::string logs[2];
        net::ws::ConnectionPointer both[2];
        for (const int i : {0, 1}) {
            both[i] = hub->adopt(std::make_unique<net::Stream>(loop, ends[i], "", 64 * 1024 * 1024),
                                 std::make_unique<Listener>(logs[i]),
                                 i == 0 ? net::ws::Role::server : net::ws::Role::client);
        }
        for (const auto& connection : both) {
            connection->send_binary(std::string(900'000, 'x'));
            connection->send_text("t");
            connection->ping("p");
        }
        while (logs[0].size() < 17 || logs[1].size() < 17) {
            loop.poll();
        }
        CHECK(logs[0] == "b(900000)t(t)o(p)");
        CHECK(logs[1] == "b(900000)t(t)o(p)");
        both[1]->close(CloseCode::normal, "done");
        while (hub->stats().connections > 0) {
            loop.poll();
        }
        CHECK(logs[0] == "b(900000)t(t)o(p)end0/1000(done)");
        hub->end();
    }
}
