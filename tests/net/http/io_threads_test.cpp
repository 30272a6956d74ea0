#include "courseselect/net/http/io_threads.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <set>

#include "../tls_client.hpp"
#include "server_fixture.hpp"
#include "support/run.hpp"
#include "support/temp_dir.hpp"

using namespace courseselect;
using namespace std::chrono_literals;
using net::http::IoThreads;
using test::RawClient;

namespace {

/// Echoes, and notes which threads it was called on. `/wait` is answered when the test says so.
class HomeHandler final : public net::http::Handler {
  public:
    async::Task<net::http::Response> handle(const net::http::Request& request) override {
        threads.insert(std::this_thread::get_id());
        net::http::Response response;
        response = co_await echo_.handle(request);
        co_return response;
    }
    void release() { echo_.release(); }
    [[nodiscard]] bool is_waiting() const { return echo_.waiting.load() > 0; }

    std::set<std::thread::id> threads;

  private:
    test::EchoHandler echo_;
};

/// The handler's loop in a thread of its own, with `IoThreads` in front.
class Fixture {
  public:
    explicit Fixture(std::size_t count, net::http::ServerOptions options = {},
                     const std::optional<net::TlsFiles>& tls = std::nullopt)
        : threads(loop_, clock_, options, handler) {
        REQUIRE(threads.start(count, {}, tls));
        home_ = std::thread([this] { loop_.run(); });
    }
    ~Fixture() {
        stop(0ms);
        loop_.stop();
        home_.join();
    }
    void stop(std::chrono::milliseconds deadline) {
        if (std::exchange(is_stopped_, true)) {
            return;
        }
        std::promise<void> stopped;
        loop_.post([&] { group_.spawn(stop_on_loop(deadline, stopped)); });
        stopped.get_future().get();
    }
    template <class F>
    auto on_home(F function) {
        std::promise<decltype(function())> result;
        loop_.post([&] { result.set_value(function()); });
        return result.get_future().get();
    }
    std::string ask(const std::string& path) {
        RawClient client(threads.port());
        client.send("GET " + path + " HTTP/1.1\r\nHost: a\r\n\r\n");
        return client.read_answer();
    }

    HomeHandler handler;

  private:
    async::Task<> stop_on_loop(std::chrono::milliseconds deadline, std::promise<void>& stopped) {
        co_await threads.stop(deadline);
        stopped.set_value();
    }

    async::EventLoop loop_;
    core::SystemClock clock_;
    async::TaskGroup group_{loop_};
    std::thread home_;
    bool is_stopped_ = false;

  public:
    IoThreads threads;
};

}  // namespace

TEST_SUITE("net/http/io_threads") {
    TEST_CASE("many connections on several threads: every answer is right, one loop gave them") {
        Fixture fixture(3);
        std::atomic<int> right{0};
        std::vector<std::thread> clients;
        for (int number = 0; number < 8; ++number) {
            clients.emplace_back([&, number] {
                RawClient client(fixture.threads.port());
                for (int i = 0; i < 200; ++i) {
                    const std::string path = "/" + std::to_string(number * 1000 + i);
                    client.send("GET " + path + " HTTP/1.1\r\nHost: a\r\n\r\n");
                    right += client.read_answer().ends_with("GET " + path + " ") ? 1 : 0;
                }
            });
        }
        for (std::thread& client : clients) {
            client.join();
        }
        CHECK(right == 8 * 200);
        CHECK(fixture.on_home([&] { return fixture.handler.threads.size(); }) == 1);
        const auto accepted = [&] { return fixture.threads.stats().accepted; };
        while (fixture.on_home(accepted) < 8) {  // figures are shown once a second
            std::this_thread::yield();
        }
        CHECK(fixture.on_home(accepted) == 8);
    }

    TEST_CASE("pipelined requests are answered in order") {
        Fixture fixture(2);
        RawClient client(fixture.threads.port());
        std::string requests;
        for (int i = 0; i < 50; ++i) {
            requests += "GET /" + std::to_string(i) + " HTTP/1.1\r\nHost: a\r\n\r\n";
        }
        client.send(requests);
        for (int i = 0; i < 50; ++i) {
            CHECK(client.read_answer().ends_with("GET /" + std::to_string(i) + " "));
        }
    }

    TEST_CASE("what a handler throws becomes a 500, whatever it is") {
        Fixture fixture(1);
        for (const char* path : {"/throw", "/throw-number"}) {
            const std::string answer = fixture.ask(path);
            CHECK(answer.starts_with("HTTP/1.1 500 "));
            CHECK(answer.find("secret reason") == std::string::npos);
        }
        CHECK(fixture.ask("/after").ends_with("GET /after "));
    }

    TEST_CASE("stopping finishes what is under way") {
        Fixture fixture(2);
        RawClient client(fixture.threads.port());
        client.send("GET /wait HTTP/1.1\r\nHost: a\r\n\r\n");
        while (!fixture.handler.is_waiting()) {
            std::this_thread::yield();
        }
        std::thread stopping([&] { fixture.stop(20s); });
        fixture.on_home([&] {
            fixture.handler.release();
            return true;
        });
        CHECK(client.read_answer().ends_with("GET /wait "));
        stopping.join();
        CHECK_THROWS(RawClient(fixture.threads.port()));
    }

    TEST_CASE("a client that leaves while its handler runs is forgotten, the handler ends") {
        Fixture fixture(1);
        {
            RawClient client(fixture.threads.port());
            client.send("GET /wait HTTP/1.1\r\nHost: a\r\n\r\n");
            while (!fixture.handler.is_waiting()) {
                std::this_thread::yield();
            }
        }
        fixture.on_home([&] {
            fixture.handler.release();
            return true;
        });
        CHECK(fixture.ask("/after").ends_with("GET /after "));
    }

    TEST_CASE("TLS on every thread, and new certificates") {
        test::TempDir dir;
        const net::TlsFiles files{dir.file("chain.pem"), dir.file("key.pem")};
        test::write_certificate(files, "first");
        Fixture fixture(2, {}, files);
        for (int i = 0; i < 6; ++i) {
            test::TlsClient client(fixture.threads.port());
            REQUIRE(client.is_connected());
            CHECK(client.name() == "first");
        }
        test::write_certificate(files, "second");
        fixture.on_home([&] {
            fixture.threads.reload();
            return true;
        });
        for (int is_new = 0; is_new < 12;) {  // each thread reads them when it gets to it
            test::TlsClient client(fixture.threads.port());
            is_new = client.name() == "second" ? is_new + 1 : 0;
        }
    }

    TEST_CASE("a port that is taken, a certificate that is none: no thread runs") {
        test::ServerFixture taken;  // it listens without SO_REUSEPORT
        taken.start();
        async::EventLoop loop;
        const core::SystemClock clock;
        test::EchoHandler handler;
        IoThreads threads(loop, clock, {}, handler);
        const auto busy = threads.start(2, {.port = taken.server().port()});
        REQUIRE_FALSE(busy);
        CHECK(busy.error().code() == core::Errc::conflict);
        const auto bad = threads.start(2, {}, net::TlsFiles{"/nowhere.pem", "/nowhere.key"});
        REQUIRE_FALSE(bad);
        CHECK(bad.error().code() == core::Errc::invalid_argument);
    }
}
