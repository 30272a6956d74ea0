#pragma once
/// The load: keep-alive connections, each with a batch of `depth` requests under way.

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

namespace courseselect::bench {

struct Load {
    std::uint64_t requests = 200'000;
    std::uint64_t connections = 64;
    std::uint64_t depth = 1;
    std::string body;           ///< empty: GET /health; else it is posted to /add/course
    bool typical_head = false;  ///< the fields that browsers and curl send, not Host alone
    std::string unix_path;      ///< empty: TCP on loopback
};

inline void tell_port(int pipe, std::uint16_t port) {
    static_cast<void>(::write(pipe, &port, sizeof port));
    ::close(pipe);
}
inline std::uint16_t wait_for_port(int pipe) {
    std::uint16_t port = 0;
    if (::read(pipe, &port, sizeof port) != sizeof port) {
        std::_Exit(1);
    }
    return port;
}

inline int connect_to(const Load& load, std::uint16_t port) {
    ::sockaddr_un path{};
    path.sun_family = AF_UNIX;
    ::sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const bool is_unix = !load.unix_path.empty();
    std::memcpy(path.sun_path, load.unix_path.data(), load.unix_path.size());
    const int descriptor = ::socket(is_unix ? AF_UNIX : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const auto* target = is_unix ? static_cast<const void*>(&path) : &address;
    const int on = 1;
    ::setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (::connect(descriptor, static_cast<const ::sockaddr*>(target),
                  is_unix ? sizeof path : sizeof address) != 0) {
        std::perror("connect");
        std::_Exit(1);
    }
    return descriptor;
}

inline std::string request_text(const Load& load) {
    std::string text = load.body.empty() ? "GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\n"
                                         : "POST /add/course HTTP/1.1\r\nHost: 127.0.0.1\r\n";
    if (load.typical_head) {
        text +=
            "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0\r\n"
            "Accept: application/json, text/plain, */*\r\n"
            "Accept-Encoding: gzip, deflate, br\r\nConnection: keep-alive\r\n";
    }
    if (!load.body.empty()) {
        text += "Content-Type: application/json\r\nContent-Length: " +
                std::to_string(load.body.size()) + "\r\n";
    }
    return text + "\r\n" + load.body;
}

/// Sends `load.requests` requests and reads as many answers. An answer ends with '}', which stands
/// nowhere else in it.
inline void run_load(const Load& load, std::uint16_t port) {
    struct Link {
        int descriptor;
        std::uint64_t missing;
        std::uint64_t batches;
    };
    std::string batch;
    for (std::uint64_t i = 0; i < load.depth; ++i) {
        batch += request_text(load);
    }
    const int queue = ::epoll_create1(EPOLL_CLOEXEC);
    std::vector<Link> links;
    for (std::uint64_t i = 0; i < load.connections; ++i) {
        links.push_back(
            {connect_to(load, port), load.depth, load.requests / load.connections / load.depth});
        ::epoll_event event{};
        event.events = EPOLLIN;
        event.data.u64 = i;
        ::epoll_ctl(queue, EPOLL_CTL_ADD, links.back().descriptor, &event);
    }
    for (const Link& link : links) {
        static_cast<void>(::send(link.descriptor, batch.data(), batch.size(), MSG_NOSIGNAL));
    }
    std::uint64_t open = links.size();
    ::epoll_event events[128];
    char buffer[65536];
    while (open > 0) {
        const int count = ::epoll_wait(queue, events, 128, -1);
        for (int i = 0; i < count; ++i) {
            Link& link = links[events[i].data.u64];
            const auto got = ::recv(link.descriptor, buffer, sizeof buffer, 0);
            if (got <= 0) {
                std::_Exit(1);
            }
            for (const char byte : std::string_view(buffer, static_cast<std::size_t>(got))) {
                link.missing -= byte == '}' ? 1 : 0;
            }
            if (link.missing > 0) {
                continue;
            }
            if (--link.batches == 0) {
                ::epoll_ctl(queue, EPOLL_CTL_DEL, link.descriptor, nullptr);
                --open;
                continue;
            }
            link.missing = load.depth;
            static_cast<void>(::send(link.descriptor, batch.data(), batch.size(), MSG_NOSIGNAL));
        }
    }
}

}  // namespace courseselect::bench
