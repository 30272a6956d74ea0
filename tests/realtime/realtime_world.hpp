#pragma once
/// A server without HTTP around it, on a manual clock, and clients of both transports for it.

#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "courseselect/async/event_loop.hpp"
#include "courseselect/async/task_group.hpp"
#include "courseselect/core/clock.hpp"
#include "courseselect/crypto/random.hpp"
#include "courseselect/net/ws/message_reader.hpp"
#include "courseselect/realtime/server.hpp"

namespace courseselect::test {

/// What a handler returns that has nothing to wait for.
inline async::Task<> nothing() { co_return; }

/// An answer that may still be waited for.
using PendingAnswer = std::shared_ptr<std::optional<net::http::Response>>;

/// Clock, loop, and requests made by hand. `S` is either of the two servers.
template <class S>
class RealtimeWorldOf {
  public:
    virtual ~RealtimeWorldOf() { turn(); }
    RealtimeWorldOf() = default;
    RealtimeWorldOf(const RealtimeWorldOf&) = delete;
    RealtimeWorldOf& operator=(const RealtimeWorldOf&) = delete;

    /// Lets the loop run until nothing is ready any more.
    void turn() {
        for (int i = 0; i < 20; ++i) {
            loop.poll();
        }
    }
    void advance(std::chrono::microseconds step) {
        clock.advance(step);
        server().check_deadlines();
        turn();
    }
    PendingAnswer ask(net::http::Method method, std::string query, std::string body = {},
                      std::vector<net::http::HeaderView> fields = {}) {
        auto answer = std::make_shared<std::optional<net::http::Response>>();
        tasks.spawn(ask_server(server(), method, std::move(query), std::move(body),
                               std::move(fields), address, answer));
        turn();
        return answer;
    }
    /// The body of an answer that must be there; its status in front when it is not 200.
    static std::string text(const PendingAnswer& answer) {
        if (!answer->has_value()) {
            return "waits";
        }
        const net::http::Response& response = **answer;
        return (response.status == 200 ? "" : std::to_string(response.status) + " ") +
               response.body;
    }
    std::string get(const std::string& sid) {
        return text(ask(net::http::Method::get, polling + "&sid=" + sid));
    }
    std::string post(const std::string& sid, std::string body) {
        return text(ask(net::http::Method::post, polling + "&sid=" + sid, std::move(body)));
    }
    /// Opens a polling session; its id.
    std::string open() { return id_in(text(ask(net::http::Method::get, polling))); }
    static std::string id_in(const std::string& text) {
        const std::size_t start = text.find("\"sid\":\"") + 7;
        return text.substr(start, text.find('"', start) - start);
    }

    virtual S& server() = 0;

    const std::string polling = "EIO=4&transport=polling";
    core::ManualClock clock;
    async::EventLoop loop;
    crypto::SeededRandomSource random{7};
    std::string address = "127.0.0.1";
    async::TaskGroup tasks{loop};

  private:
    static async::Task<> ask_server(S& server, net::http::Method method, std::string query,
                                    std::string body, std::vector<net::http::HeaderView> fields,
                                    std::string from, PendingAnswer answer) {
        net::http::Request request;
        request.method = method;
        request.query = query;
        request.body = body;
        request.headers = fields;
        request.peer.address = from;
        net::http::Response response = co_await server.handle(request);
        answer->emplace(std::move(response));
    }
};

/// The client's end of a WebSocket that the server has taken over.
template <class S>
class SocketClient {
  public:
    explicit SocketClient(RealtimeWorldOf<S>& world,
                          const std::string& query = "EIO=4&transport=websocket")
        : world_(world) {
        int ends[2];
        if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) != 0) {
            throw std::runtime_error("socketpair");
        }
        descriptor_ = ends[1];
        net::http::Request request;
        request.query = query;
        request.peer.address = world.address;
        world.server().take_over(
            request, std::make_unique<net::Stream>(world.loop, ends[0], "", 64 * 1024 * 1024));
    }
    ~SocketClient() { end(); }
    SocketClient(const SocketClient&) = delete;
    SocketClient& operator=(const SocketClient&) = delete;

    void send(std::string_view text) { send_frame(net::ws::Opcode::text, text); }
    void send_binary(std::string_view bytes) { send_frame(net::ws::Opcode::binary, bytes); }
    /// Everything that has come, joined by '|'; binary as "bytes:N"; "closed CODE" and "EOF".
    std::string read() {
        world_.turn();
        std::string all;
        std::array<char, 65536> part{};
        while (true) {
            const ssize_t size = ::recv(descriptor_, part.data(), part.size(), 0);
            if (size <= 0) {
                return size == 0 && descriptor_ >= 0 ? all + "EOF" : all;
            }
            std::span<char> input(part.data(), static_cast<std::size_t>(size));
            take(input, all);
            world_.turn();
        }
    }
    /// Joins a namespace ("/" or "/x,") and forgets what came; the socket's id.
    std::string join(const std::string& nsp = "", const std::string& auth = "") {
        static_cast<void>(read());
        send("40" + nsp + auth);
        return RealtimeWorldOf<S>::id_in(read());
    }
    void end() {
        if (descriptor_ >= 0) {
            ::close(std::exchange(descriptor_, -1));
            world_.turn();
        }
    }

  private:
    void send_frame(net::ws::Opcode opcode, std::string_view payload) {
        std::string frame;
        net::ws::append_masked_frame(frame, opcode, payload, {1, 2, 3, 4});
        std::string_view rest = frame;
        while (!rest.empty()) {
            const ssize_t sent = ::send(descriptor_, rest.data(), rest.size(), MSG_NOSIGNAL);
            rest.remove_prefix(sent > 0 ? static_cast<std::size_t>(sent) : 0);
            world_.turn();
            if (sent < 0 && errno != EAGAIN) {
                return;
            }
        }
    }
    void take(std::span<char> input, std::string& all) {
        using Status = net::ws::MessageReader::Status;
        for (Status status = reader_.next(input); status != Status::need_more;
             status = reader_.next(input)) {
            if (status == Status::text) {
                all += std::string(reader_.payload()) + "|";
            } else if (status == Status::binary) {
                all += "bytes:" + std::string(reader_.payload()) + "|";
            } else if (status == Status::close) {
                all += "closed " + std::to_string(static_cast<int>(reader_.close_code())) + "|";
            } else {
                throw std::runtime_error("an unexpected frame");
            }
        }
    }

    RealtimeWorldOf<S>& world_;
    int descriptor_ = -1;
    net::ws::MessageReader reader_{net::ws::Role::client, 64 * 1024 * 1024};
};

/// The Socket.IO server.
class RealtimeWorld final : public RealtimeWorldOf<realtime::Server> {
  public:
    explicit RealtimeWorld(realtime::ServerOptions options = {}) {
        made_.emplace(loop, clock, random, std::move(options));
    }
    ~RealtimeWorld() {
        async::TaskGroup stopping(loop);
        stopping.spawn(made_->stop());
        turn();
    }
    realtime::Server& server() override { return *made_; }
    realtime::Namespace& main() { return made_->of("/"); }

  private:
    std::optional<realtime::Server> made_;
};
using RealtimeClient = SocketClient<realtime::Server>;

}  // namespace courseselect::test
