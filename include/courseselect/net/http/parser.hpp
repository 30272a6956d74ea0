#pragma once
/// The server's request parser: llhttp in strict mode, and the refusals it leaves to us.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "courseselect/net/http/message.hpp"

namespace courseselect::net::http {

/// Bounds of one request; see `ServerOptions`.
struct ParserLimits {
    std::size_t target_bytes_max = 8 * 1024;
    std::size_t header_bytes_max = 16 * 1024;
    std::size_t header_count_max = 100;
    std::size_t body_bytes_max = 1024 * 1024;
};

/// Why a request was refused: a status and a sentence without secrets (static storage).
struct ParseFailure {
    int status = 400;
    std::string_view detail;
};

/// Parses one request after the other out of a buffer that its caller owns.
///
/// The buffer holds the request from its first byte. The caller appends what it reads behind the
/// `kept()` bytes and calls `feed` with all of it; it may move the buffer between calls. Chunked
/// bodies are joined in place. After `complete`, `request()` views the buffer, and the next request
/// starts at `consumed()`; call `next()` before feeding it.
///
/// Refused (RFC 9112 §11.2 and others; the table is tests/conformance/smuggling_test.cpp):
/// versions other than 1.0 and 1.1, line ends that are not CRLF, folded fields, no Host or two,
/// any transfer coding but exactly `chunked` (and none at all with HTTP/1.0), lengths that
/// conflict, unknown methods (501), NUL. Trailers are dropped; `Upgrade` is ignored.
/// Thread-safety: one thread at a time.
class RequestParser {
  public:
    enum class Status : std::uint8_t { need_more, complete, failed };

    explicit RequestParser(const ParserLimits& limits);
    ~RequestParser();
    RequestParser(const RequestParser&) = delete;
    RequestParser& operator=(const RequestParser&) = delete;

    /// `buffer` is the request from its first byte: `kept()` bytes seen before and new ones.
    [[nodiscard]] Status feed(char* buffer, std::size_t size);
    /// Gets ready for the next request.
    void next();

    /// Bytes at the start of the buffer that are still needed. Anything behind them is done with.
    [[nodiscard]] std::size_t kept() const;
    /// After `complete`: where the next request starts.
    [[nodiscard]] std::size_t consumed() const;
    /// The head is complete (the body may not be).
    [[nodiscard]] bool head_done() const;
    /// Some byte of the request has been seen.
    [[nodiscard]] bool has_begun() const { return kept() > 0; }
    /// Bytes of body still announced by Content-Length; 0 for chunked bodies.
    [[nodiscard]] std::size_t body_bytes_missing() const;
    /// The client waits for `100 Continue` before it sends the body (RFC 9110 §10.1.1).
    [[nodiscard]] bool expects_continue() const;

    /// After `complete`: views into the buffer of the last `feed`; `peer` is left alone.
    [[nodiscard]] Request& request();
    [[nodiscard]] bool keep_alive() const;
    /// The request was HTTP/1.0.
    [[nodiscard]] bool is_http_1_0() const;
    /// After `failed`.
    [[nodiscard]] const ParseFailure& failure() const;

  private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace courseselect::net::http
