#include "courseselect/net/line_client.hpp"

#include <array>
#include <asio/connect.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/steady_timer.hpp>
#include <asio/write.hpp>
#include <utility>

#include "courseselect/async/completion.hpp"
#include "courseselect/net/line_framer.hpp"

namespace courseselect::net {
namespace {

using TcpSocket = asio::ip::tcp::socket;
using TcpResolver = asio::ip::tcp::resolver;

core::Error connection_closed() {
    return {core::Errc::unavailable, "connection_closed", "The connection was closed"};
}

core::Error connect_failed(const std::string& host, std::uint16_t port,
                           const asio::error_code& error) {
    return {core::Errc::unavailable, "connect_failed",
            host + ":" + std::to_string(port) + ": " + error.message()};
}

}  // namespace

struct LineClient::State {
    State(async::EventLoop& loop, LineClientOptions client_options)
        : options(client_options), socket(loop.context()), framer(client_options.line_bytes_max) {}

    const LineClientOptions options;
    TcpSocket socket;
    LineFramer framer;
    std::array<char, 16 * 1024> buffer{};
};

LineClient::LineClient(std::unique_ptr<State> state) : state_(std::move(state)) {}
LineClient::~LineClient() = default;

async::Task<core::Result<std::unique_ptr<LineClient>>> LineClient::connect(
    async::EventLoop& loop, std::string host, std::uint16_t port, LineClientOptions options) {
    auto state = std::make_unique<State>(loop, options);
    TcpResolver resolver(loop.context());
    asio::steady_timer timer(loop.context());
    bool is_late = false;
    async::Completion<bool> timer_ended;
    timer.expires_after(options.connect_timeout);
    timer.async_wait([&](const asio::error_code& error) {
        if (!error) {
            is_late = true;
            resolver.cancel();
            asio::error_code ignored;
            state->socket.close(ignored);
        }
        timer_ended.set(true);
    });
    asio::error_code failure;
    async::Completion<bool> connected;
    resolver.async_resolve(
        host, std::to_string(port),
        [&](const asio::error_code& error, const TcpResolver::results_type& found) {
            if (error || is_late) {
                failure = error;
                connected.set(false);
                return;
            }
            asio::async_connect(state->socket, found,
                                [&](const asio::error_code& refused, const auto&) {
                                    failure = refused;
                                    connected.set(!refused);
                                });
        });
    const bool is_connected = co_await connected;
    timer.cancel();
    co_await timer_ended;
    if (is_late) {
        co_return core::Error(core::Errc::deadline_exceeded, "connect_timeout",
                              host + ":" + std::to_string(port) + " did not answer in time");
    }
    if (!is_connected) {
        co_return connect_failed(host, port, failure);
    }
    asio::error_code ignored;
    state->socket.set_option(asio::ip::tcp::no_delay(true), ignored);
    co_return std::unique_ptr<LineClient>(new LineClient(std::move(state)));
}

async::Task<core::Result<std::string>> LineClient::read_line() {
    State& state = *state_;
    while (true) {
        if (const auto line = state.framer.next()) {
            co_return std::string(*line);
        }
        if (state.framer.is_too_long()) {
            co_return core::Error(core::Errc::data_corrupt, "line_too_long",
                                  "The server sent a line that is too long");
        }
        async::Completion<std::size_t> read;
        state.socket.async_read_some(asio::buffer(state.buffer),
                                     [&read](const asio::error_code& error, std::size_t size) {
                                         read.set(error ? std::size_t{0} : size);
                                     });
        const std::size_t size = co_await read;
        if (size == 0) {
            co_return connection_closed();
        }
        state.framer.put({state.buffer.data(), size});
    }
}

async::Task<core::Result<>> LineClient::write(std::string lines) {
    async::Completion<bool> written;
    asio::async_write(
        state_->socket, asio::buffer(lines),
        [&written](const asio::error_code& error, std::size_t) { written.set(!error); });
    const bool is_written = co_await written;
    if (!is_written) {
        co_return connection_closed();
    }
    co_return core::Result<>();
}

void LineClient::close() {
    asio::error_code ignored;
    state_->socket.close(ignored);
}

}  // namespace courseselect::net
