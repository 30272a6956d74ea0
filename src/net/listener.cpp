#include "courseselect/net/listener.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <memory>
#include <system_error>
#include <utility>

namespace courseselect::net {
namespace {

core::Error socket_error(const std::string& what, int error) {
    const bool taken = error == EADDRINUSE;
    return core::Error(taken ? core::Errc::conflict : core::Errc::unavailable,
                       taken ? "address_in_use" : "listen_failed",
                       what + ": " + std::system_category().message(error));
}

const ::sockaddr* as_sockaddr(const void* address) {
    return static_cast<const ::sockaddr*>(address);
}

core::Result<::sockaddr_un> unix_sockaddr(const std::string& path) {
    ::sockaddr_un address{};
    if (path.empty() || path.size() >= sizeof address.sun_path) {
        return core::Error(core::Errc::invalid_argument, "bad_socket_path",
                           "The socket path must have 1 to 107 bytes: " + path);
    }
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.data(), path.size());
    return address;
}

/// Makes the directory for us alone; one that exists is left as it is.
core::Result<> make_private_directory(const std::filesystem::path& directory) {
    if (directory.empty() || std::filesystem::exists(directory)) {
        return {};
    }
    std::error_code error;
    if (directory.has_parent_path()) {
        std::filesystem::create_directories(directory.parent_path(), error);
    }
    if (::mkdir(directory.c_str(), 0700) != 0 && errno != EEXIST) {
        return socket_error("mkdir " + directory.string(), errno);
    }
    return {};
}

/// A file at `path` must be a socket that nobody listens on.
core::Result<> check_stale(const std::string& path, const ::sockaddr_un& address) {
    struct ::stat file {};
    if (::lstat(path.c_str(), &file) != 0) {
        return {};
    }
    if (!S_ISSOCK(file.st_mode)) {
        return core::Error(core::Errc::conflict, "not_a_socket", path + " exists and is no socket");
    }
    const int probe = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (probe < 0) {
        return socket_error("socket", errno);
    }
    const int refused = ::connect(probe, as_sockaddr(&address), sizeof address) == 0 ? 0 : errno;
    ::close(probe);
    if (refused != ECONNREFUSED && refused != ENOENT) {
        return socket_error("listen on " + path, EADDRINUSE);
    }
    return {};
}

/// Next to `path`, so that a rename replaces it; unique in this process.
std::string temporary_socket_path(const std::filesystem::path& path) {
    static std::atomic<unsigned> counter{0};
    return (path.parent_path() /
            (".s" + std::to_string(::getpid()) + "." + std::to_string(counter.fetch_add(1))))
        .string();
}

core::Result<int> bound_tcp_socket(const ::addrinfo& info, const TcpAddress& address, int backlog) {
    const int descriptor = ::socket(info.ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (descriptor < 0) {
        return socket_error("socket", errno);
    }
    const int on = 1;
    ::setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (address.reuse_port) {
        ::setsockopt(descriptor, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
    }
    // Accepted sockets inherit it: answers leave in one write anyway.
    ::setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (::bind(descriptor, info.ai_addr, info.ai_addrlen) != 0 ||
        ::listen(descriptor, backlog) != 0) {
        const int error = errno;
        ::close(descriptor);
        return socket_error("listen on " + address.host + ":" + std::to_string(address.port),
                            error);
    }
    return descriptor;
}

}  // namespace

core::Result<ListeningSocket> ListeningSocket::open(const TcpAddress& address, int backlog) {
    ::addrinfo hints{};
    hints.ai_family = AF_UNSPEC;
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
    ::addrinfo* found = nullptr;
    const std::string port = std::to_string(address.port);
    const int failed = ::getaddrinfo(address.host.empty() ? nullptr : address.host.c_str(),
                                     port.c_str(), &hints, &found);
    if (failed != 0) {
        return core::Error(core::Errc::invalid_argument, "bad_listen_host",
                           address.host + ": " + ::gai_strerror(failed));
    }
    const std::unique_ptr<::addrinfo, decltype(&::freeaddrinfo)> owner(found, &::freeaddrinfo);
    COURSESELECT_TRY(const int descriptor, bound_tcp_socket(*found, address, backlog));
    ListeningSocket listener(descriptor);
    ::sockaddr_storage bound{};
    ::socklen_t size = sizeof bound;
    if (::getsockname(descriptor, static_cast<::sockaddr*>(static_cast<void*>(&bound)), &size) !=
        0) {
        return socket_error("getsockname", errno);
    }
    ::in_port_t network_port = 0;  // at the same place for both families
    std::memcpy(&network_port,
                static_cast<const char*>(static_cast<const void*>(&bound)) +
                    offsetof(::sockaddr_in, sin_port),
                sizeof network_port);
    listener.port_ = ntohs(network_port);
    return listener;
}

core::Result<ListeningSocket> ListeningSocket::open(const UnixAddress& address, int backlog) {
    COURSESELECT_TRY(const ::sockaddr_un target, unix_sockaddr(address.path));
    COURSESELECT_TRY_OK(make_private_directory(std::filesystem::path(address.path).parent_path()));
    COURSESELECT_TRY_OK(check_stale(address.path, target));
    // Bound under another name, given its mode, then renamed: it is never visible with a mode
    // that is too wide, nor before it listens.
    const std::string temporary = temporary_socket_path(address.path);
    COURSESELECT_TRY(const ::sockaddr_un place, unix_sockaddr(temporary));
    const int descriptor = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (descriptor < 0) {
        return socket_error("socket", errno);
    }
    ListeningSocket listener(descriptor);
    struct ::stat file {};
    if (::bind(descriptor, as_sockaddr(&place), sizeof place) != 0) {
        return socket_error("bind " + temporary, errno);
    }
    if (::chmod(temporary.c_str(), address.mode) != 0 || ::listen(descriptor, backlog) != 0 ||
        ::lstat(temporary.c_str(), &file) != 0 ||
        ::rename(temporary.c_str(), address.path.c_str()) != 0) {
        const int error = errno;
        ::unlink(temporary.c_str());
        return socket_error("listen on " + address.path, error);
    }
    listener.path_ = address.path;
    listener.device_ = file.st_dev;
    listener.inode_ = file.st_ino;
    return listener;
}

ListeningSocket::ListeningSocket(ListeningSocket&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)),
      port_(other.port_),
      path_(std::exchange(other.path_, {})),
      device_(other.device_),
      inode_(other.inode_) {}

ListeningSocket& ListeningSocket::operator=(ListeningSocket&& other) noexcept {
    if (this != &other) {
        close();
        descriptor_ = std::exchange(other.descriptor_, -1);
        port_ = other.port_;
        path_ = std::exchange(other.path_, {});
        device_ = other.device_;
        inode_ = other.inode_;
    }
    return *this;
}

ListeningSocket::~ListeningSocket() { close(); }

void ListeningSocket::close() {
    if (descriptor_ < 0) {
        return;
    }
    struct ::stat file {};
    if (!path_.empty() && ::lstat(path_.c_str(), &file) == 0 && file.st_dev == device_ &&
        file.st_ino == inode_) {
        ::unlink(path_.c_str());
    }
    ::close(std::exchange(descriptor_, -1));
}

UnixCredentials unix_credentials(int descriptor) {
    ::ucred peer{};
    ::socklen_t size = sizeof peer;
    if (::getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) {
        return {};
    }
    return {.uid = peer.uid, .pid = peer.pid};
}

std::string peer_address(int descriptor) {
    ::sockaddr_storage peer{};
    ::socklen_t size = sizeof peer;
    auto* const address = static_cast<::sockaddr*>(static_cast<void*>(&peer));
    std::array<char, INET6_ADDRSTRLEN> text{};
    if (::getpeername(descriptor, address, &size) != 0 ||
        ::getnameinfo(address, size, text.data(), text.size(), nullptr, 0, NI_NUMERICHOST) != 0) {
        return {};
    }
    return text.data();
}

}  // namespace courseselect::net
