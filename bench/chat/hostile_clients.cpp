#include "hostile_clients.hpp"

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace courseselect::bench {
namespace {

/// False when the server has closed.
bool send_all(int descriptor, std::string_view bytes) {
    while (!bytes.empty()) {
        const auto sent = ::send(descriptor, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent <= 0) {
            return false;
        }
        bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
}

}  // namespace

int connect_to(std::uint16_t port) {
    const int descriptor = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ::sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(descriptor, static_cast<::sockaddr*>(static_cast<void*>(&address)),
                  sizeof address) != 0) {
        ::close(descriptor);
        throw std::runtime_error("cannot connect to port " + std::to_string(port));
    }
    return descriptor;
}

void HostileClients::start(std::uint16_t port) {
    port_ = port;
    const std::string account = R"("username":"hostile","password":"secret"})";
    const std::string log_in =
        R"({"type":"register",)" + account + "\n" + R"({"type":"login",)" + account + "\n";
    std::string questions;
    while (questions.size() < 64 * 1024) {
        questions += "{\"type\":\"get_history\",\"limit\":500}\n{\"type\":\"ping\"}\n";
    }
    const auto add = [this](std::string greeting, std::string bytes, int pause_ms) {
        threads_.emplace_back([this, greeting = std::move(greeting), bytes = std::move(bytes),
                               pause_ms] { misbehave(greeting, bytes, pause_ms); });
    };
    add(log_in, "", 1'000);                   // never reads
    add("", "x", 1'000);                      // a byte a second
    add("", std::string(64 * 1024, 'x'), 0);  // a line without end
    add(log_in, questions, 0);                // floods, and does not read the answers
    add("", questions, 0);                    // the same without a login
    std::string no_utf8(4 * 1024, '\xff');
    no_utf8 += '\n';
    add("", std::move(no_utf8), 0);
}

void HostileClients::remember(int descriptor) {
    const std::lock_guard lock(mutex_);
    open_.push_back(descriptor);
}

void HostileClients::forget(int descriptor) {
    const std::lock_guard lock(mutex_);
    open_.erase(std::find(open_.begin(), open_.end(), descriptor));
    ::close(descriptor);
}

void HostileClients::misbehave(std::string greeting, std::string bytes, int pause_ms) {
    while (!stopping_) {
        const int descriptor = connect_to(port_);
        remember(descriptor);
        bool is_open = send_all(descriptor, greeting);
        while (is_open && !stopping_) {
            is_open = send_all(descriptor, bytes);
            ::poll(nullptr, 0, pause_ms);
        }
        forget(descriptor);
        // A tenth of a second between connections: what they do is the question, not how many.
        ::poll(nullptr, 0, 100);
    }
}

void HostileClients::stop() {
    stopping_ = true;
    {
        const std::lock_guard lock(mutex_);
        for (const int descriptor : open_) {
            ::shutdown(descriptor, SHUT_RDWR);
        }
    }
    for (std::thread& thread : threads_) {
        thread.join();
    }
    threads_.clear();
}

}  // namespace courseselect::bench
