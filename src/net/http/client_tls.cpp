#include "client_tls.hpp"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <asio/error.hpp>
#include <asio/ip/address.hpp>
#include <asio/ssl/error.hpp>
#include <string_view>
#include <utility>

namespace courseselect::net::http {
namespace {

bool is_numeric(const std::string& host) {
    asio::error_code error;
    static_cast<void>(asio::ip::make_address(host, error));
    return !error;
}

std::string_view remedy_for(long verdict) {
    switch (verdict) {
        case X509_V_ERR_HOSTNAME_MISMATCH:
        case X509_V_ERR_IP_ADDRESS_MISMATCH:
            return "call the service by a name in its certificate, or issue one for this name";
        case X509_V_ERR_CERT_HAS_EXPIRED: return "renew the service's certificate";
        case X509_V_ERR_CERT_NOT_YET_VALID: return "compare the clocks of both machines";
        case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
        case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
        case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
        case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
        case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
            return "trust its authority: name the PEM file of that certificate as CA file "
                   "(tls_ca_file, or SSL_CERT_FILE in the environment)";
        default: return "look at the service's certificate";
    }
}

}  // namespace

core::Result<TlsClientContext> make_tls_client_context(const std::string& ca_file) {
    auto context = std::make_unique<asio::ssl::context>(asio::ssl::context::tls_client);
    SSL_CTX_set_min_proto_version(context->native_handle(), TLS1_2_VERSION);
    asio::error_code error;
    if (ca_file.empty()) {
        context->set_default_verify_paths(error);
    } else {
        context->load_verify_file(ca_file, error);
    }
    if (error) {
        return core::Error(core::Errc::invalid_argument, "tls_ca_file",
                           fmt::format("the CA file '{}' cannot be used ({}): name a readable PEM "
                                       "file of trusted certificates",
                                       ca_file, error.message()));
    }
    return context;
}

void prepare_tls_client(::SSL* ssl, const std::string& host, bool verify) {
    const bool numeric = is_numeric(host);
    if (!numeric) {
        // SSL_set_tlsext_host_name without its cast; OpenSSL copies the name.
        SSL_ctrl(ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
                 const_cast<char*>(host.c_str()));
    }
    SSL_set_verify(ssl, verify ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, nullptr);
    if (!verify) {
        return;
    }
    bool is_set = false;
    if (numeric) {
        is_set = X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host.c_str()) == 1;
    } else {
        SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
        is_set = SSL_set1_host(ssl, host.c_str()) == 1;
    }
    if (!is_set) {
        // No name can be checked (an address with a zone, out of memory): trust nobody.
        SSL_set_verify(ssl, SSL_VERIFY_PEER, [](int, X509_STORE_CTX*) { return 0; });
    }
    ERR_clear_error();
}

std::string tls_failure(::SSL* ssl, const std::string& host, const asio::error_code& error) {
    const long verdict = SSL_get_verify_result(ssl);
    if (verdict != X509_V_OK && SSL_get_verify_mode(ssl) != SSL_VERIFY_NONE) {
        return fmt::format("the certificate for '{}' is refused ({}): {}", host,
                           X509_verify_cert_error_string(verdict), remedy_for(verdict));
    }
    if (error == asio::error::eof || error == asio::ssl::error::stream_truncated) {
        return "the connection was closed during the TLS handshake: does the port speak TLS?";
    }
    return fmt::format("the TLS handshake failed ({}): does the port speak TLS 1.2 or later?",
                       error.message());
}

}  // namespace courseselect::net::http
