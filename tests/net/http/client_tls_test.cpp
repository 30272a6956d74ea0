// The client's side of TLS: whom it trusts, what it asks for, what it says when it refuses.

#include <doctest/doctest.h>
#include <fcntl.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <fstream>
#include <memory>
#include <string>
#include <thread>
#include <utility>

#include "../certificates.hpp"
#include "client_bench.hpp"
#include "courseselect/net/listener.hpp"
#include "server_fixture.hpp"

using namespace courseselect;
using namespace std::chrono_literals;
using net::http::PooledClientOptions;
using net::http::ServiceAddress;
using test::CertificateAuthority;
using test::ClientBench;
using test::Outcome;
using test::word;

namespace {

ServiceAddress tls_address(std::uint16_t port, const std::string& host = "localhost") {
    return {.kind = ServiceAddress::Kind::tls, .host = host, .port = port};
}

/// Our own server with a certificate, and what one GET of a client brings.
struct TlsService {
    explicit TlsService(const net::TlsFiles& files) : context(*net::TlsContext::open(files)) {
        fixture.start(context.get());
    }
    Outcome get(const std::string& host, const PooledClientOptions& options) {
        ClientBench bench;
        bench.open(tls_address(fixture.server().port(), host), options);
        return bench.get("/hello");
    }

    std::unique_ptr<net::TlsContext> context;
    test::ServerFixture fixture;
};

bool says(const Outcome& outcome, const std::string& text) {
    CAPTURE(outcome.error().detail());
    return outcome.error().detail().find(text) != std::string::npos;
}

/// Accepts one connection, notes the name it asks for, answers it with `text` and ends it.
class OneTlsConnection {
  public:
    OneTlsConnection(const net::TlsFiles& files, std::string text, bool ends_cleanly)
        : listener_(*net::ListeningSocket::open(net::TcpAddress{}, 4)) {
        thread_ = std::thread([this, files, text = std::move(text), ends_cleanly] {
            SSL_CTX* const context = SSL_CTX_new(TLS_server_method());
            SSL_CTX_use_certificate_chain_file(context, files.certificate_chain.c_str());
            SSL_CTX_use_PrivateKey_file(context, files.private_key.c_str(), SSL_FILETYPE_PEM);
            serve(context, text, ends_cleanly);
            SSL_CTX_free(context);
        });
    }
    ~OneTlsConnection() { join(); }
    OneTlsConnection(const OneTlsConnection&) = delete;
    OneTlsConnection& operator=(const OneTlsConnection&) = delete;

    [[nodiscard]] std::uint16_t port() const { return listener_.port(); }
    /// What the client asked for; "none" without SNI.
    [[nodiscard]] std::string name() {
        join();
        return name_;
    }

