#pragma once
/// The client's side of TLS as a filter between plain bytes and those on the wire. Private to the
/// module.

#include <openssl/ssl.h>

#include <memory>
#include <string>
#include <string_view>

namespace courseselect::redis {

/// TLS 1.2 and 1.3. The server's certificate has to name the host we call, and its authority has to
/// be trusted by this machine: the system's list, or the PEM file that SSL_CERT_FILE names.
class Tls {
  public:
    /// @param host  numeric
    explicit Tls(const std::string& host);

    /// Begins the handshake. What is for the wire is appended to `to_wire`, here and below.
    void begin(std::string& to_wire);
    /// Takes what has come; what it says is appended to `plain`. False: this is the end, see
    /// `problem`.
    [[nodiscard]] bool receive(std::string_view bytes, std::string& plain, std::string& to_wire);
    /// Only when it is open.
    void send(std::string_view plain, std::string& to_wire);

    /// The handshake is over, and the server is who we want.
    [[nodiscard]] bool is_open() const { return is_open_; }
    [[nodiscard]] const std::string& problem() const { return problem_; }

  private:
    struct Free {
        void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
        void operator()(SSL* session) const { SSL_free(session); }
    };

    /// Whether it was only that more has to come.
    [[nodiscard]] bool may_go_on(int result);
    void drain(std::string& to_wire);

    std::unique_ptr<SSL_CTX, Free> context_;
    std::unique_ptr<SSL, Free> session_;
    BIO* incoming_;  // both belong to the session
    BIO* outgoing_;
    bool is_open_ = false;
    std::string problem_;
};

}  // namespace courseselect::redis
