#pragma once
/// One connection of the HTTP server. Private to the server.

// Before Asio: it asks the standard library's macros whether there is an aligned_alloc, so a file
// that includes Asio first frees with another function than the rest allocates with.
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <asio/generic/stream_protocol.hpp>
#include <asio/io_context.hpp>

#include "courseselect/async/event.hpp"
#include "courseselect/core/clock.hpp"
#include "courseselect/net/detail/tls_engine.hpp"
#include "courseselect/net/http/parser.hpp"
#include "courseselect/net/http/server.hpp"
#include "response_writer.hpp"

namespace courseselect::net::http {

class Connection;

/// The connections that were answered during this turn of the loop and are read from at its end.
struct ReadsOfTurn {
    std::vector<std::shared_ptr<Connection>> waiting;
    std::vector<std::shared_ptr<Connection>> visited;  ///< empty outside `run`; keeps its memory
    void run();
};

/// What all connections of one server share.
struct ServerShared {
    ServerShared(async::EventLoop& event_loop, const core::Clock& injected_clock,
                 ServerOptions server_options, Handler& request_handler)
        : loop(event_loop),
          clock(injected_clock),
          options(server_options),
          parser_limits{.target_bytes_max = server_options.target_bytes_max,
                        .header_bytes_max = server_options.header_bytes_max,
                        .header_count_max = server_options.header_count_max,
                        .body_bytes_max = server_options.body_bytes_max},
          handler(request_handler),
          changed(event_loop) {}

    async::EventLoop& loop;
    const core::Clock& clock;
    const ServerOptions options;
    const ParserLimits parser_limits;
    Handler& handler;
    Server::Stats stats;
    DateCache date;
    std::string output;  ///< lent to the connection that is being answered
    std::vector<Connection*> connections;
    /// Never null; who reads at the turn's end shares it, for the server may be gone by then.
    const std::shared_ptr<ReadsOfTurn> reads = std::make_shared<ReadsOfTurn>();
    bool draining = false;
    async::Event changed;  ///< a connection or a handler has ended
};

/// A state machine driven by completions. Every pending operation and every suspended handler
/// holds a reference; the server's list borrows. At most one read, one write and one handler are
/// under way. While a handler is suspended only the rest of the buffer is read into, to notice a
/// client that goes away: the views of its request stay valid, and pipelined bytes stay bounded.
/// The server outlives every connection that is not closed, and every running handler.
class Connection final : public std::enable_shared_from_this<Connection> {
  public:
    using Socket =
        asio::basic_stream_socket<asio::generic::stream_protocol, asio::io_context::executor_type>;

    Connection(ServerShared& shared, asio::io_context& context, TlsContext* tls);
    ~Connection();
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    /// Takes over the descriptor. Call once, after construction by `make_shared`.
    void start(int descriptor, bool is_unix);
    /// Closes or answers 408 when the present phase is over its time.
    void check_deadline(core::MonoTime now);
    /// The server stops: an idle connection is closed, others after their answer.
    void drain();
    /// Closes now and leaves the server's list; a running handler goes on for nobody.
    void close();

  private:
    friend ReadsOfTurn;
    /// What the peer or we are expected to do next, hence which deadline holds.
    enum class Phase : std::uint8_t { answered, idle, head, body, handling, lingering, upgrading };
    struct Waiter;

    static Waiter wait_for_handler(std::shared_ptr<Connection> self);

    void proceed();
    [[nodiscard]] bool process();
    [[nodiscard]] bool dispatch();
    void finish_dispatch();
    [[nodiscard]] Response take_response();
    void on_handler_done();
    void answer(Response& response);
    void refuse(int status, std::string_view detail);
    void report(const Response& response, std::size_t bytes);
    void report_exception();
    void maybe_continue();
    void await_bytes();
    void read();
    void read_into_rest();
    void read_after_turn();
    void watch();
    void on_read(const asio::error_code& error, std::size_t size);
    void on_read_while_handling(const asio::error_code& error);
    void on_peer_ended();
    void place(std::size_t size);
    void make_room();
    void compact();
    [[nodiscard]] bool decrypt();
    void flush();
    void write_rest(std::size_t sent);
    void write_more();
    void on_written(bool failed, std::size_t size);
    void linger();
    [[nodiscard]] bool may_upgrade(const Request& request) const;
    void hand_over();
    void leave();
    void borrow_output();
    void return_output();

    ServerShared& shared_;
    Socket socket_;
    int descriptor_ = -1;
    std::size_t index_ = 0;  // in shared_.connections
    std::unique_ptr<detail::TlsEngine> tls_;
    RequestParser parser_;

    std::unique_ptr<char[]> input_;
    std::size_t input_capacity_ = 0;
    std::size_t input_size_ = 0;
    std::size_t input_start_ = 0;  // of the present request
    std::size_t read_at_ = 0;      // where the pending read puts its bytes
    std::string output_;           // answers not yet given to the socket
    std::string sending_;          // being written in the background
    std::size_t sent_ = 0;
    std::size_t lingered_ = 0;

    std::string address_;
    Peer peer_;
    core::MonoTime now_{};      // of the last event
    core::MonoTime started_{};  // of the present request's handler
    core::MonoTime deadline_{};
    core::MonoTime write_deadline_{};
    async::Task<Response> task_;
    std::optional<async::Task<Response>::Awaiter> running_;
    Phase phase_ = Phase::idle;
    bool reading_ = false;
    bool writing_ = false;
    bool input_was_full_ = false;
    bool continued_ = false;   // 100 Continue was sent for the present request
    bool closing_ = false;     // nothing is read for requests any more
    bool peer_ended_ = false;  // while its handler ran
    bool closed_ = false;
};

}  // namespace courseselect::net::http
