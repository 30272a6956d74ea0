#pragma once
/// A certificate of a test's own and a blocking TLS client.

#include <doctest/doctest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <cerrno>
#include <cstdio>
#include <string>

#include "courseselect/net/tls.hpp"
#include "http/server_fixture.hpp"

namespace courseselect::test {

/// Writes a fresh key and a self-signed certificate for `name`.
inline void write_certificate(const net::TlsFiles& files, const char* name) {
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
        connected_ = uninterrupted([this] { return SSL_connect(ssl_); }) == 1;
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
        while (all.size() < size &&
               (got = uninterrupted([&] { return SSL_read(ssl_, part, sizeof part); })) > 0) {
            all.append(part, static_cast<std::size_t>(got));
        }
        clean_end_ = got <= 0 && SSL_get_error(ssl_, got) == SSL_ERROR_ZERO_RETURN;
        return all;
    }
    /// Says that nothing more will be sent (close_notify); reading goes on.
    void end() { SSL_shutdown(ssl_); }
    [[nodiscard]] bool ended_cleanly() const { return clean_end_; }

  private:
    /// A ring that this thread has used may interrupt it once when it goes (see SendBatch).
    template <class Call>
    static int uninterrupted(Call call) {
        int result = 0;
        do {
            errno = 0;
            result = call();
        } while (result <= 0 && errno == EINTR);
        return result;
    }

    RawClient client_;
    SSL_CTX* context_;
    SSL* ssl_ = nullptr;
    bool connected_ = false;
    bool clean_end_ = false;
};

}  // namespace courseselect::test
