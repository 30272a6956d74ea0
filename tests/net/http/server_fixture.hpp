#pragma once
/// A server on a loop of its own thread, and a plain blocking client to talk to it.

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <future>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include "courseselect/async/completion.hpp"
#include "courseselect/async/event_loop.hpp"
#include "courseselect/async/task_group.hpp"
#include "courseselect/core/clock.hpp"
#include "courseselect/net/http/server.hpp"

namespace courseselect::test {

/// Reads and writes with blocking calls that give up after 20 s.
class RawClient {
  public:
    explicit RawClient(std::uint16_t port) : descriptor_(::socket(AF_INET, SOCK_STREAM, 0)) {
        ::sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(port);
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        connect_to(&address, sizeof address);
    }
    explicit RawClient(const std::string& path) : descriptor_(::socket(AF_UNIX, SOCK_STREAM, 0)) {
        ::sockaddr_un address{};
        address.sun_family = AF_UNIX;
        std::memcpy(address.sun_path, path.data(), path.size());
        connect_to(&address, sizeof address);
    }
    ~RawClient() { ::close(descriptor_); }
    RawClient(const RawClient&) = delete;
    RawClient& operator=(const RawClient&) = delete;

    void send(std::string_view bytes) const {
        while (!bytes.empty()) {
            const auto sent = ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
            if (sent <= 0) {
                return;  // the server has closed; reading tells
            }
            bytes.remove_prefix(static_cast<std::size_t>(sent));
        }
    }
    void end() const { ::shutdown(descriptor_, SHUT_WR); }
    [[nodiscard]] int descriptor() const { return descriptor_; }

    /// Everything until the server closes.
    std::string read_all() {
        while (more()) {
        }
        return std::exchange(buffer_, {});
    }
    /// One answer with its head; the body by Content-Length.
    std::string read_answer(bool head_only = false) {
        std::size_t end = 0;
        while ((end = buffer_.find("\r\n\r\n")) == std::string::npos) {
            if (!more()) {
                return std::exchange(buffer_, {});
            }
        }
        end += 4;
        const std::size_t field = buffer_.find("Content-Length: ");
        if (!head_only && field < end) {
            end += std::stoul(buffer_.substr(field + 16));
        }
        while (buffer_.size() < end && more()) {
        }
        std::string answer = buffer_.substr(0, end);
        buffer_.erase(0, end);
        return answer;
    }
    /// What came with an answer before, else the bytes of one read.
    std::string read_some() {
        if (buffer_.empty()) {
            more();
        }
        return std::exchange(buffer_, {});
    }
    [[nodiscard]] bool is_silent() {
        ::pollfd poll{descriptor_, POLLIN, 0};
        return buffer_.empty() && ::poll(&poll, 1, 0) == 0;
    }

  private:
    void connect_to(const void* address, ::socklen_t size) const {
        ::timeval limit{20, 0};
        ::setsockopt(descriptor_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
        if (::connect(descriptor_, static_cast<const ::sockaddr*>(address), size) != 0) {
            throw std::runtime_error("connect failed");
        }
    }
    bool more() {
        char part[65536];
        ssize_t got = 0;
        do {
            got = ::recv(descriptor_, part, sizeof part, 0);
        } while (got < 0 && errno == EINTR);  // of a ring that this thread has used (SendBatch)
        if (got > 0) {
            buffer_.append(part, static_cast<std::size_t>(got));
        }
        return got > 0;
    }

    int descriptor_;
    std::string buffer_;
};

/// Says what it was asked; some paths do more.
class EchoHandler final : public net::http::Handler {
  public:
    /// `GET /wait`, `/wait-throw` and `/wait-upgrade` are answered by `release()` on the loop.
    void release() {
        if (gate_) {
            std::exchange(gate_, nullptr)->set(true);
        }
    }
    std::atomic<int> waiting{0};

