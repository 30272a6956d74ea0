// The limit the chat server's fan-out is compared with: a server that does nothing but `send()`. It
// says yes to every login, stores nothing, parses nothing, waits for nothing: each message goes as
// a line of the same size to everybody at once, one system call a delivery, or with "batched" one
// for 512. What it costs is the system's share of a delivery on this machine and at this load.
//
//     send_limit PORT [batched]     prints "listening" when it does

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "courseselect/net/send_batch.hpp"

using courseselect::net::BatchedSend;
using courseselect::net::SendBatch;

namespace {

constexpr std::string_view login_answer =
    "{\"type\":\"login_response\",\"status\":\"success\",\"user_id\":1}\n";
constexpr std::string_view register_answer =
    "{\"type\":\"register_response\",\"status\":\"success\"}\n";
constexpr std::string_view told_begin =
    "{\"type\":\"new_message\",\"id\":1000000,"
    "\"sender\":\"listener0\",\"message\":";
constexpr std::string_view told_end = ",\"timestamp\":\"2026-01-15T10:30:00\"}\n";

int listen_on(std::uint16_t port) {
    const int descriptor = ::socket(AF_INET, SOCK_STREAM, 0);
    const int on = 1;
    ::setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    ::sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::bind(descriptor, static_cast<::sockaddr*>(static_cast<void*>(&address)),
               sizeof address) != 0 ||
        ::listen(descriptor, 1024) != 0) {
        std::perror("send_limit");
        std::exit(1);
    }
    return descriptor;
}

class Limit {
  public:
    Limit(std::uint16_t port, SendBatch::Way way) : listener_(listen_on(port)), batch_(way) {
        watch(listener_);
    }

    [[noreturn]] void run() {
        std::array<::epoll_event, 256> events;
        while (true) {
            const int count = ::epoll_wait(epoll_, events.data(), events.size(), -1);
            for (int i = 0; i < count; ++i) {
                const int descriptor = events[static_cast<std::size_t>(i)].data.fd;
                descriptor == listener_ ? admit() : read(descriptor);
            }
        }
    }

  private:
    void watch(int descriptor) {
        ::epoll_event event{};
        event.events = EPOLLIN;
        event.data.fd = descriptor;
        ::epoll_ctl(epoll_, EPOLL_CTL_ADD, descriptor, &event);
    }

    void admit() {
        const int descriptor = ::accept(listener_, nullptr, nullptr);
        const int on = 1;
        ::setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        watch(descriptor);
    }

    void read(int descriptor) {
        std::array<char, 16 * 1024> bytes;
        const ssize_t size = ::recv(descriptor, bytes.data(), bytes.size(), 0);
        if (size <= 0) {
            ::close(descriptor);
            return;
        }
        std::string& held = unfinished_[descriptor];
        held.append(bytes.data(), static_cast<std::size_t>(size));
        std::size_t begin = 0;
        for (auto end = held.find('\n'); end != std::string::npos; end = held.find('\n', begin)) {
            answer(descriptor, std::string_view(held).substr(begin, end - begin));
            begin = end + 1;
        }
        held.erase(0, begin);
    }

    void answer(int descriptor, std::string_view line) {
        const auto text = line.find("\"message\":\"");
        if (text != std::string_view::npos) {
            tell(line.substr(text + 10, line.size() - text - 11));
        } else if (line.find("register") != std::string_view::npos) {
            send_all(descriptor, register_answer);
        } else {
            members_.push_back(descriptor);
            send_all(descriptor, login_answer);
        }
    }

    void tell(std::string_view quoted_text) {
        line_.assign(told_begin);
        line_.append(quoted_text);
        line_.append(told_end);
        sends_.clear();
        for (const int member : members_) {
            sends_.push_back({.descriptor = member, .bytes = line_});
        }
        batch_.run(sends_);
    }

    static void send_all(int descriptor, std::string_view bytes) {
        ::send(descriptor, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    }

    int epoll_ = ::epoll_create1(0);
    int listener_;
    std::vector<int> members_;
    std::map<int, std::string> unfinished_;
    std::string line_;
    SendBatch batch_;
    std::vector<BatchedSend> sends_;
};

}  // namespace

int main(int argc, char** argv) {
    const bool is_batched = argc == 3 && argv[2] == std::string_view("batched");
    if (argc != (is_batched ? 3 : 2)) {
        std::fputs("usage: send_limit PORT [batched]\n", stderr);
        return 2;
    }
    Limit limit(static_cast<std::uint16_t>(std::atoi(argv[1])),
                is_batched ? SendBatch::Way::best : SendBatch::Way::one_by_one);
    std::puts("listening");
    std::fflush(stdout);
    limit.run();
}
