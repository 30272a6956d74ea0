// What is between the connections of one hub: who is written to when.
#include <doctest/doctest.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "courseselect/net/ws/connection.hpp"

using namespace courseselect;
using net::ws::Opcode;

namespace {

/// Counts the connections that ended.
class LostListener final : public net::ws::Handler {
  public:
    explicit LostListener(std::size_t& lost) : lost_(lost) {}
    void on_text(std::string_view) override {}
    void on_binary(std::string_view) override {}
    void on_close(net::ws::End, net::ws::CloseCode, std::string_view) override { ++lost_; }

  private:
    std::size_t& lost_;
};

/// A server's frame.
std::string frame(Opcode opcode, std::string_view payload) {
    std::string bytes;
    net::ws::append_frame(bytes, opcode, payload);
    return bytes;
}

/// Bare sockets of clients of one hub, for what is between connections.
struct CrowdWorld {
    explicit CrowdWorld(std::size_t count, net::ws::Options options = {})
        : hub(net::ws::Hub::make(loop, clock, options)) {
        for (std::size_t i = 0; i < count; ++i) {
            int ends[2];
            REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) ==
                    0);
            clients.push_back(ends[1]);
            auto stream = std::make_unique<net::Stream>(loop, ends[0], "", 64 * 1024 * 1024);
            auto listener = std::make_unique<LostListener>(lost);
            connections.push_back(hub->adopt(std::move(stream), std::move(listener)));
        }
    }
    ~CrowdWorld() {
        hub->end();
        for (const int client : clients) {
            ::close(client);
        }
    }
    CrowdWorld(const CrowdWorld&) = delete;
    CrowdWorld& operator=(const CrowdWorld&) = delete;

    /// Bytes that have come to a client and are not read yet.
    [[nodiscard]] std::size_t arrived(std::size_t client) const {
        int bytes = 0;
        REQUIRE(::ioctl(clients[client], FIONREAD, &bytes) == 0);
        return static_cast<std::size_t>(bytes);
    }
    /// How many clients have got something.
    [[nodiscard]] std::size_t reached() const {
        std::size_t count = 0;
        for (std::size_t i = 0; i < clients.size(); ++i) {
            count += arrived(i) > 0 ? 1 : 0;
        }
        return count;
    }
    /// Everything that comes to a client while the loop runs.
    std::string read(std::size_t client) {
        std::string all;
        std::array<char, 64 * 1024> part;
        while (arrived(client) > 0) {
            const ssize_t size = ::recv(clients[client], part.data(), part.size(), MSG_DONTWAIT);
            REQUIRE(size > 0);
            all.append(part.data(), static_cast<std::size_t>(size));
            loop.poll();
        }
        return all;
    }
    /// What the look finds after each of the next turns of the loop.
    template <class Look>
    std::vector<std::size_t> after_turns(std::size_t turns, Look look) {
        std::vector<std::size_t> seen;
        core::UniqueFunction<void()> next;
        next = [&] {
            seen.push_back(look());
            if (seen.size() < turns) {
                loop.post([&] { next(); });
            }
        };
        loop.post([&] { next(); });
        for (int i = 0; i < 20; ++i) {
            loop.poll();
        }
        return seen;
    }

    core::ManualClock clock;
    async::EventLoop loop;
    std::shared_ptr<net::ws::Hub> hub;
    std::size_t lost = 0;
    std::vector<int> clients;
    std::vector<net::ws::ConnectionPointer> connections;
};

}  // namespace

TEST_SUITE("net/ws/hub") {
    TEST_CASE("a turn writes to so many connections, the next ones to the others") {
        net::ws::Options options;
        options.writes_per_turn_max = 3;
        CrowdWorld world(9, options);
        for (const auto& connection : world.connections) {
            connection->send_text("x");
        }
        // The first turn writes what is new and, as much again, of what has to wait.
        const auto seen = world.after_turns(3, [&] { return world.reached(); });
        CHECK(seen == std::vector<std::size_t>{6, 9, 9});
    }

    TEST_CASE("what is for many reaches each of them whole and in order, whatever the others do") {
        CrowdWorld world(3 * net::SendBatch::worth_it);
        const auto frames = [](char letter) {
            return std::make_shared<const std::string>(
                frame(Opcode::binary, std::string(1'000, letter)));
        };
        ::shutdown(world.clients[3], SHUT_RDWR);
        world.connections[5]->send_binary(std::string(2'000'000, 'm'));  // more than a socket takes
        std::string all;
        for (const char letter : {'a', 'b', 'c'}) {
            const net::ws::SharedBytes shared = frames(letter);
            all += *shared;
            for (const auto& connection : world.connections) {
                connection->send(shared);
            }
            if (letter == 'a') {
                world.connections[7]->send(shared);
            }
            static_cast<void>(world.after_turns(2, [] { return std::size_t{0}; }));
        }
        CHECK(world.lost == 1);
        CHECK(world.read(0) == all);
        CHECK(world.read(7) == *frames('a') + all);
        CHECK(world.read(5) == frame(Opcode::binary, std::string(2'000'000, 'm')) + all);
        CHECK(world.read(world.clients.size() - 1) == all);
    }

    TEST_CASE("a few words do not wait behind much, which leaves a bounded part a turn") {
        net::ws::Options options;
        options.write_bytes_per_turn_max = 20'000;
        CrowdWorld world(5, options);
        const auto much =
            std::make_shared<const std::string>(frame(Opcode::binary, std::string(30'000, 'x')));
        for (std::size_t i = 0; i < 4; ++i) {
            world.connections[i]->send(much);
        }
        world.connections[4]->send_text("few");
        const auto seen = world.after_turns(
            5, [&] { return world.reached() * 10 + (world.arrived(4) > 0 ? 1 : 0); });
        CHECK(seen == std::vector<std::size_t>{21, 31, 41, 51, 51});
        for (std::size_t i = 0; i < 4; ++i) {
            CHECK(world.arrived(i) == much->size());
        }
    }

    TEST_CASE("a call for when all is written comes after what was sent before, in order") {
        net::ws::Options options;
        options.writes_per_turn_max = 1;
        CrowdWorld world(6, options);
        std::vector<std::size_t> reached;
        const auto note = [&] { reached.push_back(world.reached()); };
        world.hub->when_written(note);
        for (std::size_t i = 0; i < 4; ++i) {
            world.connections[i]->send_text("x");
        }
        world.hub->when_written(note);
        world.connections[4]->send_text("x");
        world.connections[5]->send_text("x");
        world.hub->when_written(note);
        static_cast<void>(world.after_turns(10, [] { return std::size_t{0}; }));
        CHECK(reached == std::vector<std::size_t>{0, 4, 6});
    }

    TEST_CASE("what is not written at the end is dropped, and so is the call for it") {
        net::ws::Options options;
        options.writes_per_turn_max = 1;
        CrowdWorld world(4, options);
        bool is_called = false;
        for (const auto& connection : world.connections) {
            connection->send_text("x");
        }
        world.hub->when_written([&] { is_called = true; });
        world.loop.post([&] { world.hub->end(); });
        static_cast<void>(world.after_turns(10, [] { return std::size_t{0}; }));
        CHECK(world.reached() == 2);
        CHECK_FALSE(is_called);
    }
}
