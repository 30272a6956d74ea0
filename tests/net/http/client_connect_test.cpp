// How a client connects: full backlogs, silent peers, and the time it takes for it.

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "client_bench.hpp"
#include "courseselect/async/task_group.hpp"
#include "courseselect/net/http/fallback_client.hpp"
#include "courseselect/net/listener.hpp"
#include "scripted_server.hpp"
#include "support/temp_dir.hpp"

using namespace courseselect;
using namespace std::chrono_literals;
using net::http::Method;
using net::http::ServiceAddress;
using test::ClientBench;
using test::ok;
using test::Outcome;
using test::ScriptedServer;
using test::word;

namespace {

/// A unix socket with the smallest backlog, filled up, whose owner does not accept.
class FullSocket {
  public:
    explicit FullSocket(const std::string& path)
        : listener_(*net::ListeningSocket::open(net::UnixAddress{.path = path}, 0)) {
        ::sockaddr_un address{};
        address.sun_family = AF_UNIX;
        std::memcpy(address.sun_path, path.data(), path.size());
        while (true) {
            const int one = ::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
            if (::connect(one, reinterpret_cast<const ::sockaddr*>(&address), sizeof address) !=
                0) {
                error_ = errno;
                ::close(one);
                return;
            }
            waiting_.push_back(one);
        }
    }
    ~FullSocket() {
        for (const int one : waiting_) {
            ::close(one);
        }
    }
    FullSocket(const FullSocket&) = delete;
    FullSocket& operator=(const FullSocket&) = delete;

    /// Why no more connections fitted.
    [[nodiscard]] int error() const { return error_; }
    [[nodiscard]] std::size_t filled() const { return waiting_.size(); }
    /// The oldest connection; -1 when there is none.
    [[nodiscard]] int accept() const { return ::accept(listener_.descriptor(), nullptr, nullptr); }

  private:
    net::ListeningSocket listener_;
    std::vector<int> waiting_;
    int error_ = 0;
};

/// Lets go of those who fill the socket, then answers the first real request.
void serve_one(const FullSocket& socket, async::EventLoop& loop, const std::string& answer) {
    for (std::size_t i = 0; i < socket.filled(); ++i) {
        ::close(socket.accept());
    }
    int connection = -1;
    while ((connection = socket.accept()) < 0) {
        loop.poll();
    }
    ::send(connection, answer.data(), answer.size(), MSG_NOSIGNAL);
    ::shutdown(connection, SHUT_WR);
    char request[1024];
    while (::recv(connection, request, sizeof request, MSG_DONTWAIT) != 0 &&
           (errno == EAGAIN || errno == EWOULDBLOCK)) {
        loop.poll();
    }
    ::close(connection);
}

}  // namespace

