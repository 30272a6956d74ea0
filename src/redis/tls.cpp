#include "tls.hpp"

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include <array>

#include "courseselect/core/check.hpp"

namespace courseselect::redis {

Tls::Tls(const std::string& host)
    : context_(SSL_CTX_new(TLS_client_method())),
      session_(nullptr),
      incoming_(BIO_new(BIO_s_mem())),
      outgoing_(BIO_new(BIO_s_mem())) {
    COURSESELECT_CHECK(context_ != nullptr && incoming_ != nullptr && outgoing_ != nullptr);
    SSL_CTX_set_min_proto_version(context_.get(), TLS1_2_VERSION);
    SSL_CTX_set_default_verify_paths(context_.get());
    SSL_CTX_set_verify(context_.get(), SSL_VERIFY_PEER, nullptr);
    session_.reset(SSL_new(context_.get()));
    COURSESELECT_CHECK(session_ != nullptr);
    SSL_set_bio(session_.get(), incoming_, outgoing_);
    const bool is_host_set =
        X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(session_.get()), host.c_str()) == 1;
    COURSESELECT_CHECK(is_host_set);  // else any certificate would do
    SSL_set_connect_state(session_.get());
}

void Tls::begin(std::string& to_wire) {
    ERR_clear_error();  // of others on this thread
    static_cast<void>(SSL_do_handshake(session_.get()));
    drain(to_wire);
}

bool Tls::receive(std::string_view bytes, std::string& plain, std::string& to_wire) {
    ERR_clear_error();
    BIO_write(incoming_, bytes.data(), static_cast<int>(bytes.size()));
    int result = 1;
    if (!is_open_) {
        result = SSL_do_handshake(session_.get());
        is_open_ = result == 1;
    }
    std::array<char, 16 * 1024> part;
    while (is_open_ && result > 0) {
        result = SSL_read(session_.get(), part.data(), static_cast<int>(part.size()));
        if (result > 0) {
            plain.append(part.data(), static_cast<std::size_t>(result));
        }
    }
    const bool goes_on = may_go_on(result);
    drain(to_wire);
    return goes_on;
}

void Tls::send(std::string_view plain, std::string& to_wire) {
    COURSESELECT_CHECK(is_open_);
    const int sent = SSL_write(session_.get(), plain.data(), static_cast<int>(plain.size()));
    COURSESELECT_CHECK(sent == static_cast<int>(plain.size()));  // memory takes everything
    drain(to_wire);
}

bool Tls::may_go_on(int result) {
    const int fault = SSL_get_error(session_.get(), result);
    if (fault == SSL_ERROR_WANT_READ) {
        return true;
    }
    const long verdict = SSL_get_verify_result(session_.get());
    if (fault == SSL_ERROR_ZERO_RETURN) {
        problem_ = "the server has closed the connection";
    } else if (verdict != X509_V_OK) {
        problem_ = "the server's certificate is not trusted (" +
                   std::string(X509_verify_cert_error_string(verdict)) +
                   "): it has to name the address, and SSL_CERT_FILE its authority";
    } else {
        const char* reason = ERR_reason_error_string(ERR_peek_last_error());
        problem_ = "TLS failed: " + std::string(reason == nullptr ? "no reason given" : reason);
    }
    return false;
}

void Tls::drain(std::string& to_wire) {
    std::array<char, 16 * 1024> part;
    for (int size = BIO_read(outgoing_, part.data(), part.size()); size > 0;
         size = BIO_read(outgoing_, part.data(), part.size())) {
        to_wire.append(part.data(), static_cast<std::size_t>(size));
    }
}

}  // namespace courseselect::redis
