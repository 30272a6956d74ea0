#include "courseselect/net/ws/client.hpp"

#include <array>
#include <asio/ip/address.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/read_until.hpp>
#include <asio/steady_timer.hpp>
#include <asio/write.hpp>
#include <string_view>
#include <utility>

#include "courseselect/async/completion.hpp"
#include "courseselect/core/encoding.hpp"
#include "courseselect/net/ws/handshake.hpp"

namespace courseselect::net::ws {
namespace {

constexpr std::size_t answer_bytes_max = 16 * 1024;

/// One attempt: a socket, its deadline, and what was read.
struct Opening {
    explicit Opening(async::EventLoop& loop) : socket(loop.context()), timer(loop.context()) {}

    asio::ip::tcp::socket socket;
    asio::steady_timer timer;
    std::string bytes;
    bool is_late = false;
};

std::string request_text(const ClientOptions& options, const std::string& key) {
    std::string text = "GET " + options.target + " HTTP/1.1\r\nHost: " + options.host + ":" +
                       std::to_string(options.port) +
                       "\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                       "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: " +
                       key + "\r\n";
    for (const http::Header& field : options.headers) {
        text += field.name + ": " + field.value + "\r\n";
    }
    return text + "\r\n";
}

core::Error no_connection(const Opening& opening, const asio::error_code& error) {
    if (opening.is_late) {
        return {core::Errc::deadline_exceeded, "connect_timeout", "The server did not answer"};
    }
    return {core::Errc::unavailable, "connect_failed", error.message()};
}

/// Whether `head` is the 101 that belongs to `key`.
bool accepts(std::string_view head, const std::string& key) {
    if (!head.starts_with("HTTP/1.1 101 ")) {
        return false;
    }
    const std::string wanted = accept_key(key);
    while (!head.empty()) {
        const std::string_view line = head.substr(0, head.find("\r\n"));
        head.remove_prefix(std::min(line.size() + 2, head.size()));
        const std::size_t colon = line.find(':');
        if (colon != std::string_view::npos &&
            http::same_field_name(line.substr(0, colon), "Sec-WebSocket-Accept")) {
            const std::size_t start = line.find_first_not_of(' ', colon + 1);
            return start != std::string_view::npos && line.substr(start) == wanted;
        }
    }
    return false;
}

async::Task<asio::error_code> exchange(Opening& opening, asio::ip::tcp::endpoint endpoint,
                                       std::string request) {
    async::Completion<asio::error_code> connected;
    opening.socket.async_connect(
        endpoint, [&connected](const asio::error_code& error) { connected.set(error); });
    asio::error_code error = co_await connected;
    if (error) {
        co_return error;
    }
    async::Completion<asio::error_code> sent;
    asio::async_write(opening.socket, asio::buffer(request),
                      [&sent](const asio::error_code& failure, std::size_t) { sent.set(failure); });
    error = co_await sent;
    if (error) {
        co_return error;
    }
    async::Completion<asio::error_code> answered;
    asio::async_read_until(
        opening.socket, asio::dynamic_buffer(opening.bytes, answer_bytes_max), "\r\n\r\n",
        [&answered](const asio::error_code& failure, std::size_t) { answered.set(failure); });
    error = co_await answered;
    co_return error;
}

}  // namespace

async::Task<core::Result<std::unique_ptr<Stream>>> open_stream(async::EventLoop& loop,
                                                               crypto::RandomSource& random,
                                                               ClientOptions options) {
    asio::error_code bad_host;
    const auto address = asio::ip::make_address(options.host, bad_host);
    if (bad_host) {
        co_return core::Error(core::Errc::invalid_argument, "bad_host",
                              "The host must be a numeric address");
    }
    const std::string key = core::base64_encode(random.bytes(16));
    Opening opening(loop);
    async::Completion<bool> timer_ended;
    opening.timer.expires_after(options.timeout);
    opening.timer.async_wait([&opening, &timer_ended](const asio::error_code& error) {
        if (!error) {
            opening.is_late = true;
            asio::error_code ignored;
            opening.socket.close(ignored);
        }
        timer_ended.set(true);
    });
    asio::ip::tcp::endpoint endpoint(address, options.port);
    std::string request = request_text(options, key);
    const asio::error_code error = co_await exchange(opening, endpoint, std::move(request));
    opening.timer.cancel();
    co_await timer_ended;
    if (error || opening.is_late) {
        co_return no_connection(opening, error);
    }
    const std::size_t end = opening.bytes.find("\r\n\r\n") + 4;
    if (!accepts(std::string_view(opening.bytes).substr(0, end), key)) {
        co_return core::Error(core::Errc::data_corrupt, "not_websocket",
                              opening.bytes.substr(0, opening.bytes.find("\r\n")));
    }
    asio::error_code ignored;
    opening.socket.set_option(asio::ip::tcp::no_delay(true), ignored);
    opening.socket.non_blocking(true, ignored);
    const int descriptor = opening.socket.release();
    co_return std::make_unique<Stream>(loop, descriptor, opening.bytes.substr(end),
                                       options.unsent_bytes_max);
}

}  // namespace courseselect::net::ws
