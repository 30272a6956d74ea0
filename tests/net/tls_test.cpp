#include "courseselect/net/tls.hpp"

#include <doctest/doctest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <cstdio>
#include <fstream>
#include <memory>

#include "http/server_fixture.hpp"
#include "support/temp_dir.hpp"

using namespace courseselect;
using net::TlsContext;
using net::TlsFiles;

namespace {

/// Writes a fresh key and a self-signed certificate for `name`.
void write_certificate(const TlsFiles& files, const char* name) {
    EVP_PKEY* const key = EVP_EC_gen("P-256");
    X509* const certificate = X509_new();
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate), -3600);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
    X509_set_pubkey(certificate, key);
    X509_NAME* const subject = X509_get_subject_name(certificate);
    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
                               reinterpret_cast<const unsigned char*>(name), -1, -1, 0);
    X509_set_issuer_name(certificate, subject);
    REQUIRE(X509_sign(certificate, key, EVP_sha256()) > 0);
    std::FILE* out = std::fopen(files.private_key.c_str(), "w");
    PEM_write_PrivateKey(out, key, nullptr, nullptr, 0, nullptr, nullptr);
    std::fclose(out);
    out = std::fopen(files.certificate_chain.c_str(), "w");
    PEM_write_X509(out, certificate);
    std::fclose(out);
    X509_free(certificate);
    EVP_PKEY_free(key);
}

/// A blocking TLS client over a connected socket.
class TlsClient {
  public:
    explicit TlsClient(std::uint16_t port)
        : client_(port), context_(SSL_CTX_new(TLS_client_method())) {
        ssl_ = SSL_new(context_);
        SSL_set_fd(ssl_, client_.descriptor());
        connected_ = SSL_connect(ssl_) == 1;
    }
    ~TlsClient() {
        SSL_free(ssl_);
        SSL_CTX_free(context_);
    }
    TlsClient(const TlsClient&) = delete;
    TlsClient& operator=(const TlsClient&) = delete;

    [[nodiscard]] bool is_connected() const { return connected_; }
    std::string name() {
        X509* const certificate = SSL_get1_peer_certificate(ssl_);
        char text[64]{};
        X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, text,
                                  sizeof text);
        X509_free(certificate);
        return text;
    }
    void send(const std::string& bytes) {
        CHECK(SSL_write(ssl_, bytes.data(), static_cast<int>(bytes.size())) > 0);
    }
    std::string read(std::size_t size) {
        std::string all;
        char part[16384];
        int got = 0;
        while (all.size() < size && (got = SSL_read(ssl_, part, sizeof part)) > 0) {
            all.append(part, static_cast<std::size_t>(got));
        }
        clean_end_ = got <= 0 && SSL_get_error(ssl_, got) == SSL_ERROR_ZERO_RETURN;
        return all;
    }
    [[nodiscard]] bool ended_cleanly() const { return clean_end_; }

  private:
    test::RawClient client_;
    SSL_CTX* context_;
    SSL* ssl_ = nullptr;
    bool connected_ = false;
    bool clean_end_ = false;
};

}  // namespace

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
