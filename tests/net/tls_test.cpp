#include "courseselect/net/tls.hpp"

#include <doctest/doctest.h>

#include <fstream>
#include <memory>

#include "http/server_fixture.hpp"
#include "support/temp_dir.hpp"
#include "tls_client.hpp"

using namespace courseselect;
using net::TlsContext;
using net::TlsFiles;
using test::TlsClient;
using test::write_certificate;

TEST_SUITE("net/tls") {
    TEST_CASE("requests over TLS: pipelined, large both ways, and a clean end") {
        test::TempDir dir;
        const TlsFiles files{dir.file("chain.pem"), dir.file("key.pem")};
        write_certificate(files, "first");
        auto context = TlsContext::open(files);
        REQUIRE(context);
        test::ServerFixture fixture;
        fixture.start(context->get());
        TlsClient client(fixture.server().port());
        REQUIRE(client.is_connected());
        CHECK(client.name() == "first");
        std::string requests;
        for (int i = 0; i < 50; ++i) {
            requests += "GET /" + std::to_string(i) + " HTTP/1.1\r\nHost: a\r\n\r\n";
        }
        const std::string body(200'000, 'b');
        requests += "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 200000\r\n\r\n" + body;
        requests += "GET /big?3000000 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
        client.send(requests);
        const std::string answers = client.read(10'000'000);
        CHECK(answers.find("GET /49 ") != std::string::npos);
        CHECK(answers.find("POST / " + body) != std::string::npos);
        CHECK(answers.ends_with(std::string(1000, 'x') + "\""));
        CHECK(client.ended_cleanly());
    }

    TEST_CASE("a reloaded certificate serves new connections, a bad one changes nothing") {
        test::TempDir dir;
        const TlsFiles files{dir.file("chain.pem"), dir.file("key.pem")};
        write_certificate(files, "first");
        auto context = TlsContext::open(files);
        REQUIRE(context);
        test::ServerFixture fixture;
        fixture.start(context->get());
        TlsClient old(fixture.server().port());
        write_certificate(files, "second");
        CHECK(fixture.on_loop([&] { return (*context)->reload().has_value(); }));
        CHECK(TlsClient(fixture.server().port()).name() == "second");
        std::ofstream(files.certificate_chain) << "rubbish";
        CHECK_FALSE(fixture.on_loop([&] { return (*context)->reload().has_value(); }));
        CHECK(TlsClient(fixture.server().port()).name() == "second");
        old.send("GET /old HTTP/1.1\r\nHost: a\r\n\r\n");
        CHECK(old.read(10).starts_with("HTTP/1.1 2"));
    }

    TEST_CASE("plain HTTP on a TLS port is closed") {
        test::TempDir dir;
        const TlsFiles files{dir.file("chain.pem"), dir.file("key.pem")};
        write_certificate(files, "first");
        auto context = TlsContext::open(files);
        REQUIRE(context);
        test::ServerFixture fixture;
        fixture.start(context->get());
        test::RawClient client = fixture.connect();
        client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        CHECK(client.read_all().find("HTTP/1.1") == std::string::npos);
        test::RawClient silent = fixture.connect();
        fixture.wait_until([](const auto& stats) { return stats.connections >= 1; });
        fixture.clock.advance(std::chrono::seconds{11});
        CHECK(silent.read_all().empty());
    }

    TEST_CASE("files that do not fit are refused") {
        test::TempDir dir;
        const TlsFiles files{dir.file("chain.pem"), dir.file("key.pem")};
        CHECK_FALSE(TlsContext::open(files));
        write_certificate(files, "first");
        const TlsFiles other{dir.file("chain2.pem"), dir.file("key2.pem")};
        write_certificate(other, "second");
        CHECK_FALSE(TlsContext::open({files.certificate_chain, other.private_key}));
    }
}
