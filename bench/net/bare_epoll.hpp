#pragma once
/// The limit program: epoll, a search for the end of each request, a ready answer. No parsing, no
/// limits, no timeouts.

#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <unordered_map>

namespace courseselect::bench {

inline constexpr std::string_view bare_answer =
    "HTTP/1.1 200 OK\r\nDate: Tue, 14 Nov 2023 22:13:20 GMT\r\nContent-Type: application/json\r\n"
    "Content-Length: 42\r\n\r\n{\"status\":\"healthy\",\"service\":\"data_node\"}";

/// Size of the first request in `text`, or 0.
inline std::size_t bare_request_size(std::string_view text) {
    const std::size_t end = text.find("\r\n\r\n");
    if (end == std::string_view::npos) {
        return 0;
    }
    std::size_t body = 0;
    if (text.front() == 'P') {
        const std::size_t field = text.find("Content-Length: ");
        body = std::strtoul(text.data() + field + 16, nullptr, 10);
    }
    return end + 4 + body <= text.size() ? end + 4 + body : 0;
}

/// Serves until `requests` are answered.
inline void serve_bare(int listener, std::uint64_t requests) {
    const int queue = ::epoll_create1(EPOLL_CLOEXEC);
    ::epoll_event event{};
    event.events = EPOLLIN;
    event.data.fd = listener;
    ::epoll_ctl(queue, EPOLL_CTL_ADD, listener, &event);
    std::unordered_map<int, std::string> rest;
    ::epoll_event events[128];
    char buffer[65536];
    std::string out;
    while (requests > 0) {
        const int count = ::epoll_wait(queue, events, 128, -1);
        for (int i = 0; i < count; ++i) {
            const int descriptor = events[i].data.fd;
            if (descriptor == listener) {
                event.data.fd = ::accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
                if (event.data.fd >= 0) {
                    ::epoll_ctl(queue, EPOLL_CTL_ADD, event.data.fd, &event);
                }
                continue;
            }
            const auto got = ::recv(descriptor, buffer, sizeof buffer, 0);
            if (got <= 0) {
                ::close(descriptor);
                continue;
            }
            std::string& pending = rest[descriptor];
            pending.append(buffer, static_cast<std::size_t>(got));
            std::string_view text = pending;
            out.clear();
            while (const std::size_t size = text.empty() ? 0 : bare_request_size(text)) {
                text.remove_prefix(size);
                out += bare_answer;
                --requests;
            }
            pending.erase(0, pending.size() - text.size());
            static_cast<void>(::send(descriptor, out.data(), out.size(), MSG_NOSIGNAL));
        }
    }
    ::close(queue);
}

}  // namespace courseselect::bench
