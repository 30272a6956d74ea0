#pragma once
/// Opens WebSocket connections to servers: for tests, load generators and small tools.

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "courseselect/async/event_loop.hpp"
#include "courseselect/async/task.hpp"
#include "courseselect/core/result.hpp"
#include "courseselect/crypto/random.hpp"
#include "courseselect/net/http/message.hpp"
#include "courseselect/net/stream.hpp"

namespace courseselect::net::ws {

struct ClientOptions {
    std::string host = "127.0.0.1";  ///< numeric
    std::uint16_t port = 0;
    std::string target = "/";                         ///< path and query
    std::vector<http::Header> headers;                ///< further fields of the request
    std::chrono::milliseconds timeout{10'000};        ///< for everything
    std::size_t unsent_bytes_max = 16 * 1024 * 1024;  ///< of the stream
};

/// Connects (TCP, without TLS) and does the client's half of the handshake (RFC 6455 §4.1).
/// Returns: the stream behind the handshake; give it to `Hub::adopt` with `Role::client`.
/// Errors: unavailable (no connection), deadline_exceeded, data_corrupt (no valid 101: the status
/// line is in the detail), invalid_argument (host is not numeric).
/// Borrows loop and random source while it runs. Thread-safety: the loop's thread.
[[nodiscard]] async::Task<core::Result<std::unique_ptr<Stream>>> open_stream(
    async::EventLoop& loop, crypto::RandomSource& random, ClientOptions options);

}  // namespace courseselect::net::ws
