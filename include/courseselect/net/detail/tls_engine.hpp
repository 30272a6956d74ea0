#pragma once
/// One connection's TLS, as a filter between bytes on the wire and plain bytes.

#include <cstddef>
#include <memory>
#include <string>

#include "courseselect/net/tls.hpp"

namespace courseselect::net::detail {

/// The server's end of one TLS connection. It does no input or output of its own.
/// Thread-safety: the thread of its server.
class TlsEngine {
  public:
    explicit TlsEngine(TlsContext& context);
    ~TlsEngine();
    TlsEngine(const TlsEngine&) = delete;
    TlsEngine& operator=(const TlsEngine&) = delete;

    /// Takes bytes from the wire. They are all kept until `read` has used them.
    void put_wire(const char* data, std::size_t size);
    /// Goes on with the handshake and writes plain bytes to `buffer`: how many, 0 when more is
    /// needed from the wire. At the end or a protocol error `is_closed()` becomes true.
    [[nodiscard]] std::size_t read(char* buffer, std::size_t size);
    /// Encrypts; false when the connection cannot take data.
    [[nodiscard]] bool write(const char* data, std::size_t size);
    /// Announces the end (close_notify).
    void shut_down();
    /// Appends what must go to the wire.
    void take_wire(std::string& out);
    [[nodiscard]] bool is_closed() const { return closed_; }
    /// The handshake is over.
    [[nodiscard]] bool is_established() const;
    /// Wire bytes not yet turned into plain ones.
    [[nodiscard]] bool has_input() const;

  private:
    struct State;
    std::unique_ptr<State> state_;
    bool closed_ = false;
};

}  // namespace courseselect::net::detail
