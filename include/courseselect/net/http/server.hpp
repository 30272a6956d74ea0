#pragma once
/// The HTTP/1.1 server (RFC 9110, RFC 9112).

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "courseselect/async/event_loop.hpp"
#include "courseselect/async/task.hpp"
#include "courseselect/core/clock.hpp"
#include "courseselect/core/result.hpp"
#include "courseselect/net/http/handler.hpp"
#include "courseselect/net/http/message.hpp"
#include "courseselect/net/listener.hpp"
#include "courseselect/net/stream.hpp"
#include "courseselect/net/tls.hpp"

namespace courseselect::net::http {

/// One answered request, for logs and metrics. The views are valid during the call only.
struct AccessRecord {
    Method method = Method::get;
    std::string_view path;  ///< empty when the request was refused before its target was read
    int status = 0;
    std::size_t request_body_bytes = 0;
    std::size_t response_bytes = 0;        ///< head and body as sent, before TLS
    std::chrono::nanoseconds duration{0};  ///< from the read that completed it to the answer
    Peer peer;
};

/// Is told about every answer. Called inline on the loop: must be quick and must not throw.
class AccessObserver {
  public:
    virtual ~AccessObserver() = default;
    virtual void on_request_done(const AccessRecord& record) = 0;
    /// A handler threw; the client gets a 500. `what` is for the log only.
    virtual void on_handler_exception(const Request& /*request*/, std::string_view /*what*/) {}
};

/// Takes connections over from the server, for WebSocket and its like (RFC 9110 §7.8).
///
/// A handler agrees by answering 101 with the field `Upgrade`; the server adds `Connection:
/// Upgrade`, sends the answer and what was pipelined before it, and then calls `take_over`. The
/// connection is the taker's from then on: the server neither counts it, nor limits it, nor closes
/// it when it stops. A 101 to a request that did not ask for it (HTTP/1.1, `Upgrade`, `Connection:
/// upgrade`), or on a server without upgrader, is a bug of the handler and becomes a 500; a server
/// that stops answers 503 instead.
class Upgrader {
  public:
    virtual ~Upgrader() = default;
    /// @param request  valid during the call only
    /// @param stream   what the client sent behind its request is the first that it reads
    virtual void take_over(const Request& request, std::unique_ptr<Stream> stream) = 0;
};

/// Every bound of the server, with what happens at it.
struct ServerOptions {
    std::size_t target_bytes_max = 8 * 1024;    ///< beyond: 414
    std::size_t header_bytes_max = 16 * 1024;   ///< request line and fields; beyond: 431
    std::size_t header_count_max = 100;         ///< fields; beyond: 431
    std::size_t body_bytes_max = 1024 * 1024;   ///< decoded; beyond: 413
    std::size_t connections_max = 12'000;       ///< beyond: 503 at once, then closed
    std::size_t pipelined_requests_max = 256;   ///< answers gathered in one write
    std::size_t output_bytes_max = 256 * 1024;  ///< unsent bytes before the next request waits
    std::size_t read_bytes_min = 2 * 1024;      ///< buffer of an idle connection
    std::size_t read_bytes_max = 16 * 1024;     ///< one read of a busy one; bounds pipelined bytes
    std::size_t linger_bytes_max = 512 * 1024;  ///< discarded after a refusal, so that it arrives
    std::size_t stream_unsent_bytes_max = 1024 * 1024;  ///< of an upgraded one; beyond: closed
    std::size_t gzip_bytes_min = 8 * 1024;  ///< JSON and text from this size, if asked; 0: never
    int backlog = 4096;                     ///< of listening sockets
    /// Users that may connect to unix sockets (SO_PEERCRED); others are logged and closed at once.
    /// Empty: whoever the mode of the socket's file lets.
    std::vector<std::uint32_t> unix_peer_uids;

    std::chrono::milliseconds header_timeout{10'000};  ///< first byte to end of head; then 408
    std::chrono::milliseconds body_timeout{30'000};    ///< head to end of body; then 408
    std::chrono::milliseconds idle_timeout{75'000};    ///< between requests; then closed
    std::chrono::milliseconds write_timeout{30'000};   ///< for what one answer left unsent; closed
    /// For the answer to a client that has shut its side while its handler runs; then closed.
    std::chrono::milliseconds half_closed_timeout{10'000};
    std::chrono::milliseconds linger_timeout{2'000};  ///< after a refusal; then closed
    std::chrono::milliseconds sweep_interval{250};    ///< how exactly timeouts are kept

    AccessObserver* observer = nullptr;  ///< borrowed; must outlive the server
    Upgrader* upgrader = nullptr;        ///< borrowed; must outlive the server
};

/// Serves HTTP on any number of listeners of one loop.
///
/// Requests of one connection are handled in order, one at a time; the answers to everything one
/// read brought leave in one write. What is not plainly valid is refused with
/// `{"detail": "..."}` and the connection is closed: RFC 9112 leaves no room for guessing (§11.2).
/// Handlers that throw, whatever it is, are answered with 500.
///
/// A client that goes away while its handler is suspended is noticed: its connection is freed at
/// once, and what the handler answers is dropped (the handler itself runs to its end). One that
/// only shuts its own side may still read, so it keeps its connection for `half_closed_timeout`.
///
/// Ownership: borrows loop, clock, the observer and upgrader of the options, handler and TLS
/// contexts. Before destruction `co_await stop(...)`; destroying a server while handlers run is a
/// bug and aborts. Thread-safety: the loop's thread.
class Server {
  public:
    struct Stats {
        std::size_t connections = 0;  ///< open now
        std::size_t handlers = 0;     ///< suspended now
        std::uint64_t accepted = 0;
        std::uint64_t refused_connections = 0;  ///< over a limit, or peers not allowed
        std::uint64_t requests = 0;             ///< answered, refusals included
        std::uint64_t timeouts = 0;             ///< connections closed by a deadline, idle ones too
        std::uint64_t abandoned = 0;  ///< clients that were gone before their handler had ended
        std::uint64_t upgraded = 0;   ///< connections given to the upgrader
    };

    Server(async::EventLoop& loop, const core::Clock& clock, ServerOptions options,
           Handler& handler);
    ~Server();
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    /// Starts to accept. `tls`: speak TLS on this listener. Errors: those of `ListeningSocket`.
    core::Result<> listen(const TcpAddress& address, TlsContext* tls = nullptr);
    core::Result<> listen(const UnixAddress& address, TlsContext* tls = nullptr);

    /// The port of the first TCP listener; 0 without one.
    [[nodiscard]] std::uint16_t port() const;
    [[nodiscard]] const Stats& stats() const;

    /// Stops accepting, closes idle connections, lets running requests finish and answers them
    /// with `Connection: close`. At `deadline` (from now) what is left is closed. Returns when no
    /// connection is left and every handler has ended: handlers are never destroyed while they
    /// run, so their own waits need deadlines. Call once.
    async::Task<> stop(std::chrono::milliseconds deadline);

  private:
    class Core;
    std::shared_ptr<Core> core_;
};

}  // namespace courseselect::net::http
