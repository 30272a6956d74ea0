// Very many idle connections, and floods of header fields, on a whole server.
#include <doctest/doctest.h>
#include <malloc.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "server_fixture.hpp"

using namespace courseselect;
using namespace std::chrono_literals;
using test::RawClient;
using test::ServerFixture;

namespace {

const std::string plain_get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
constexpr std::size_t wanted_idle = 10'000;
constexpr std::size_t spare_descriptors = 200;  // of the test program itself

/// As many descriptors as this process may have.
std::size_t raise_descriptor_limit() {
    ::rlimit limit{};
    REQUIRE(::getrlimit(RLIMIT_NOFILE, &limit) == 0);
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
    return limit.rlim_cur;
}

/// Clients in a process of their own, so that they do not take the server's descriptors.
class IdleClients {
  public:
    explicit IdleClients(std::size_t count) {
        REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends_) == 0);
        process_ = ::fork();
        REQUIRE(process_ >= 0);
        if (process_ == 0) {
            ::prctl(PR_SET_PDEATHSIG, SIGKILL);
            ::close(ends_[0]);
            serve_orders(ends_[1], count);
            std::_Exit(0);
        }
        ::close(ends_[1]);
    }
    ~IdleClients() {
        ::close(ends_[0]);
        ::waitpid(process_, nullptr, 0);
    }
    IdleClients(const IdleClients&) = delete;
    IdleClients& operator=(const IdleClients&) = delete;

    /// Connects all; returns how many are connected.
    std::size_t connect(std::uint16_t port) { return order(port); }
    /// One request on each; returns how many were answered with 200.
    std::size_t ask_all() { return order(0); }

  private:
    std::size_t order(std::uint32_t what) {
        std::uint32_t answer = 0;
        REQUIRE(::write(ends_[0], &what, sizeof what) == sizeof what);
        REQUIRE(::read(ends_[0], &answer, sizeof answer) == sizeof answer);
        return answer;
    }

    /// Runs in the child, which the thread that forked it has to itself: no test macros here.
    static void serve_orders(int orders, std::size_t count) {
        std::vector<std::unique_ptr<RawClient>> clients;
        std::uint32_t what = 0;
        while (::read(orders, &what, sizeof what) == sizeof what) {
            std::uint32_t done = 0;
            try {
                for (; what != 0 && clients.size() < count; ++done) {
                    clients.push_back(
                        std::make_unique<RawClient>(static_cast<std::uint16_t>(what)));
                }
                for (std::size_t i = 0; what == 0 && i < clients.size(); ++i) {
                    clients[i]->send(plain_get);
                    done += clients[i]->read_answer().starts_with("HTTP/1.1 200 ") ? 1 : 0;
                }
            } catch (const std::exception&) {
                // What was done so far is the answer.
            }
            static_cast<void>(::write(orders, &done, sizeof done));
        }
    }

    int ends_[2]{-1, -1};
    ::pid_t process_ = -1;
};

std::string get_with_fields(int count) {
    std::string request = "GET / HTTP/1.1\r\nHost: a\r\n";
    for (int i = 1; i < count; ++i) {
        request += "X-" + std::to_string(i) + ": v\r\n";
    }
    return request + "\r\n";
}

}  // namespace

TEST_SUITE("net/http/server bounds") {
    TEST_CASE("ten thousand idle connections stay open, cost little and disturb nobody") {
        // Where the hard limit is too low for all of them, as many as it lets.
        const std::size_t count =
            std::min(wanted_idle, raise_descriptor_limit() - spare_descriptors);
        if (count < wanted_idle) {
            MESSAGE("the limit of descriptors lets only " << count << " connections be open");
        }
        IdleClients idle(count);  // forked before there are threads
        net::http::ServerOptions options;
        options.connections_max = count + 1;
        ServerFixture fixture(options);
        fixture.start();
        const std::size_t before = ::mallinfo2().uordblks;
        REQUIRE(idle.connect(fixture.server().port()) == count);
        fixture.wait_until([&](const auto& stats) { return stats.connections == count; });
        RawClient client = fixture.connect();
        client.send(plain_get);
        CHECK(client.read_answer().ends_with("GET / "));
        CHECK(idle.ask_all() == count);
        const std::size_t bytes = (::mallinfo2().uordblks - before) / count;
        MESSAGE("bytes of memory per idle connection: " << bytes);
        CHECK(bytes < 6 * 1024);  // its buffer (2 KiB), its state, its parser

        RawClient refused = fixture.connect();
        const std::string answer = refused.read_all();
        CHECK(answer.starts_with("HTTP/1.1 503 Service Unavailable\r\n"));
        CHECK(answer.ends_with(R"({"detail":"The server is busy, try again shortly"})"));
        CHECK(idle.ask_all() == count);
        CHECK(fixture.stats().timeouts == 0);
    }

    TEST_CASE("a flood of header fields is refused at its bound, and only its sender hears of it") {
        ServerFixture fixture;
        fixture.start();
        const net::http::ServerOptions options;
        const int fields_max = static_cast<int>(options.header_count_max);
        RawClient client = fixture.connect();
        client.send(get_with_fields(fields_max));
        CHECK(client.read_answer().starts_with("HTTP/1.1 200 "));
        RawClient fields = fixture.connect();
        fields.send(get_with_fields(fields_max + 1));
        CHECK(fields.read_all().starts_with("HTTP/1.1 431 "));
        RawClient bytes = fixture.connect();
        bytes.send("GET / HTTP/1.1\r\nHost: a\r\nX: " + std::string(options.header_bytes_max, 'x'));
        CHECK(bytes.read_all().starts_with("HTTP/1.1 431 "));  // its end is not waited for
        RawClient endless = fixture.connect();
        endless.send("GET / HTTP/1.1\r\n" + std::string(options.header_bytes_max, 'n'));
        CHECK(endless.read_all().starts_with("HTTP/1.1 431 "));
        client.send(plain_get);
        CHECK(client.read_answer().ends_with("GET / "));
    }
}
