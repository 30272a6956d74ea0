#include "rush/load_driver.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <deque>
#include <stdexcept>
#include <utility>
#include <vector>

namespace courseselect::bench {
namespace {

using LoadClock = std::chrono::steady_clock;

struct Connection {
    int fd = -1;
    bool busy = false;
    std::size_t request = 0;
    LoadClock::time_point start;
    std::string out;
    std::size_t sent = 0;
    std::string in;
};

/// A request that is sent again; its latency still counts from the first try.
struct Again {
    std::size_t request = 0;
    LoadClock::time_point start;
    LoadClock::time_point not_before;
};

/// -1 and errno when nobody listens.
int connect_loopback(std::uint16_t port) {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd < 0 || ::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
        const int error = errno;
        if (fd >= 0) {
            ::close(fd);
        }
        errno = error;
        return -1;
    }
    const int on = 1;
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    ::fcntl(fd, F_SETFL, O_NONBLOCK);
    return fd;
}

/// The length of the first complete response in `in`, and where its body starts; 0: not complete.
struct Frame {
    std::size_t total = 0;
    std::size_t body = 0;
    int status = 0;
};
Frame parse_frame(std::string_view in) {
    const std::size_t head = in.find("\r\n\r\n");
    if (head == std::string_view::npos || in.size() < 12) {
        return {};
    }
    Frame frame;
    std::from_chars(in.data() + 9, in.data() + 12, frame.status);
    std::size_t length = 0;
    const std::size_t field = in.substr(0, head).find("Content-Length: ");
    if (field != std::string_view::npos) {
        std::from_chars(in.data() + field + 16, in.data() + head, length);
    }
    frame.body = head + 4;
    if (in.size() < frame.body + length) {
        return {};
    }
    frame.total = frame.body + length;
    return frame;
}

}  // namespace

struct LoadDriver::State {
    explicit State(LoadOptions o) : options(o), epoll(::epoll_create1(EPOLL_CLOEXEC)) {
        connections.resize(options.connections);
        for (std::size_t i = 0; i < connections.size(); ++i) {
            open(i);
            idle.push_back(i);
        }
    }
    ~State() {
        for (const Connection& connection : connections) {
            if (connection.fd >= 0) {
                ::close(connection.fd);
            }
        }
        ::close(epoll);
    }

    /// False, when requests may be repeated: nobody listens now. Else throws.
    bool open(std::size_t index) {
        Connection& connection = connections[index];
        connection.fd = connect_loopback(options.port);
        connection.in.clear();
        if (connection.fd < 0) {
            if (options.repeat_failures) {
                return false;
            }
            throw std::runtime_error("cannot connect to 127.0.0.1:" + std::to_string(options.port) +
                                     ": " + std::strerror(errno));
        }
        epoll_event event{};
        event.events = EPOLLIN;
        event.data.u64 = index;
        ::epoll_ctl(epoll, EPOLL_CTL_ADD, connection.fd, &event);
        return true;
    }

    void close(std::size_t index) {
        Connection& connection = connections[index];
        if (connection.fd >= 0) {
            ::close(connection.fd);
            connection.fd = -1;
        }
        connection.in.clear();
    }

    LoadClock::time_point planned(std::size_t request) const {
        return begin + std::chrono::nanoseconds(static_cast<std::int64_t>(
                           1e9 * static_cast<double>(request) / options.rate));
    }

    void start_request(std::size_t index, std::size_t request, LoadClock::time_point start) {
        Connection& connection = connections[index];
        connection.busy = true;
        connection.request = request;
        connection.start = start;
        connection.out.clear();
        connection.sent = 0;
        if (connection.fd < 0 && !open(index)) {
            return finish(index, 0, {});
        }
        (*source)(request, connection.out);
        flush(index);
    }

