#pragma once
/// A chat server on a loop of its own thread, and a plain blocking client to talk to it.

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <future>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include "courseselect/async/event_loop.hpp"
#include "courseselect/async/task_group.hpp"
#include "courseselect/chat/server.hpp"
#include "courseselect/core/clock.hpp"
#include "courseselect/crypto/random.hpp"
#include "courseselect/json/value.hpp"
#include "courseselect/repo/chat_memory_store.hpp"

namespace courseselect::test {

/// Sends and receives lines; gives up after 20 s.
class ChatClient {
  public:
    explicit ChatClient(std::uint16_t port, int receive_buffer_bytes = 0)
        : descriptor_(::socket(AF_INET, SOCK_STREAM, 0)) {
        if (receive_buffer_bytes > 0) {
            ::setsockopt(descriptor_, SOL_SOCKET, SO_RCVBUF, &receive_buffer_bytes,
                         sizeof receive_buffer_bytes);
        }
        ::sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(port);
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        if (::connect(descriptor_, static_cast<::sockaddr*>(static_cast<void*>(&address)),
                      sizeof address) != 0) {
            throw std::runtime_error("connect failed");
        }
    }
    ChatClient(ChatClient&& other) noexcept
        : descriptor_(std::exchange(other.descriptor_, -1)), held_(std::move(other.held_)) {}
    ~ChatClient() {
        if (descriptor_ >= 0) {
            ::close(descriptor_);
        }
    }
    ChatClient(const ChatClient&) = delete;
    ChatClient& operator=(const ChatClient&) = delete;

    /// False when the server has closed before all was sent.
    bool send_bytes(std::string_view bytes) const {
        while (!bytes.empty()) {
            const auto sent = ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
            if (sent <= 0) {
                return false;
            }
            bytes.remove_prefix(static_cast<std::size_t>(sent));
        }
        return true;
    }
    void send(const std::string& line) const { send_bytes(line + "\n"); }
    void end() const { ::shutdown(descriptor_, SHUT_WR); }

    /// The next line as JSON; absent when the server has closed.
    json::Value read() {
        while (held_.find('\n') == std::string::npos) {
            ::pollfd ready{descriptor_, POLLIN, 0};
            if (::poll(&ready, 1, 20'000) != 1) {
                throw std::runtime_error("no line within 20 s");
            }
            char part[4096];
            const auto size = ::recv(descriptor_, part, sizeof part, 0);
            if (size <= 0) {
                return {};
            }
            held_.append(part, static_cast<std::size_t>(size));
        }
        const auto end = held_.find('\n');
        auto line = json::Value::parse(std::string_view(held_).substr(0, end));
        held_.erase(0, end + 1);
        return line ? *line : throw std::runtime_error("the server sent no JSON");
    }
    json::Value ask(const std::string& line) {
        send(line);
        return read();
    }
    /// The next line of this type, whatever comes before it.
    json::Value read_type(std::string_view type) {
        while (true) {
            auto line = read();
            if (!line.exists() || line["type"].string() == type) {
                return line;
            }
        }
    }

  private:
    int descriptor_;
    std::string held_;
};

/// The fault that an answer tells, or "".
inline std::string code_of(const json::Value& line) { return line["code"].string().value_or(""); }

struct ChatFixtureOptions {
    chat::ServerOptions server;
    core::Secret jwt_secret;
};

/// Runs a server with a store in memory until it is destroyed.
class ChatFixture {
  public:
    explicit ChatFixture(ChatFixtureOptions options = {}) : options_(std::move(options)) {
        std::promise<std::uint16_t> listening;
        auto port = listening.get_future();
        thread_ = std::thread([this, &listening] { run(listening); });
        port_ = port.get();
    }
    ~ChatFixture() { stop(); }
    ChatFixture(const ChatFixture&) = delete;
    ChatFixture& operator=(const ChatFixture&) = delete;

    void stop() {
        begin_stop();
        if (thread_.joinable()) {
            thread_.join();
        }
    }
    /// What is asked of the loop after this call happens after the stop has begun.
    void begin_stop() {
        if (!std::exchange(is_stopping_, true)) {
            loop.post([this] { group_->spawn(stop_server()); });
        }
    }
    [[nodiscard]] std::uint16_t port() const { return port_; }
    /// Runs `function()` on the loop and returns its value.
    template <class F>
    auto on_loop(F function) {
        std::promise<decltype(function())> done;
        auto result = done.get_future();
        loop.post([&] { done.set_value(function()); });
        return result.get();
    }
    chat::Server& server() { return *server_; }
    /// A client that is logged in as `name`, with an account made on the way.
    ChatClient member(const std::string& name) {
        ChatClient client(port_);
        const std::string fields = "\"username\":\"" + name + "\",\"password\":\"secret\"}";
        client.ask(R"({"type":"register",)" + fields);
        const auto answer = client.ask(R"({"type":"login",)" + fields);
        if (answer["status"].string() != "success") {
            throw std::runtime_error("login failed: " + answer.text());
        }
        return client;
    }

    async::EventLoop loop;
    core::ManualClock clock;
    repo::MemoryChatStore store{loop};

  private:
    void run(std::promise<std::uint16_t>& listening) {
        group_ = std::make_unique<async::TaskGroup>(loop);
        auto hasher = auth::PasswordHasher::create({.bcrypt_cost = 4}, random_);
        hasher_.emplace(std::move(*hasher));
        if (!options_.jwt_secret.empty()) {
            tokens_.emplace(*auth::JwtVerifier::hs256(options_.jwt_secret));
        }
        server_ = *chat::Server::create({.loop = loop,
                                         .clock = clock,
                                         .store = store,
                                         .hasher = *hasher_,
                                         .pool = pool_,
                                         .tokens = tokens_ ? &*tokens_ : nullptr},
                                        options_.server);
        loop.post([this, &listening] { group_->spawn(start_server(listening)); });
        loop.run();
        while (group_->running() > 0) {
            loop.poll();
        }
        group_.reset();
        server_.reset();
    }
    async::Task<> start_server(std::promise<std::uint16_t>& listening) {
        const auto started = co_await server_->start();
        const auto listens = server_->listen(net::TcpAddress{});
        listening.set_value(started && listens ? server_->port() : std::uint16_t{0});
    }
    async::Task<> stop_server() {
        const std::chrono::milliseconds deadline{5'000};
        co_await server_->stop(deadline);
        loop.stop();
    }

    ChatFixtureOptions options_;
    crypto::SystemRandomSource random_;
    std::optional<auth::PasswordHasher> hasher_;
    std::optional<auth::JwtVerifier> tokens_;
    async::BlockingPool pool_{{.threads = 2}};
    std::unique_ptr<chat::Server> server_;
    std::unique_ptr<async::TaskGroup> group_;
    std::thread thread_;
    bool is_stopping_ = false;
    std::uint16_t port_ = 0;
};

}  // namespace courseselect::test
