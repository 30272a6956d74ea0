#include "rush/load_driver.hpp"

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <string>
#include <thread>
#include <vector>

using namespace courseselect;

namespace {

/// Answers one connection after the other; closes some of them instead.
class Listener {
  public:
    /// `drop`: so many connections are closed when their first request arrives.
    explicit Listener(int drop) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address;
        REQUIRE(::bind(fd_, reinterpret_cast<const sockaddr*>(&address), size) == 0);
        REQUIRE(::listen(fd_, 16) == 0);
        REQUIRE(::getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &size) == 0);
        port = ntohs(address.sin_port);
        thread_ = std::thread([this, drop] { serve(drop); });
    }
    ~Listener() {
        ::shutdown(fd_, SHUT_RDWR);
        thread_.join();
        ::close(fd_);
    }
    std::uint16_t port = 0;

  private:
    void serve(int drop) const {
        while (true) {
            const int connection = ::accept(fd_, nullptr, nullptr);
            if (connection < 0) {
                return;
            }
            std::array<char, 4096> buffer;
            while (::recv(connection, buffer.data(), buffer.size(), 0) > 0) {
                if (drop-- > 0) {
                    break;
                }
                const std::string answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
                ::send(connection, answer.data(), answer.size(), MSG_NOSIGNAL);
            }
            ::close(connection);
        }
    }

    int fd_;
    std::thread thread_;
};

void write_get(std::size_t, std::string& out) { out += "GET / HTTP/1.1\r\nHost: x\r\n\r\n"; }

}  // namespace

TEST_SUITE("rush/load_driver") {
    TEST_CASE("every request is answered once, with its own number") {
        const Listener listener(0);
        std::vector<int> answers(20);
        bench::LoadDriver driver({.port = listener.port, .connections = 1});
        driver.run(20, write_get, [&](const bench::Answer& answer) {
            CHECK(answer.status == 200);
            CHECK(answer.body == "ok");
            ++answers[answer.request];
        });
        CHECK(answers == std::vector<int>(20, 1));
    }

    TEST_CASE("a lost connection is reported with status 0") {
        const Listener listener(1);
        std::vector<int> status;
        bench::LoadDriver driver({.port = listener.port, .connections = 1});
        driver.run(2, write_get,
                   [&](const bench::Answer& answer) { status.push_back(answer.status); });
        CHECK(status == std::vector<int>{0, 200});
    }

    TEST_CASE("a lost request is sent again until it is answered when asked to") {
        const Listener listener(3);
        std::vector<int> status;
        bench::LoadDriver driver({.port = listener.port,
                                  .connections = 1,
                                  .repeat_failures = true,
                                  .repeat_pause = std::chrono::milliseconds{1}});
        driver.run(4, write_get,
                   [&](const bench::Answer& answer) { status.push_back(answer.status); });
        CHECK(status == std::vector<int>(4, 200));
        CHECK(driver.repeats() == 3);
    }

    TEST_CASE("an open loop sends everything too") {
        const Listener listener(0);
        int answers = 0;
        bench::LoadDriver driver({.port = listener.port, .connections = 1, .rate = 5000});
        driver.run(50, write_get, [&](const bench::Answer&) { ++answers; });
        CHECK(answers == 50);
    }
}
