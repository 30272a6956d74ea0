#pragma once
/// One connection of the line server. Private to the server.

// Before Asio: see http/connection.hpp.
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <asio/generic/stream_protocol.hpp>
#include <asio/io_context.hpp>

#include "courseselect/async/event.hpp"
#include "courseselect/core/clock.hpp"
#include "courseselect/net/detail/tls_engine.hpp"
#include "courseselect/net/line_framer.hpp"
#include "courseselect/net/lines.hpp"
#include "courseselect/net/send_batch.hpp"

namespace courseselect::net {

class SocketLineConnection;
using LineConnectionPointer = std::shared_ptr<SocketLineConnection>;

/// What all connections of one server share.
struct LineShared : std::enable_shared_from_this<LineShared> {
    LineShared(async::EventLoop& event_loop, const core::Clock& injected_clock,
               LineServerOptions server_options, LineService& line_service)
        : loop(event_loop),
          clock(injected_clock),
          options(server_options),
          service(line_service),
          changed(event_loop),
          read_buffer(new char[server_options.read_bytes_max]),
          batch(server_options.send_way) {}

    /// Writes for it at the end of this turn, together with everybody else.
    void flush_later(LineConnectionPointer connection);
    void flush_dirty();
    /// When all connections are closed: those that were to be written to hold this, and we them.
    void forget_flushes();

    async::EventLoop& loop;
    const core::Clock& clock;
    const LineServerOptions options;
    LineService& service;
    LineServer::Stats stats;
    std::vector<LineConnectionPointer> connections;
    std::unordered_map<std::string, std::size_t> per_address;
    bool reading_stopped = false;
    async::Event changed;                      ///< a connection has closed
    std::unique_ptr<char[]> read_buffer;       ///< lent to whoever reads: idle ones need none
    std::vector<LineConnectionPointer> dirty;  ///< have something to write at the end of the turn
    std::vector<LineConnectionPointer> flushing;  ///< of the last turn: their turn is now
    std::size_t flushed = 0;                      ///< of `flushing`, which then are null
    bool is_flush_posted = false;
    SendBatch batch;

  private:
    void send_together(std::size_t end);

    std::vector<BatchedSend> sends_;  // of one piece, here for its memory
};

/// A state machine driven by readiness. The server's list owns it; pending operations do too.
class SocketLineConnection final : public LineConnection,
                                   public std::enable_shared_from_this<SocketLineConnection> {
  public:
    using Socket =
        asio::basic_stream_socket<asio::generic::stream_protocol, asio::io_context::executor_type>;

    SocketLineConnection(const std::shared_ptr<LineShared>& shared, TlsContext* tls);
    ~SocketLineConnection() override;
    SocketLineConnection(const SocketLineConnection&) = delete;
    SocketLineConnection& operator=(const SocketLineConnection&) = delete;

    /// Takes over the descriptor and joins the server's list. Call once, after `make_shared`.
    void start(int descriptor, bool is_unix);
    /// Tells why and closes once that is sent, or at the linger timeout.
    void finish(LineEnd why);
    void check_deadlines(core::MonoTime now);
    /// All that is to be written, if one send can; empty: `flush_now` knows more ways.
    [[nodiscard]] BatchedSend offer() const;
    /// What became of it.
    void settle(std::ptrdiff_t result);
    /// The end of a turn: writes what the socket takes at once.
    void flush_now();
    /// Closes now and leaves the server's list.
    void close(LineEnd why);

    void send(std::string lines) override;
    void send(SharedBytes bytes, std::size_t offset, std::size_t size) override;
    void pause() override;
    void resume() override;
    void pause_for(std::chrono::milliseconds time) override;
    void end(std::string last_lines) override;
    [[nodiscard]] std::size_t unsent() const override { return unsent_; }
    [[nodiscard]] const std::string& address() const override { return address_; }

  private:
    /// A part of the output. The bytes are shared or this connection's own.
    struct Slice {
        SharedBytes bytes;
        std::size_t offset;
        std::size_t size;
    };

    struct Written {
        bool took_all = false;
        bool is_broken = false;
    };

    void enqueue(SharedBytes bytes, std::size_t offset, std::size_t size);
    void overflow();
    void keep_begun_line();
    void begin_end(LineEnd why, std::string last_lines);
    void mark_dirty();
    [[nodiscard]] bool may_handle() const;
    void on_peer_done();
    void close_when_done();
    void wait_readable();
    void on_readable();
    void take(std::string_view bytes);
    void take_encrypted(std::string_view bytes);
    void process();
    void process_later();
    void linger_read();
    void encrypt();
    [[nodiscard]] bool has_output();
    [[nodiscard]] Written write_once();
    [[nodiscard]] bool write_available();
    void flush();
    void drop_sent(std::size_t sent);
    void wait_writable();
    void shut_down();

    std::shared_ptr<LineShared> shared_;
    Socket socket_;
    int descriptor_ = -1;
    std::size_t index_ = 0;  // in shared_->connections
    std::string address_;
    std::unique_ptr<detail::TlsEngine> tls_;
    std::unique_ptr<LineHandler> handler_;
    LineFramer framer_;

    std::vector<Slice> output_;
    std::size_t output_start_ = 0;  // of the first slice not wholly sent
    std::size_t unsent_ = 0;
    SharedBytes wire_;  // encrypted bytes on their way, with TLS
    std::size_t wire_sent_ = 0;
    std::size_t lingered_ = 0;

    core::MonoTime now_{};  // of the last event
    core::MonoTime heard_{};
    core::MonoTime line_begun_{};
    core::MonoTime resume_at_{};
    core::MonoTime linger_until_{};
    bool is_paused_ = false;
    bool is_dirty_ = false;
    bool is_waiting_to_read_ = false;
    bool is_waiting_to_write_ = false;
    bool is_turn_pending_ = false;  // `process` is posted
    bool is_processing_ = false;
    bool is_quiet_ = false;
    bool is_peer_done_ = false;     // it has closed its side; we may still answer
    bool is_at_line_start_ = true;  // of the output: the last byte sent ended a line
    bool is_ending_ = false;
    bool is_tls_shut_ = false;
    bool is_shut_ = false;  // our side is closed
    bool is_closed_ = false;
};

}  // namespace courseselect::net
