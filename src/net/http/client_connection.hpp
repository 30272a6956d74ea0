#pragma once
/// One outgoing connection: connects, sends a request, reads its answer. Not API.

#include <array>
#include <asio/generic/stream_protocol.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/ssl/context.hpp>
#include <asio/ssl/stream.hpp>
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

    [[nodiscard]] bool is_connected() const { return is_connected_; }
    /// Nothing of the present request has left yet.
    [[nodiscard]] bool is_connecting() const { return !is_connected_; }
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
    void handshake();
    void write();
    void write_rest(std::size_t sent);
    void read();
    void on_read(const asio::error_code& error, std::size_t size);
    void end(ExchangeEnd how, const std::string& problem);
    template <class Handler>
    void async_read(Handler handler);

    async::EventLoop& loop_;
    const ServiceAddress& address_;
    Socket socket_;
    asio::ip::tcp::resolver resolver_;
    std::vector<Socket::endpoint_type> endpoints_;
    std::unique_ptr<asio::ssl::stream<Socket&>> tls_;
    bool tls_verify_;
    ResponseParser parser_;
    std::array<char, 8192> buffer_;
    std::shared_ptr<const std::string> bytes_;
    OnEnd on_end_;
    bool is_connected_ = false;
    bool is_closed_ = false;
};

}  // namespace courseselect::net::http