  private:
    void join() {
        if (thread_.joinable()) {
            thread_.join();
        }
    }
    void serve(SSL_CTX* context, const std::string& text, bool ends_cleanly) {
        ::pollfd ready{listener_.descriptor(), POLLIN, 0};
        ::poll(&ready, 1, 20'000);
        const int connection = ::accept(listener_.descriptor(), nullptr, nullptr);
        SSL* const ssl = SSL_new(context);
        SSL_set_fd(ssl, connection);
        if (SSL_accept(ssl) == 1) {
            const char* const name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
            name_ = name == nullptr ? "none" : name;
            char request[4096];
            SSL_read(ssl, request, sizeof request);
            SSL_write(ssl, text.data(), static_cast<int>(text.size()));
            if (ends_cleanly) {
                SSL_shutdown(ssl);
            }
        }
        SSL_free(ssl);
        ::close(connection);
    }

    net::ListeningSocket listener_;
    std::string name_;
    std::thread thread_;
};

}  // namespace

TEST_SUITE("net/http/client/tls") {
    TEST_CASE("a server whose certificate the CA file vouches for is talked to") {
        CertificateAuthority authority;
        TlsService service(authority.issue());
        const PooledClientOptions trusting{.tls_ca_file = authority.root_file()};
        for (const std::string host : {"localhost", "127.0.0.1"}) {
            CAPTURE(host);
            CHECK(service.get(host, trusting)->body == "GET /hello ");
        }
        ClientBench bench;
        bench.open(tls_address(service.fixture.server().port()), trusting);
        const std::string body(700'000, 'b');
        CHECK(bench.post("/", body)->body == "POST / " + body);
        CHECK(bench.get("/big?900000")->body.size() == 900'002);
        CHECK(bench.client->stats().connects == 1);
    }

    TEST_CASE("an unknown authority is refused, and the error says how to trust it") {
        CertificateAuthority authority;
        CertificateAuthority other("Other Authority");
        TlsService service(authority.issue());
        for (const PooledClientOptions& options :
             {PooledClientOptions{}, PooledClientOptions{.tls_ca_file = other.root_file()}}) {
            const Outcome refused = service.get("localhost", options);
            CHECK(word(refused) == "unavailable");  // nothing was sent
            CHECK(says(refused, "tls_ca_file"));
            CHECK(says(refused, "SSL_CERT_FILE"));
            CHECK(says(refused, "unable to get local issuer certificate"));
        }
        CHECK(service.fixture.stats().requests == 0);
    }

    TEST_CASE("another name or address is refused, also when only the common name has it") {
        CertificateAuthority authority;
        const PooledClientOptions trusting{.tls_ca_file = authority.root_file()};
        for (const std::string names : {"DNS:data.example,IP:127.0.0.2", "DNS:*.localhost", ""}) {
            CAPTURE(names);
            TlsService service(authority.issue("other", {.names = names}));
            for (const std::string host : {"localhost", "127.0.0.1"}) {
                CAPTURE(host);
                const Outcome refused = service.get(host, trusting);
                CHECK(word(refused) == "unavailable");
                CHECK(says(refused, "mismatch"));
                CHECK(says(refused, "'" + host + "'"));
                CHECK(says(refused, "a name in its certificate"));
            }
        }
    }

    TEST_CASE("certificates are refused before and after their time") {
        CertificateAuthority authority;
        const PooledClientOptions trusting{.tls_ca_file = authority.root_file()};
        TlsService expired(authority.issue({.starts_in_s = -7200, .ends_in_s = -3600}));
        const Outcome late = expired.get("localhost", trusting);
        CHECK(word(late) == "unavailable");
        CHECK(says(late, "certificate has expired"));
        CHECK(says(late, "renew"));
        TlsService future(authority.issue({.starts_in_s = 3600, .ends_in_s = 7200}));
        const Outcome early = future.get("localhost", trusting);
        CHECK(word(early) == "unavailable");
        CHECK(says(early, "clocks"));
    }

    TEST_CASE("with tls_verify off any certificate will do") {
        CertificateAuthority authority;
        TlsService service(authority.issue({.names = "DNS:other", .ends_in_s = -1}));
        CHECK(word(service.get("localhost", {.tls_verify = false})) == "200");
    }

    TEST_CASE("a CA file that cannot be used is told when the client is made") {
        test::TempDir dir;
        std::ofstream(dir.file("rubbish.pem")) << "rubbish";
        async::EventLoop loop;
        core::SystemClock clock;
        for (const char* name : {"missing.pem", "rubbish.pem"}) {
            const auto opened = net::http::PooledClient::open(loop, clock, tls_address(1),
                                                              {.tls_ca_file = dir.file(name)});
            REQUIRE_FALSE(opened);
            CHECK(opened.error().code() == core::Errc::invalid_argument);
            CHECK(opened.error().reason() == "tls_ca_file");
            CHECK(opened.error().detail().find(name) != std::string::npos);
        }
    }

    TEST_CASE("the client asks for the host by name (SNI), never for an address") {
        CertificateAuthority authority;
        const auto files = authority.issue();
        for (const auto& [host, asked] :
             {std::pair("localhost", "localhost"), std::pair("127.0.0.1", "none")}) {
            OneTlsConnection server(
                files, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", true);
            ClientBench bench;
            bench.open(tls_address(server.port(), host), {.tls_ca_file = authority.root_file()});
            CHECK(word(bench.get("/")) == "200");
            CHECK(server.name() == asked);
        }
    }

    TEST_CASE("an answer that lasts until the end needs a clean end: a cut one is unknown") {
        CertificateAuthority authority;
        const auto files = authority.issue();
        for (const bool ends_cleanly : {true, false}) {
            OneTlsConnection server(files, "HTTP/1.1 200 OK\r\n\r\npaid 100", ends_cleanly);
            ClientBench bench;
            bench.open(tls_address(server.port()), {.tls_ca_file = authority.root_file()});
            CHECK(word(bench.get("/")) == (ends_cleanly ? "200" : "outcome_unknown"));
        }
    }

    TEST_CASE("a refusal of a large body is heard over TLS too") {
        CertificateAuthority authority;
        TlsService service(authority.issue());
        ClientBench bench;
        bench.open(tls_address(service.fixture.server().port()),
                   {.tls_ca_file = authority.root_file()});
        CHECK(word(bench.post("/", std::string(16 * 1024 * 1024, 'b'))) == "413");
        CHECK(word(bench.get("/")) == "200");
    }

    TEST_CASE("https to a port that speaks plain HTTP says so, and the other way round") {
        test::ServerFixture plain;
        plain.start();
        ClientBench bench;
        bench.open(tls_address(plain.server().port()));
        const Outcome refused = bench.get("/");
        CHECK(word(refused) == "unavailable");
        CHECK(says(refused, "does the port speak TLS"));
        CertificateAuthority authority;
        TlsService service(authority.issue());
        bench.open(service.fixture.server().port());
        CHECK_FALSE(bench.get("/").has_value());
    }

    TEST_CASE("a kept TLS connection that the server closes meanwhile is replaced") {
        CertificateAuthority authority;
        TlsService service(authority.issue());
        ClientBench bench;
        bench.open(tls_address(service.fixture.server().port()),
                   {.tls_ca_file = authority.root_file()});
        CHECK(word(bench.post("/")) == "200");
        service.fixture.clock.advance(std::chrono::minutes{5});  // past the server's idle timeout
        service.fixture.wait_until([](const auto& stats) { return stats.connections == 0; });
        CHECK(word(bench.post("/")) == "200");
        CHECK(bench.client->stats().connects == 2);
        CHECK(bench.client->stats().repeats == 0);
    }
}