    void flush(std::size_t index) {
        Connection& connection = connections[index];
        while (connection.sent < connection.out.size()) {
            const ssize_t n = ::send(connection.fd, connection.out.data() + connection.sent,
                                     connection.out.size() - connection.sent, MSG_NOSIGNAL);
            if (n <= 0) {
                if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
                    continue;  // a request is far smaller than a socket buffer
                }
                return finish(index, 0, {});
            }
            connection.sent += static_cast<std::size_t>(n);
        }
    }

    /// Reports the answer of a busy connection, or puts its request back; status 0 also closes the
    /// connection, which the next request opens again.
    void finish(std::size_t index, int status, std::string_view body) {
        Connection& connection = connections[index];
        if (status == 0) {
            close(index);
        }
        if (!connection.busy) {
            return;
        }
        connection.busy = false;
        idle.push_back(index);
        const auto now = LoadClock::now();
        if (options.repeat_failures && (status == 0 || status >= 500)) {
            ++repeats;
            again.push_back({connection.request, connection.start, now + options.repeat_pause});
            return;
        }
        ++answered;
        (*sink)(Answer{.request = connection.request,
                       .status = status,
                       .body = body,
                       .latency = now - connection.start});
    }

    void receive(std::size_t index) {
        Connection& connection = connections[index];
        std::array<char, 16384> buffer;
        const ssize_t n = ::recv(connection.fd, buffer.data(), buffer.size(), 0);
        if (n <= 0) {
            if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
                finish(index, 0, {});
            }
            return;
        }
        connection.in.append(buffer.data(), static_cast<std::size_t>(n));
        const Frame frame = parse_frame(connection.in);
        if (frame.total > 0) {
            const std::string whole = std::exchange(connection.in, {});
            finish(index, frame.status,
                   std::string_view(whole).substr(frame.body, frame.total - frame.body));
        }
    }

    /// Starts what may start now; returns how long to wait for events, in milliseconds.
    int start_ready(std::size_t count) {
        const auto now = LoadClock::now();
        std::size_t due = count;
        if (options.rate > 0) {
            const double elapsed = std::chrono::duration<double>(now - begin).count();
            due = std::min(count, 1 + static_cast<std::size_t>(elapsed * options.rate));
        }
        while (!again.empty() && again.front().not_before <= now && !idle.empty()) {
            const Again repeated = again.front();
            again.pop_front();
            start_request(take_idle(), repeated.request, repeated.start);
        }
        while (next < due && !idle.empty()) {
            const std::size_t request = next++;
            start_request(take_idle(), request, options.rate > 0 ? planned(request) : now);
        }
        if (options.rate > 0) {
            backlog_max = std::max(backlog_max, due - std::min(due, next));
        }
        if (!again.empty()) {
            return 5;
        }
        return options.rate > 0 && next < count ? 1 : 100;
    }

    std::size_t take_idle() {
        const std::size_t index = idle.back();
        idle.pop_back();
        return index;
    }

    void run(std::size_t count) {
        begin = LoadClock::now();
        next = 0;
        answered = 0;
        std::array<epoll_event, 256> events;
        while (answered < count) {
            const int wait_ms = start_ready(count);
            const int ready = ::epoll_wait(epoll, events.data(), events.size(), wait_ms);
            for (int i = 0; i < ready; ++i) {
                const std::size_t index = events[static_cast<std::size_t>(i)].data.u64;
                if (connections[index].fd >= 0) {
                    receive(index);
                }
            }
            if (LoadClock::now() - begin > options.time_max) {
                throw std::runtime_error("the load did not finish in time");
            }
        }
    }

    const LoadOptions options;
    int epoll;
    std::vector<Connection> connections;
    std::vector<std::size_t> idle;
    const Source* source = nullptr;
    const Sink* sink = nullptr;
    LoadClock::time_point begin;
    std::size_t next = 0;
    std::size_t answered = 0;
    std::size_t backlog_max = 0;
    std::size_t repeats = 0;
    std::deque<Again> again;
};

LoadDriver::LoadDriver(LoadOptions options) : state_(std::make_unique<State>(options)) {}
LoadDriver::~LoadDriver() = default;

void LoadDriver::run(std::size_t count, const Source& source, const Sink& sink) {
    state_->source = &source;
    state_->sink = &sink;
    state_->run(count);
}

std::size_t LoadDriver::backlog_max() const { return state_->backlog_max; }
std::size_t LoadDriver::repeats() const { return state_->repeats; }

}  // namespace courseselect::bench
