// The bounds of the line server that no protocol need bring about; the chat's tests cross the rest.

#include "courseselect/net/lines.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <future>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "certificates.hpp"
#include "http/server_fixture.hpp"

using namespace courseselect;
using net::LineEnd;
using test::RawClient;

namespace {

/// What a server asked its handlers.
struct LineCounts {
    std::size_t sweeps = 0;
    std::size_t has_work = 0;  ///< only of those whose client has closed its side
};

using Everybody = std::set<net::LineConnection*>;

/// Answers a line with itself. "all ..." goes to everybody as one text that they share. After
/// "hold" it has work for ever, "bye" ends the connection.
class EchoHandler final : public net::LineHandler {
  public:
    EchoHandler(net::LineConnection& connection, LineCounts& asked, Everybody& everybody)
        : connection_(connection), asked_(asked), everybody_(everybody) {
        everybody_.insert(&connection_);
    }

    void on_line(std::string_view line) override {
        if (line == "bye") {
            connection_.end("last\n");
        } else if (line == "hold") {
            has_work_ = true;
        } else if (line.starts_with("all ")) {
            const auto text = std::make_shared<const std::string>(std::string(line) + '\n');
            for (net::LineConnection* const connection : Everybody(everybody_)) {
                connection->send(text, 0, text->size());
            }
        } else {
            connection_.send(std::string(line) + '\n');
        }
    }
    void on_sweep(core::MonoTime) override { ++asked_.sweeps; }
    [[nodiscard]] bool has_work() const override {
        ++asked_.has_work;
        return has_work_;
    }
    void on_end(LineEnd) override { everybody_.erase(&connection_); }

  private:
    net::LineConnection& connection_;
    LineCounts& asked_;
    Everybody& everybody_;
    bool has_work_ = false;
};

/// A server on a thread of its own, whose times pass as `clock` says.
class LineFixture final : public net::LineService {
  public:
    explicit LineFixture(net::LineServerOptions options = {}, net::TlsContext* tls = nullptr)
        : options_(options) {
        options_.sweep_interval = std::chrono::milliseconds{1};
        std::promise<std::uint16_t> listening;
        auto port = listening.get_future();
        thread_ = std::thread([this, tls, &listening] {
            server_.emplace(loop_, clock, options_, *this);
            const auto listens = server_->listen(net::TcpAddress{}, tls);
            listening.set_value(listens ? server_->port() : std::uint16_t{0});
            loop_.run();
            server_.reset();
            loop_.poll();
        });
        port_ = port.get();
    }
    ~LineFixture() override {
        loop_.post([this] { loop_.stop(); });
        thread_.join();
    }
    LineFixture(const LineFixture&) = delete;
    LineFixture& operator=(const LineFixture&) = delete;

    [[nodiscard]] std::uint16_t port() const { return port_; }
    template <class F>
    auto on_loop(F function) {
        std::promise<decltype(function())> done;
        auto result = done.get_future();
        loop_.post([&] { done.set_value(function()); });
        return result.get();
    }
    [[nodiscard]] net::LineServer::Stats stats() {
        return on_loop([this] { return server_->stats(); });
    }
    [[nodiscard]] LineCounts asked() {
        return on_loop([this] { return asked_; });
    }
    /// Gives up after 20 s.
    template <class F>
    void wait_until(F is_true) {
        const auto end = std::chrono::steady_clock::now() + std::chrono::seconds{20};
        while (!is_true()) {
            REQUIRE(std::chrono::steady_clock::now() < end);
            std::this_thread::yield();
        }
    }
    /// Lets the server look at its deadlines, and tells how many connections it left open.
    [[nodiscard]] std::size_t connections_after_sweeps() {
        const std::size_t seen = asked().sweeps;
        wait_until([&] { return asked().sweeps >= seen + 3; });
        return stats().connections;
    }
    void wait_for_connections(std::size_t count) {
        wait_until([&] { return stats().connections == count; });
    }

    [[nodiscard]] std::unique_ptr<net::LineHandler> on_connect(
        net::LineConnection& connection) override {
        return std::make_unique<EchoHandler>(connection, asked_, everybody_);
    }
    [[nodiscard]] std::string farewell(LineEnd) const override { return "sent away\n"; }

    core::ManualClock clock;

  private:
    net::LineServerOptions options_;
    async::EventLoop loop_;
    std::optional<net::LineServer> server_;
    LineCounts asked_;
    Everybody everybody_;
    std::thread thread_;
    std::uint16_t port_ = 0;
};

}  // namespace

