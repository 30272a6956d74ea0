#pragma once
/// A server of any protocol whose messages are lines: it accepts, cuts lines, bounds what a client
/// can cost, and writes. What the lines mean is the handler's business.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "courseselect/async/event_loop.hpp"
#include "courseselect/async/task.hpp"
#include "courseselect/core/clock.hpp"
#include "courseselect/core/result.hpp"
#include "courseselect/net/listener.hpp"
#include "courseselect/net/send_batch.hpp"
#include "courseselect/net/tls.hpp"

namespace courseselect::net {

/// Bytes that many connections send without each having a copy.
using SharedBytes = std::shared_ptr<const std::string>;

/// Why a connection ends.
enum class LineEnd : std::uint8_t {
    peer_closed,        ///< or the network failed: nobody is left to be told
    closed_by_handler,  ///< `LineConnection::end`
    line_too_long,
    line_too_slow,  ///< a line was begun and not finished within `line_timeout`
    idle,           ///< no byte for `idle_timeout`
    too_slow,       ///< more than `output_bytes_max` waited for it to read
    stopping,
    too_many,             ///< `connections_max`
    too_many_of_address,  ///< `connections_per_address_max`
};

/// One client, as its handler sees it. Everything sent in one turn of the loop leaves in one write.
/// Thread-safety: the loop's thread.
class LineConnection {
  public:
    virtual ~LineConnection() = default;

    /// Appends to the output. `lines` are whole lines with their ends. Ignored after the end.
    virtual void send(std::string lines) = 0;
    /// The same for a part of shared bytes, which must not change any more.
    virtual void send(SharedBytes bytes, std::size_t offset, std::size_t size) = 0;
    /// No line is handed out, and nothing is read, until `resume()`.
    virtual void pause() = 0;
    virtual void resume() = 0;
    /// The same for a time, kept as exactly as `sweep_interval` says.
    virtual void pause_for(std::chrono::milliseconds time) = 0;
    /// Sends what waits and `last_lines`, then closes. The handler hears `closed_by_handler` at
    /// once and nothing afterwards.
    virtual void end(std::string last_lines) = 0;

    /// Bytes that the client has not taken yet.
    [[nodiscard]] virtual std::size_t unsent() const = 0;
    /// "127.0.0.1"; "unix" for a unix socket.
    [[nodiscard]] virtual const std::string& address() const = 0;
};

/// What one connection's lines go to. Destroyed with its connection, after `on_end`.
class LineHandler {
  public:
    virtual ~LineHandler() = default;
    /// A whole line without its end, valid during the call. Not called after `on_end`.
    virtual void on_line(std::string_view line) = 0;
    /// Nothing came for `quiet_after`; the time to ask whether anybody is there. Once a silence.
    virtual void on_quiet() {}
    /// Each `sweep_interval`, for what the protocol itself has deadlines for.
    virtual void on_sweep(core::MonoTime /*now*/) {}
    /// The client has closed its side. While this is true, and for `end_timeout` at most, answers
    /// to what it sent before are still worth sending (`printf ... | nc`).
    [[nodiscard]] virtual bool has_work() const { return false; }
    /// The last call. `connection` still exists, but what is sent to it is ignored.
    virtual void on_end(LineEnd why) = 0;
};

/// Makes handlers, and knows how the protocol says good-bye.
class LineService {
  public:
    virtual ~LineService() = default;
    /// `connection` outlives the handler.
    [[nodiscard]] virtual std::unique_ptr<LineHandler> on_connect(LineConnection& connection) = 0;
    /// The last line (with its end) for a client that is sent away for this reason; may be empty.
    [[nodiscard]] virtual std::string farewell(LineEnd why) const = 0;
};

/// Every bound of the server, with what happens at it.
struct LineServerOptions {
    std::size_t line_bytes_max = 64 * 1024;  ///< without its end; beyond: told, then closed
    /// Unsent bytes of one client. Beyond: what it has not begun to get is dropped, it is told why
    /// and closed. Shared bytes count fully for each client though they exist once.
    std::size_t output_bytes_max = 1024 * 1024;
    /// Unsent bytes at which a client's own further lines wait until it has read.
    std::size_t output_pause_bytes = 128 * 1024;
    std::size_t read_bytes_max = 16 * 1024;  ///< one read, so no client holds the loop for long
    std::size_t lines_per_turn_max = 64;     ///< then the other clients have their turn
    /// Clients written to, in one system call where that is possible; then reading has its turn.
    std::size_t flushes_per_turn_max = SendBatch::sends_max;
    std::size_t connections_max = 12'000;  ///< beyond: told, then closed
    /// The same of one address, which may stand for a campus behind one NAT.
    std::size_t connections_per_address_max = 2'000;
    int backlog = 4096;
    SendBatch::Way send_way = SendBatch::Way::best;

    std::chrono::milliseconds line_timeout{60'000};       ///< first byte of a line to its end
    std::chrono::milliseconds quiet_after{29 * 60'000};   ///< then `on_quiet`
    std::chrono::milliseconds idle_timeout{30 * 60'000};  ///< no byte; told, then closed
    std::chrono::milliseconds handshake_timeout{10'000};  ///< TLS; then closed
    std::chrono::milliseconds end_timeout{30'000};        ///< for answers to who has closed
    std::chrono::milliseconds linger_timeout{2'000};      ///< to take the last lines and close
    std::size_t linger_bytes_max = 512 * 1024;            ///< dropped meanwhile
    std::chrono::milliseconds sweep_interval{250};        ///< how exactly times are kept
};

/// Serves lines on any number of listeners of one loop. An idle connection holds no buffers.
/// Ownership: borrows loop, clock, service and TLS contexts.
/// Thread-safety: the loop's thread.
class LineServer {
  public:
    struct Stats {
        std::size_t connections = 0;  ///< open now
        std::uint64_t accepted = 0;
        std::uint64_t refused = 0;    ///< over a connection limit, or out of descriptors
        std::uint64_t timeouts = 0;   ///< closed for idleness or an unfinished line
        std::uint64_t overflows = 0;  ///< closed for reading too slowly
        std::uint64_t writes = 0;     ///< system calls
        std::uint64_t bytes_sent = 0;
    };

    LineServer(async::EventLoop& loop, const core::Clock& clock, LineServerOptions options,
               LineService& service);
    ~LineServer();
    LineServer(const LineServer&) = delete;
    LineServer& operator=(const LineServer&) = delete;

    /// Starts to accept. `tls`: speak TLS on this listener. Errors: those of `ListeningSocket`.
    core::Result<> listen(const TcpAddress& address, TlsContext* tls = nullptr);
    core::Result<> listen(const UnixAddress& address, TlsContext* tls = nullptr);

    /// The ports of the TCP listeners in the order of `listen`; 0 when there is none.
    [[nodiscard]] std::uint16_t port(std::size_t index = 0) const;
    [[nodiscard]] const Stats& stats() const;

    /// Stops accepting and reading; what handlers still send is sent.
    void stop_reading();
    /// Says good-bye to everybody (`LineEnd::stopping`), waits until all have closed, but no longer
    /// than `deadline`. Call once.
    [[nodiscard]] async::Task<> stop(std::chrono::milliseconds deadline);

  private:
    class Core;
    std::shared_ptr<Core> core_;
};

}  // namespace courseselect::net