    async::Task<net::http::Response> handle(const net::http::Request& request) override {
        net::http::Response response;
        if (request.path.starts_with("/wait")) {
            async::Completion<bool> gate;
            gate_ = &gate;
            ++waiting;
            const bool released = co_await gate;
            --waiting;
            response.status = released ? 200 : 500;
            response.content_type = "text/plain";
            if (request.path == "/wait-throw") {
                throw 42;  // not a std::exception
            }
            if (request.path == "/wait-upgrade") {
                agree_to_upgrade(response);
            }
        } else if (request.path == "/upgrade") {
            agree_to_upgrade(response);
        } else if (request.path == "/throw-number") {
            throw 42;
        } else if (request.path == "/throw") {
            throw std::runtime_error("secret reason");
        } else if (request.path == "/big") {
            response.body = "\"" + std::string(std::stoul(std::string(request.query)), 'x') + "\"";
        } else if (request.path == "/empty") {
            response.status = 204;
        } else if (request.path == "/split") {
            response.headers.push_back({"X-Echo", "a\r\nSet-Cookie: b"});
        } else if (request.path == "/close") {
            response.close = true;
        } else if (request.path == "/peer") {
            response.body = std::string(request.peer.address) + " " +
                            std::to_string(request.peer.uid) + " " +
                            std::to_string(request.peer.pid);
        }
        if (response.body.empty() && response.status == 200) {
            response.body = std::string(net::http::method_name(request.method)) + " " +
                            std::string(request.target) + " " + std::string(request.body);
        }
        co_return response;
    }

  private:
    static void agree_to_upgrade(net::http::Response& response) {
        response.status = 101;
        response.headers.push_back({"Upgrade", "echo"});
    }

    async::Completion<bool>* gate_ = nullptr;
};

/// Clock and limits are the test's; deadlines are looked at every 2 ms of real time.
class ServerFixture {
  public:
    /// @param other  answers instead of `handler`; outlives the fixture
    explicit ServerFixture(net::http::ServerOptions options = {},
                           net::http::Handler* other = nullptr) {
        options.sweep_interval = std::chrono::milliseconds{2};
        server_ = std::make_unique<net::http::Server>(loop_, clock, options,
                                                      other == nullptr ? handler : *other);
    }
    ~ServerFixture() {
        if (thread_.joinable()) {
            stop(std::chrono::milliseconds{0});
        }
    }
    ServerFixture(const ServerFixture&) = delete;
    ServerFixture& operator=(const ServerFixture&) = delete;

    /// Listens on TCP and starts the loop's thread.
    void start(net::TlsContext* tls = nullptr) {
        const auto listening = server_->listen(net::TcpAddress{}, tls);
        if (!listening) {
            throw std::runtime_error(listening.error().to_string());
        }
        run();
    }
    void run() {
        thread_ = std::thread([this] { loop_.run(); });
    }
    /// Runs `work` on the loop and waits for its value.
    template <class F>
    auto on_loop(F work) {
        const auto promise = std::make_shared<std::promise<decltype(work())>>();
        auto value = promise->get_future();
        loop_.post([promise, &work] { promise->set_value(work()); });
        return value.get();
    }
    net::http::Server::Stats stats() {
        return on_loop([this] { return server_->stats(); });
    }
    /// Waits until `condition` of the server's figures holds.
    template <class F>
    void wait_until(F condition) {
        while (!condition(stats())) {
            std::this_thread::yield();
        }
    }
    /// Starts to stop; returns at once. `stopped()` waits.
    void begin_stop(std::chrono::milliseconds deadline) {
        stopping_ = true;
        on_loop([this, deadline] {
            tasks_ = std::make_unique<async::TaskGroup>(loop_);
            tasks_->spawn(stop_server(*this, deadline));
            return true;
        });
    }
    void stopped() { finished_.wait(); }
    void stop(std::chrono::milliseconds deadline) {
        if (!stopping_) {
            begin_stop(deadline);
        }
        on_loop([this] {
            handler.release();
            return true;
        });
        stopped();
        on_loop([this] {
            tasks_.reset();
            server_.reset();
            return true;
        });
        loop_.stop();
        thread_.join();
    }
    net::http::Server& server() { return *server_; }
    async::EventLoop& loop() { return loop_; }
    RawClient connect() { return RawClient(server_->port()); }

    core::ManualClock clock;
    EchoHandler handler;

  private:
    static async::Task<> stop_server(ServerFixture& self, std::chrono::milliseconds deadline) {
        co_await self.server_->stop(deadline);
        self.done_.set_value();
    }

    async::EventLoop loop_;
    std::unique_ptr<net::http::Server> server_;
    std::unique_ptr<async::TaskGroup> tasks_;
    std::promise<void> done_;
    std::future<void> finished_ = done_.get_future();
    bool stopping_ = false;
    std::thread thread_;
};

}  // namespace courseselect::test