TEST_SUITE("net/lines") {
    constexpr std::chrono::milliseconds moment{1};

    TEST_CASE("one client's lines are taken in pieces, between which others have their turn") {
        net::LineServerOptions options;
        options.lines_per_turn_max = 10;
        LineFixture fixture(options);
        RawClient client(fixture.port());
        std::string lines;
        for (int i = 0; i < 100; ++i) {
            lines += std::to_string(i) + '\n';
        }
        client.send(lines);
        client.end();
        CHECK(client.read_all() == lines);
        CHECK(fixture.stats().writes >= 10);  // one for each turn
    }

    TEST_CASE("who has closed its side gets answers for end_timeout, then it is over") {
        const net::LineServerOptions options;
        LineFixture fixture(options);
        RawClient client(fixture.port());
        client.send("first\nhold\n");
        client.end();
        CHECK(client.read_some() == "first\n");
        fixture.wait_until([&] { return fixture.asked().has_work > 0; });  // it knows of the end
        fixture.clock.advance(options.end_timeout - moment);
        CHECK(fixture.connections_after_sweeps() == 1);
        fixture.clock.advance(moment);
        CHECK(client.read_all().empty());
        fixture.wait_for_connections(0);
    }

    TEST_CASE("who is sent away and does not go is closed after linger_timeout") {
        const net::LineServerOptions options;
        LineFixture fixture(options);
        const RawClient witness(fixture.port());
        RawClient client(fixture.port());
        client.send("bye\n");
        CHECK(client.read_all() == "last\n");  // our side is closed, the client's is not
        fixture.clock.advance(options.linger_timeout - moment);
        CHECK(fixture.connections_after_sweeps() == 2);
        fixture.clock.advance(moment);
        CHECK(fixture.connections_after_sweeps() == 1);
    }

    TEST_CASE("who is sent away and goes on sending is closed after linger_bytes_max") {
        net::LineServerOptions options;
        options.linger_bytes_max = 100'000;
        LineFixture fixture(options);
        const RawClient witness(fixture.port());
        RawClient client(fixture.port());
        client.send("bye\n");
        CHECK(client.read_all() == "last\n");
        client.send(std::string(options.linger_bytes_max, 'x'));
        CHECK(fixture.connections_after_sweeps() == 2);
        client.send("x");
        fixture.wait_for_connections(1);
    }

    TEST_CASE("what is for many reaches each of them whole and in order, however it is sent") {
        net::LineServerOptions options;
        options.output_bytes_max = options.output_pause_bytes = 64 * 1024 * 1024;
        SUBCASE("in one system call for many") { options.send_way = net::SendBatch::Way::best; }
        SUBCASE("one by one") { options.send_way = net::SendBatch::Way::one_by_one; }
        LineFixture fixture(options);
        std::vector<std::unique_ptr<RawClient>> clients;
        for (std::size_t i = 0; i < 2 * net::SendBatch::worth_it; ++i) {
            clients.push_back(std::make_unique<RawClient>(fixture.port()));
        }
        fixture.wait_for_connections(clients.size());
        // More than a socket takes: of some sends it takes a part, and of the next nothing.
        std::string all;
        for (int line = 0; line < 80; ++line) {
            all.append("all ").append(std::to_string(line)).append(60'000, 'x').append("\n");
        }
        clients.pop_back();
        clients.front()->send(all);
        for (const auto& client : clients) {
            std::string heard;
            for (std::string part; heard.size() < all.size(); heard += part) {
                part = client->read_some();
                REQUIRE(!part.empty());
            }
            CHECK(heard == all);
        }
    }

    TEST_CASE("a TLS handshake that does not end is closed after handshake_timeout") {
        test::CertificateAuthority authority;
        auto tls = net::TlsContext::open(authority.issue());
        REQUIRE(tls);
        const net::LineServerOptions options;
        LineFixture fixture(options, tls->get());
        RawClient client(fixture.port());
        CHECK(fixture.connections_after_sweeps() == 1);
        fixture.clock.advance(options.handshake_timeout - moment);
        CHECK(fixture.connections_after_sweeps() == 1);
        CHECK(fixture.stats().timeouts == 0);
        fixture.clock.advance(moment);
        CHECK(client.read_all().empty());
        fixture.wait_for_connections(0);
        CHECK(fixture.stats().timeouts == 1);
    }
}
