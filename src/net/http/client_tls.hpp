#pragma once
/// The client's side of TLS: whom it trusts, and what it says when it does not. Not API.

#include <asio/error_code.hpp>
#include <asio/ssl/context.hpp>
#include <memory>
#include <string>

#include "courseselect/core/result.hpp"

namespace courseselect::net::http {

using TlsClientContext = std::unique_ptr<asio::ssl::context>;

/// TLS 1.2 and later, with the roots in `ca_file` (PEM), or those of the system when it is empty
/// (OpenSSL's: the environment variables SSL_CERT_FILE and SSL_CERT_DIR name others).
/// Errors: invalid_argument (reason "tls_ca_file").
[[nodiscard]] core::Result<TlsClientContext> make_tls_client_context(const std::string& ca_file);

/// Before a handshake: the name to ask for (SNI, RFC 6066 §3: never an address) and, with `verify`,
/// the name or address that the certificate must be for (RFC 9110 §4.3.4).
void prepare_tls_client(::SSL* ssl, const std::string& host, bool verify);

/// After a failed handshake: a sentence that says what is wrong and what to do.
[[nodiscard]] std::string tls_failure(::SSL* ssl, const std::string& host,
                                      const asio::error_code& error);

}  // namespace courseselect::net::http
