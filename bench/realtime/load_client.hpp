#pragma once
/// What the loads of bench/realtime share: a Socket.IO client on a bare socket, and what the server
/// uses.

#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include "../process_usage.hpp"
#include "courseselect/auth/jwt.hpp"
#include "courseselect/net/ws/message_reader.hpp"

namespace courseselect::bench {

inline double milliseconds_since(std::chrono::steady_clock::time_point start) {
    return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start)
        .count();
}

/// One client on a socket that does not block once it is connected.
class LoadClient {
  public:
    LoadClient(std::uint16_t port, int epoll, const std::string& token)
        : descriptor_(::socket(AF_INET, SOCK_STREAM, 0)) {
        ::sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(port);
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        const int on = 1;
        ::setsockopt(descriptor_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        if (::connect(descriptor_, static_cast<::sockaddr*>(static_cast<void*>(&address)),
                      sizeof address) != 0) {
            throw std::runtime_error("connect");
        }
        write(
            "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: bench\r\n"
            "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
        // CONNECT has to wait for the open packet: npm's engine.io draws a session's id in a later
        // turn, and loses what came with the handshake.
        connect_packet_ = "40{\"token\":\"" + token + "\"}";
        ::epoll_event event{};
        event.events = EPOLLIN;
        event.data.ptr = this;
        ::epoll_ctl(epoll, EPOLL_CTL_ADD, descriptor_, &event);
    }
    ~LoadClient() { ::close(descriptor_); }
    LoadClient(const LoadClient&) = delete;
    LoadClient& operator=(const LoadClient&) = delete;

    [[nodiscard]] std::uint64_t pings() const { return pings_; }
    void send(std::string_view text) {
        std::string frame;
        net::ws::append_masked_frame(frame, net::ws::Opcode::text, text, {1, 2, 3, 4});
        write(frame);
    }
    /// Reads once, and gives every message to `visit`.
    template <class Visit>
    void read(std::span<char> buffer, Visit visit) {
        const ssize_t size = ::recv(descriptor_, buffer.data(), buffer.size(), MSG_DONTWAIT);
        if (size == 0) {
            throw std::runtime_error("a connection was closed");
        }
        std::span<char> input = buffer.first(static_cast<std::size_t>(std::max<ssize_t>(size, 0)));
        if (!is_open_) {
            head_.append(input.data(), input.size());
            const std::size_t end = head_.find("\r\n\r\n");
            if (end == std::string::npos) {
                return;
            }
            is_open_ = true;
            head_.erase(0, end + 4);
            input = std::span(head_);
        }
        while (reader_.next(input) == net::ws::MessageReader::Status::text) {
            if (reader_.payload() == "2") {
                send("3");
                ++pings_;
            } else if (reader_.payload().starts_with("0")) {
                send(std::exchange(connect_packet_, {}));
            } else {
                visit(reader_.payload());
            }
        }
        head_ = {};
    }

  private:
    void write(std::string_view bytes) const {
        if (::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL) !=
            static_cast<ssize_t>(bytes.size())) {
            throw std::runtime_error("send");
        }
    }

    int descriptor_;
    bool is_open_ = false;
    std::uint64_t pings_ = 0;
    std::string head_;
    std::string connect_packet_;
    net::ws::MessageReader reader_{net::ws::Role::client, 1 << 20};
};

/// An access token of a student, good for an hour.
inline std::string student_token(const std::string& secret, std::int64_t id,
                                 const std::string& name) {
    auth::Claims claims;
    claims.principal = {auth::UserKind::student, id, name};
    claims.issued_at = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
    claims.expires_at = claims.issued_at + std::chrono::hours(1);
    return *auth::JwtSigner::hs256(core::Secret(secret))->sign(claims);
}

/// Of ascending values; 0 when there are none.
inline double quantile(std::span<const double> sorted, double part) {
    const auto last = static_cast<double>(sorted.empty() ? 0 : sorted.size() - 1);
    return sorted.empty() ? 0 : sorted[static_cast<std::size_t>(part * last)];
}

}  // namespace courseselect::bench
