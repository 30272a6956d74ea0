#pragma once
/// Listening sockets: TCP and unix.

#include <sys/types.h>

#include <cstdint>
#include <string>

#include "courseselect/core/result.hpp"

namespace courseselect::net {

/// Where to listen for TCP connections.
struct TcpAddress {
    std::string host = "127.0.0.1";  ///< numeric, or a name resolved once (blocking); "": all
    std::uint16_t port = 0;          ///< 0: the system chooses
    bool reuse_port = false;         ///< SO_REUSEPORT: several loops share the port
};

/// Where to listen for connections on this machine.
struct UnixAddress {
    std::string path;      ///< at most 107 bytes; a missing directory is made with 0700
    ::mode_t mode = 0600;  ///< of the socket file; set before it becomes visible
};

/// Who is at the other end of a unix socket (SO_PEERCRED).
struct UnixCredentials {
    std::uint32_t uid = 0;
    std::int32_t pid = 0;
};

/// Owns a listening, non-blocking descriptor and, for a unix socket, its file.
/// Thread-safety: the thread it is used on.
class ListeningSocket {
  public:
    /// Errors: invalid_argument (bad host or path), conflict (address in use: somebody listens on
    /// it, or the path is no socket), unavailable (anything else, with errno's text).
    /// A socket file on which nobody listens is replaced.
    static core::Result<ListeningSocket> open(const TcpAddress& address, int backlog);
    static core::Result<ListeningSocket> open(const UnixAddress& address, int backlog);

    ListeningSocket(ListeningSocket&& other) noexcept;
    ListeningSocket& operator=(ListeningSocket&& other) noexcept;
    /// Closes; removes the socket file if it is still the one made here.
    ~ListeningSocket();

    [[nodiscard]] int descriptor() const { return descriptor_; }
    [[nodiscard]] bool is_unix() const { return !path_.empty(); }
    /// The TCP port; 0 for a unix socket.
    [[nodiscard]] std::uint16_t port() const { return port_; }
    void close();

  private:
    explicit ListeningSocket(int descriptor) : descriptor_(descriptor) {}

    int descriptor_ = -1;
    std::uint16_t port_ = 0;
    std::string path_;
    ::dev_t device_ = 0;
    ::ino_t inode_ = 0;
};

/// The credentials of a connected unix socket; zeros if the system does not tell.
[[nodiscard]] UnixCredentials unix_credentials(int descriptor);
/// "127.0.0.1" or "::1": the numeric address of a connected TCP socket's peer; empty on error.
[[nodiscard]] std::string peer_address(int descriptor);

}  // namespace courseselect::net
