// Deadlines, graceful stop, and clients that are slow, idle or many.
#include <doctest/doctest.h>
#include <sys/resource.h>

#include <string>

#include "server_fixture.hpp"

using namespace courseselect;
using namespace std::chrono_literals;
using test::RawClient;
using test::ServerFixture;

namespace {

const std::string patient_get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

}  // namespace

TEST_SUITE("net/http/server timeouts") {
    TEST_CASE("a head that does not end in time gets 408, byte by byte or not") {
        ServerFixture fixture;
        fixture.start();
        RawClient client = fixture.connect();
        const std::string head = "GET / HTTP/1.1\r\nX: ";
        fixture.wait_until([](const auto& stats) { return stats.connections == 1; });
        for (const char byte : head) {
            client.send(std::string(1, byte));
            CHECK(fixture.stats().connections == 1);
        }
        fixture.clock.advance(9s);
        client.send("more");  // does not buy time
        CHECK(fixture.stats().timeouts == 0);
        fixture.clock.advance(2s);
        CHECK(client.read_all().starts_with("HTTP/1.1 408 Request Timeout\r\n"));
    }

    TEST_CASE("a body that does not end in time gets 408") {
        ServerFixture fixture;
        fixture.start();
        RawClient client = fixture.connect();
        client.send(
            "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n");
        client.read_answer();
        client.send("ab");
        CHECK(fixture.stats().connections == 1);
        fixture.clock.advance(31s);
        CHECK(client.read_all().starts_with("HTTP/1.1 408 "));
    }

    TEST_CASE("an idle connection is closed without a word") {
        ServerFixture fixture;
        fixture.start();
        RawClient fresh = fixture.connect();
        RawClient used = fixture.connect();
        used.send(patient_get);
        used.read_answer();
        fixture.wait_until([](const auto& stats) { return stats.connections == 2; });
        fixture.clock.advance(74s);
        CHECK(fixture.stats().connections == 2);
        fixture.clock.advance(2s);
        CHECK(fresh.read_all().empty());
        CHECK(used.read_all().empty());
        CHECK(fixture.stats().timeouts == 2);
    }

    TEST_CASE("a running handler is not hurried") {
        ServerFixture fixture;
        fixture.start();
        RawClient client = fixture.connect();
        client.send("GET /wait HTTP/1.1\r\nHost: a\r\n\r\n");
        fixture.wait_until([](const auto& stats) { return stats.handlers == 1; });
        fixture.clock.advance(1h);
        fixture.on_loop([&] {
            fixture.handler.release();
            return true;
        });
        CHECK(client.read_answer().starts_with("HTTP/1.1 200 "));
    }

    TEST_CASE("a client that does not read its answer is closed") {
        ServerFixture fixture;
        fixture.start();
        RawClient client = fixture.connect();
        client.send("GET /big?30000000 HTTP/1.1\r\nHost: a\r\n\r\n");
        fixture.wait_until([](const auto& stats) { return stats.requests == 1; });
        fixture.clock.advance(31s);
        fixture.wait_until([](const auto& stats) { return stats.connections == 0; });
        CHECK(fixture.stats().timeouts == 1);
    }

    TEST_CASE("an answer larger than the socket's buffer arrives whole") {
        ServerFixture fixture;
        fixture.start();
        RawClient client = fixture.connect();
        client.send("GET /big?30000000 HTTP/1.1\r\nHost: a\r\n\r\n" + patient_get);
        CHECK(client.read_answer().size() > 30'000'000);
        CHECK(client.read_answer().ends_with("GET / "));
    }

    TEST_CASE("a client that goes on sending after a refusal is cut off") {
        net::http::ServerOptions options;
        options.linger_bytes_max = 100'000;
        ServerFixture fixture(options);
        fixture.start();
        RawClient endless = fixture.connect();
        endless.send("bad\r\n\r\n" + std::string(5'000'000, 'x'));
        fixture.wait_until([](const auto& stats) { return stats.connections == 0; });
        RawClient silent = fixture.connect();
        silent.send("bad\r\n\r\n");
        silent.read_all();
        CHECK(fixture.stats().connections == 1);
        fixture.clock.advance(3s);
        fixture.wait_until([](const auto& stats) { return stats.connections == 0; });
    }
}

TEST_SUITE("net/http/server stop") {
    TEST_CASE("running requests are finished, idle connections closed, new ones refused") {
        ServerFixture fixture;
        fixture.start();
        RawClient busy = fixture.connect();
        RawClient idle = fixture.connect();
        const std::uint16_t port = fixture.server().port();
        busy.send("GET /wait HTTP/1.1\r\nHost: a\r\n\r\n" + patient_get);
        fixture.wait_until(
            [](const auto& stats) { return stats.handlers == 1 && stats.connections == 2; });
        fixture.begin_stop(1h);
        CHECK(idle.read_all().empty());
        CHECK_THROWS(RawClient(port));
        fixture.on_loop([&] {
            fixture.handler.release();
            return true;
        });
        const std::string answer = busy.read_all();
        CHECK(answer.starts_with("HTTP/1.1 200 "));
        CHECK(answer.find("Connection: close\r\n") != std::string::npos);
        busy.end();
        ::shutdown(busy.descriptor(), SHUT_RDWR);
        fixture.clock.advance(3s);  // lingering ends at the latest here
        fixture.stopped();
        CHECK(fixture.stats().connections == 0);
    }

    TEST_CASE("at the deadline what is left is closed, but handlers end by themselves") {
        ServerFixture fixture;
        fixture.start();
        RawClient half = fixture.connect();
        RawClient busy = fixture.connect();
        half.send("GET / HT");
        busy.send("GET /wait HTTP/1.1\r\nHost: a\r\n\r\n");
        fixture.wait_until([](const auto& stats) { return stats.handlers == 1; });
        fixture.begin_stop(0ms);
        CHECK(half.read_all().empty());
        CHECK(busy.read_all().empty());
        CHECK(fixture.stats().handlers == 1);
        fixture.on_loop([&] {
            fixture.handler.release();
            return true;
        });
        fixture.stopped();
        CHECK(fixture.stats().handlers == 0);
    }
}

TEST_SUITE("net/http/server load") {
    TEST_CASE("running out of descriptors neither stops nor spins the server") {
        ServerFixture fixture;
        fixture.start();
        ::rlimit before{};
        REQUIRE(::getrlimit(RLIMIT_NOFILE, &before) == 0);
        RawClient first = fixture.connect();
        fixture.wait_until([](const auto& stats) { return stats.connections == 1; });
        RawClient client = fixture.connect();
        fixture.wait_until([](const auto& stats) { return stats.connections == 2; });
        // A descriptor of the client's side, taken before there are none left for the server.
        const int late = ::socket(AF_INET, SOCK_STREAM, 0);
        ::rlimit none = before;
        none.rlim_cur = static_cast<::rlim_t>(late);
        REQUIRE(::setrlimit(RLIMIT_NOFILE, &none) == 0);
        ::sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(fixture.server().port());
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        CHECK(::connect(late, reinterpret_cast<::sockaddr*>(&address), sizeof address) == 0);
        fixture.wait_until([](const auto& stats) { return stats.refused_connections >= 1; });
        ::setrlimit(RLIMIT_NOFILE, &before);
        ::close(late);
        client.send(patient_get);
        CHECK(client.read_answer().ends_with("GET / "));
        RawClient after = fixture.connect();
        after.send(patient_get);
        CHECK(after.read_answer().ends_with("GET / "));
    }
}