TEST_SUITE("net/http/client/connect") {
    TEST_CASE("a unix socket with a full backlog is tried again until the connect timeout") {
        test::TempDir dir;
        FullSocket full(dir.file("a.sock"));
        REQUIRE(full.error() == EAGAIN);
        ClientBench bench;
        bench.open(*ServiceAddress::parse("unix://" + dir.file("a.sock")),
                   {.connect_timeout = 40ms});
        const auto refused = bench.post("/");
        CHECK(word(refused) == "unavailable");
        CHECK(refused.error().reason() == "connect_timeout");
        CHECK(bench.client->stats().connections == 0);
    }

    TEST_CASE("a unix socket whose backlog has room again within the connect timeout is reached") {
        test::TempDir dir;
        FullSocket full(dir.file("a.sock"));
        ClientBench bench;
        bench.open(*ServiceAddress::parse("unix://" + dir.file("a.sock")),
                   {.connect_timeout = 20s});
        std::optional<Outcome> out;
        async::TaskGroup group(bench.loop);
        group.spawn(test::keep(*bench.client, {.target = "/"}, 20s, out));
        bench.loop.poll();
        CHECK_FALSE(out.has_value());
        serve_one(full, bench.loop, ok("at last", "Connection: close\r\n"));
        test::run(bench.loop, group.join());
        REQUIRE(out.has_value());
        CHECK((*out)->body == "at last");
        CHECK(bench.client->stats().connects == 1);
    }

    TEST_CASE("destroying the client ends its tries to connect") {
        test::TempDir dir;
        FullSocket full(dir.file("a.sock"));
        ClientBench bench;
        bench.open(*ServiceAddress::parse("unix://" + dir.file("a.sock")));
        std::optional<Outcome> out;
        async::TaskGroup group(bench.loop);
        group.spawn(test::keep(*bench.client, {.target = "/"}, 20s, out));
        bench.loop.poll();
        bench.client.reset();
        test::run(bench.loop, group.join());
        CHECK(word(*out) == "cancelled");
        bench.loop.poll();
    }

    TEST_CASE("a peer that accepts but never shakes hands is left at the connect timeout") {
        ScriptedServer silent({{{""}, true}});
        ClientBench bench;
        bench.open({.kind = ServiceAddress::Kind::tls, .host = "127.0.0.1", .port = silent.port()},
                   {.connect_timeout = 40ms});
        const auto refused = bench.post("/");
        CHECK(word(refused) == "unavailable");
        CHECK(refused.error().reason() == "connect_timeout");
    }

    TEST_CASE("a name that does not exist is unavailable") {
        ClientBench bench;
        bench.open({.host = "no-such-host.invalid", .port = 80});
        const auto refused = bench.post("/");
        CHECK(word(refused) == "unavailable");
        CHECK(refused.error().detail().find("no-such-host.invalid") != std::string::npos);
    }

    TEST_CASE("a connection nobody uses is closed after the idle timeout, not before") {
        ScriptedServer server({{{ok("one"), ok("two")}, true}, {{""}}, {{ok("three")}}});
        async::EventLoop loop;
        core::ManualClock clock;
        const auto client = *net::http::PooledClient::open(
            loop, clock, {.host = "127.0.0.1", .port = server.port()},
            {.idle_timeout = 30s, .tick = 1ms});
        std::optional<Outcome> one;
        std::optional<Outcome> never;  // ends in the tick that looks at idle connections too
        async::TaskGroup group(loop);
        group.spawn(test::keep(*client, {.target = "/"}, 60s, one));
        group.spawn(test::keep(*client, {.target = "/"}, 30s, never));
        while (!one) {
            loop.poll();
        }
        clock.advance(30s);
        test::run(loop, group.join());
        CHECK(word(*never) == "deadline_exceeded");
        CHECK(client->stats().idle == 1);
        CHECK(test::send_and_wait(loop, *client, {.target = "/"})->body == "two");
        clock.advance(30s + 1ms);
        while (client->stats().connections > 0) {
            loop.poll();
        }
        CHECK(client->stats().idle == 0);
        CHECK(test::send_and_wait(loop, *client, {.target = "/"})->body == "three");
        CHECK(client->stats().connects == 3);
    }

    TEST_CASE("a way that hangs leaves the next one its share, however short the timeout") {
        for (const auto timeout : {200ms, 5'000ms}) {  // both at most the connect timeout
            CAPTURE(timeout.count());
            test::TempDir dir;
            FullSocket hangs(dir.file("a.sock"));
            ScriptedServer works({{{ok("second way")}}});
            async::EventLoop loop;
            core::ManualClock clock;
            const net::http::PooledClientOptions options{.connect_timeout = 5s, .tick = 1ms};
            std::vector<std::unique_ptr<net::http::PooledClient>> ways;
            for (const std::string& address :
                 {"unix://" + dir.file("a.sock"),
                  "http://127.0.0.1:" + std::to_string(works.port())}) {
                ways.push_back(*net::http::PooledClient::open(
                    loop, clock, *ServiceAddress::parse(address), options));
            }
            net::http::FallbackClient client(clock, std::move(ways));
            std::optional<Outcome> out;
            async::TaskGroup group(loop);
            group.spawn(test::keep(client, {.method = Method::post, .target = "/"}, timeout, out));
            loop.poll();
            CHECK_FALSE(out.has_value());
            clock.advance(timeout / 2);  // the share of the first way
            test::run(loop, group.join());
            REQUIRE(out.has_value());
            REQUIRE(out->has_value());
            CHECK((*out)->body == "second way");
            CHECK(client.preferred().to_string().starts_with("http://"));
        }
    }

    TEST_CASE("when every way hangs the timeout holds for all of them together") {
        test::TempDir dir;
        FullSocket one(dir.file("a.sock"));
        FullSocket two(dir.file("b.sock"));
        async::EventLoop loop;
        core::ManualClock clock;
        const net::http::PooledClientOptions options{.connect_timeout = 5s, .tick = 1ms};
        std::vector<std::unique_ptr<net::http::PooledClient>> ways;
        for (const char* name : {"a.sock", "b.sock"}) {
            ways.push_back(*net::http::PooledClient::open(
                loop, clock, *ServiceAddress::parse("unix://" + dir.file(name)), options));
        }
        net::http::FallbackClient client(clock, std::move(ways));
        std::optional<Outcome> out;
        async::TaskGroup group(loop);
        group.spawn(test::keep(client, {.method = Method::post, .target = "/"}, 4s, out));
        loop.poll();
        clock.advance(4s);
        test::run(loop, group.join());
        CHECK(word(*out) == "deadline_exceeded");  // nothing was sent
    }
}
