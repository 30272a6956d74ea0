#pragma once
/// A server that does what it is told, also what no server should: for tests of the client.

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace courseselect::test {

/// What to do with one accepted connection: for each entry read one request, write the text.
/// After the last entry the connection is closed (or kept until the end, with `hold`).
struct Script {
    std::vector<std::string> answers;
    bool hold = false;
    bool close_at_once = false;
};

/// Serves one connection after the other, each by its script, on a thread of its own.
class ScriptedServer {
  public:
    explicit ScriptedServer(std::vector<Script> scripts)
        : listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address;
        if (::bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
            ::listen(listener_, 16) != 0 ||
            ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
            throw std::runtime_error("cannot listen");
        }
        port_ = ntohs(address.sin_port);
        thread_ = std::thread([this, scripts = std::move(scripts)] {
            for (const Script& script : scripts) {
                serve(script);
            }
        });
    }
    ~ScriptedServer() {
        ::shutdown(listener_, SHUT_RDWR);
        thread_.join();
        for (const int held : held_) {
            ::close(held);
        }
        ::close(listener_);
    }
    ScriptedServer(const ScriptedServer&) = delete;
    ScriptedServer& operator=(const ScriptedServer&) = delete;

    [[nodiscard]] std::uint16_t port() const { return port_; }
    /// Until so many connections were closed; over loopback the peer has been told by then.
    void wait_until_closed(int count) const {
        for (int closed = closed_; closed < count; closed = closed_) {
            closed_.wait(closed);
        }
    }

  private:
    void serve(const Script& script) {
        const int connection = ::accept(listener_, nullptr, nullptr);
        if (connection < 0) {
            return;
        }
        for (const std::string& answer : script.answers) {
            if (script.close_at_once || !read_request(connection)) {
                break;
            }
            ::send(connection, answer.data(), answer.size(), MSG_NOSIGNAL);
        }
        if (script.hold) {
            held_.push_back(connection);
        } else {
            ::close(connection);
            ++closed_;
            closed_.notify_all();
        }
    }
    /// Reads up to the blank line; bodies in these tests come in the same packet.
    static bool read_request(int connection) {
        std::string text;
        char buffer[4096];
        while (text.find("\r\n\r\n") == std::string::npos) {
            const ssize_t n = ::recv(connection, buffer, sizeof buffer, 0);
            if (n <= 0) {
                return false;
            }
            text.append(buffer, static_cast<std::size_t>(n));
        }
        return true;
    }

    int listener_;
    std::uint16_t port_ = 0;
    std::vector<int> held_;
    std::atomic<int> closed_{0};
    std::thread thread_;
};

/// "HTTP/1.1 200 OK" with a body and its length.
inline std::string ok(const std::string& body, const std::string& fields = "") {
    return "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" + fields +
           "\r\n" + body;
}

}  // namespace courseselect::test
