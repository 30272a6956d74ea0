#pragma once
/// One outgoing connection: connects, sends a request, reads its answer. Not API.

#include <array>
#include <asio/generic/stream_protocol.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/ssl/context.hpp>
#include <asio/ssl/stream.hpp>
#include <asio/steady_timer.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "courseselect/async/event_loop.hpp"
#include "courseselect/core/clock.hpp"
#include "courseselect/core/error.hpp"
#include "courseselect/net/http/service_address.hpp"
#include "response_parser.hpp"

namespace courseselect::net::http {

/// How an exchange on a connection ended.
enum class ExchangeEnd : unsigned char {
    answered,
    not_connected,  ///< nothing was sent
    lost_unread,    ///< sent, but not a byte of the answer came
    lost,           ///< the answer broke off or is malformed
};

/// Calls `on_end` once for each exchange; `close()` prevents it. One exchange at a time.
///
/// It reads while it writes: a server that refuses a large body answers before it has read all of
/// it, and then closes (RFC 9112 §9.6), which fails the write but does not take the answer away.
/// Thread-safety: the loop's thread.
class ClientConnection final : public std::enable_shared_from_this<ClientConnection> {
  public:
    using OnEnd = std::function<void(ExchangeEnd, const std::string& problem)>;

    ClientConnection(async::EventLoop& loop, const ServiceAddress& address, ResponseLimits limits,
                     asio::ssl::context* tls, bool tls_verify);

    /// Connects first when it is not connected. Shares the bytes: a write that was begun may still
    /// read them after `close()`.
    void exchange(std::shared_ptr<const std::string> bytes, Method method, OnEnd on_end);
    /// Ends everything without a call; whatever was under way is forgotten.
    void close();

    /// Nothing of the present request has left yet.
    [[nodiscard]] bool is_connecting() const { return !is_connected_; }
    /// After `answered`: another request may follow.
    [[nodiscard]] bool may_reuse() const {
        return parser_.may_reuse() && !is_writing_ && write_problem_.empty();
    }
    /// Idle: the other side has closed, or sent what nobody asked for.
    [[nodiscard]] bool is_stale();
    [[nodiscard]] ResponseParser& parser() { return parser_; }

  private:
    using Socket = asio::generic::stream_protocol::socket;

    void connect();
    void connect_to(const Socket::endpoint_type& endpoint);
    /// One address after the other, until one accepts.
    void connect_to_any();
    void on_connected(const asio::error_code& error);
    /// A unix socket whose backlog is full refuses at once, TCP waits: wait here too.
    void connect_again_later();
    void handshake();
    void start();
    void write_rest(std::size_t sent);
    void read();
    void on_read(const asio::error_code& error, std::size_t size);
    void on_read_error(const asio::error_code& error);
    void end(ExchangeEnd how, const std::string& problem = {});
    template <class Handler>
    void async_read(Handler handler);

    async::EventLoop& loop_;
    const ServiceAddress& address_;
    Socket socket_;
    asio::ip::tcp::resolver resolver_;
    asio::steady_timer backoff_;
    std::chrono::milliseconds backoff_delay_;
    std::vector<Socket::endpoint_type> endpoints_;
    std::unique_ptr<asio::ssl::stream<Socket&>> tls_;
    bool tls_verify_;
    ResponseParser parser_;
    std::array<char, 8192> buffer_;
    std::shared_ptr<const std::string> bytes_;
    OnEnd on_end_;
    std::string write_problem_;  // why the present request could not be sent whole
    bool is_sent_ = false;       // some of it was
    bool is_writing_ = false;
    bool is_used_ = false;  // an earlier exchange was answered
    bool is_connected_ = false;
    bool is_closed_ = false;
};

}  // namespace courseselect::net::http
