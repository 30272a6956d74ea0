// Clients that leave, and handlers that throw, while an answer is awaited.
#include <doctest/doctest.h>

#include <string>

#include "../tls_client.hpp"
#include "server_fixture.hpp"
#include "support/temp_dir.hpp"

using namespace courseselect;
using namespace std::chrono_literals;
using test::RawClient;
using test::ServerFixture;

namespace {

const std::string wait_get = "GET /wait HTTP/1.1\r\nHost: a\r\n\r\n";

void release(ServerFixture& fixture) {
    fixture.on_loop([&] {
        fixture.handler.release();
        return true;
    });
}

/// The next close() sends a reset instead of an end.
void reset_on_close(const RawClient& client) {
    const ::linger at_once{1, 0};
    ::setsockopt(client.descriptor(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

void check_abandoned(ServerFixture& fixture) {
    fixture.wait_until([](const auto& stats) { return stats.connections == 0; });
    CHECK(fixture.stats().handlers == 1);  // it ends by itself
    CHECK(fixture.stats().abandoned == 1);
    CHECK(fixture.stats().timeouts == 0);
    release(fixture);
    fixture.wait_until([](const auto& stats) { return stats.handlers == 0; });
    CHECK(fixture.stats().requests == 0);  // the answer was dropped
}

}  // namespace

TEST_SUITE("net/http/server departures") {
    TEST_CASE("a reset while a handler is suspended frees the connection at once") {
        ServerFixture fixture;
        fixture.start();
        {
            RawClient client = fixture.connect();
            client.send(wait_get + "GET /next HTTP/1.1\r\nHost: a\r\n\r\n");
            fixture.wait_until([](const auto& stats) { return stats.handlers == 1; });
            reset_on_close(client);
        }
        check_abandoned(fixture);
    }

    TEST_CASE("so does the close of a unix socket") {
        test::TempDir dir;
        ServerFixture fixture;
        REQUIRE(fixture.server().listen(net::UnixAddress{.path = dir.file("s")}));
        fixture.run();
        {
            RawClient client(dir.file("s"));
            client.send(wait_get);
            fixture.wait_until([](const auto& stats) { return stats.handlers == 1; });
        }
        check_abandoned(fixture);
    }

    TEST_CASE("a client that shut its side gets an answer that comes soon") {
        ServerFixture fixture;
        fixture.start();
        RawClient client = fixture.connect();
        client.send(wait_get + "GET /next HTTP/1.1\r\nHost: a\r\n\r\n");
        fixture.wait_until([](const auto& stats) { return stats.handlers == 1; });
        client.end();
        fixture.clock.advance(9s);
        CHECK(fixture.stats().connections == 1);
        release(fixture);
        CHECK(client.read_answer().ends_with("GET /wait "));
        CHECK(client.read_all().ends_with("GET /next "));
        CHECK(fixture.stats().abandoned == 0);
    }

    TEST_CASE("but it is not kept for long, for it may have left") {
        ServerFixture fixture;
        fixture.start();
        RawClient client = fixture.connect();
        client.send(wait_get);
        fixture.wait_until([](const auto& stats) { return stats.handlers == 1; });
        client.end();
        while (fixture.stats().connections == 1) {
            fixture.clock.advance(1s);  // the end may not have been seen yet
        }
        CHECK(client.read_all().empty());
        check_abandoned(fixture);
    }

    TEST_CASE("over TLS the end of the session counts as the end of the client's side") {
        test::TempDir dir;
        const net::TlsFiles files{dir.file("chain.pem"), dir.file("key.pem")};
        test::write_certificate(files, "departure");
        auto context = net::TlsContext::open(files);
        REQUIRE(context);
        ServerFixture fixture;
        fixture.start(context->get());
        test::TlsClient client(fixture.server().port());
        REQUIRE(client.is_connected());
        client.send(wait_get);
        fixture.wait_until([](const auto& stats) { return stats.handlers == 1; });
        client.end();
        while (fixture.stats().connections == 1) {
            fixture.clock.advance(1s);
        }
        check_abandoned(fixture);
    }

    TEST_CASE("what is pipelined behind a suspended handler is bounded, and answered in order") {
        net::http::ServerOptions options;
        options.read_bytes_max = options.read_bytes_min;
        ServerFixture fixture(options);
        fixture.start();
        RawClient client = fixture.connect();
        client.send(wait_get);
        fixture.wait_until([](const auto& stats) { return stats.handlers == 1; });
        for (int i = 0; i < 200; ++i) {  // several times the buffer, in many pieces
            client.send("GET /" + std::to_string(i) + " HTTP/1.1\r\nHo");
            CHECK(fixture.stats().handlers == 1);
            client.send("st: a\r\n\r\n");
        }
        release(fixture);
        CHECK(client.read_answer().ends_with("GET /wait "));
        for (int i = 0; i < 200; ++i) {
            CHECK(client.read_answer().ends_with("GET /" + std::to_string(i) + " "));
        }
    }

    TEST_CASE("whatever a handler throws, at once or later, is a 500") {
        struct Observer final : net::http::AccessObserver {
            void on_request_done(const net::http::AccessRecord&) override {}
            void on_handler_exception(const net::http::Request& request,
                                      std::string_view what) override {
                seen += std::string(request.path) + " " + std::string(what) + ";";
            }
            std::string seen;
        } observer;
        {
            net::http::ServerOptions options;
            options.observer = &observer;
            ServerFixture fixture(options);
            fixture.start();
            RawClient client = fixture.connect();
            client.send("GET /throw-number HTTP/1.1\r\nHost: a\r\n\r\n");
            CHECK(client.read_all().starts_with("HTTP/1.1 500 "));
            RawClient late = fixture.connect();
            late.send("GET /wait-throw HTTP/1.1\r\nHost: a\r\n\r\n");
            fixture.wait_until([](const auto& stats) { return stats.handlers == 1; });
            release(fixture);
            CHECK(late.read_all().starts_with("HTTP/1.1 500 "));
            fixture.stop(0ms);
        }
        CHECK(observer.seen ==
              "/throw-number not a std::exception;/wait-throw not a std::exception;");
    }
}
