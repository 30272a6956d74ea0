#pragma once
/// The Socket.IO server (protocol 5, over Engine.IO 4).

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "courseselect/async/event_loop.hpp"
#include "courseselect/async/task.hpp"
#include "courseselect/core/clock.hpp"
#include "courseselect/crypto/random.hpp"
#include "courseselect/realtime/engine.hpp"
#include "courseselect/realtime/namespace.hpp"

namespace courseselect::realtime {

/// Is told what concerns the operator. Called inline on the loop: quick, must not throw.
class ServerObserver {
  public:
    virtual ~ServerObserver() = default;
    /// A handler threw; the client is not told. `what` is for the log only.
    virtual void on_handler_exception(std::string_view /*nsp*/, std::string_view /*event*/,
                                      std::string_view /*what*/) {}
};

/// Every bound of the server, with what happens at it; those of the transports in `engine`.
struct ServerOptions {
    engine::Options engine;
    /// A connection that has joined no namespace by then is closed.
    std::chrono::milliseconds connect_timeout{45'000};
    std::size_t attachments_max = 10;  ///< of one packet; beyond: closed, "parse error"
    std::size_t attachment_bytes_max = 4 * 1024 * 1024;  ///< of one packet together; likewise
    std::size_t json_depth_max = 64;  ///< lists and objects open at once; beyond: "parse error"
    std::size_t namespaces_per_connection_max = 16;  ///< beyond: closed
    std::size_t rooms_per_socket_max = 256;          ///< beyond: `join` refuses
    std::size_t room_name_bytes_max = 256;           ///< beyond: `join` refuses
    std::size_t acks_pending_max = 256;              ///< asked by us; beyond: refused at once
    /// Handlers of one connection that wait; its further packets wait until there are fewer.
    std::size_t handlers_per_connection_max = 64;
    ServerObserver* observer = nullptr;  ///< borrowed; must outlive the server
};

/// Answers the requests of Socket.IO clients, on both transports, for any number of namespaces.
///
///     realtime::Server realtime(loop, clock, random, options);
///     realtime.of("/").admit(check_token).on("join_course", join_course);
///     net::http::ServerOptions http{.upgrader = &realtime};
///     net::http::Server server(loop, clock, http, realtime);   // or behind `net::http::Mounts`
///
/// The body limit of the HTTP server must not be smaller than `engine.payload_bytes_max`.
/// Ownership: borrows loop, clock, random source and observer. `co_await stop(...)` before
/// destruction, and before the HTTP server is stopped. Thread-safety: the loop's thread.
class Server final : public net::http::Handler, public net::http::Upgrader {
  public:
    struct Stats {
        engine::Server::Stats engine;
        std::size_t sockets = 0;       ///< in all namespaces, now
        std::size_t handlers = 0;      ///< that wait, now
        std::uint64_t packets = 0;     ///< received
        std::uint64_t deliveries = 0;  ///< packets sent, each receiver counted
        std::uint64_t refused = 0;     ///< CONNECT_ERROR answers
        std::uint64_t parse_errors = 0;
    };

    Server(async::EventLoop& loop, const core::Clock& clock, crypto::RandomSource& random,
           ServerOptions options);
    ~Server() override;
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    /// The namespace of that name ("/", "/custom"), made at the first call. Clients of any other
    /// get CONNECT_ERROR "Invalid namespace". The reference stays valid as long as the server.
    Namespace& of(std::string_view name);

    /// Requests whose path begins with "/socket.io" belong here.
    [[nodiscard]] async::Task<net::http::Response> handle(
        const net::http::Request& request) override;
    void take_over(const net::http::Request& request, std::unique_ptr<net::Stream> stream) override;

    [[nodiscard]] engine::Server& engine();
    [[nodiscard]] Stats stats() const;
    [[nodiscard]] const ServerOptions& options() const;

    /// Does what is due by the clock; for tests with a `ManualClock`.
    void check_deadlines();

    /// Refuses new connections and closes all ("server shutting down"), then waits for the
    /// handlers that still run, whose own waits need deadlines, and until what was said to whoever
    /// reads has left. Call once.
    [[nodiscard]] async::Task<> stop();

  private:
    friend class Broadcast;
    friend class Connection;
    friend class Namespace;
    friend class Socket;
    class Core;
    std::unique_ptr<Core> core_;
};

}  // namespace courseselect::realtime
