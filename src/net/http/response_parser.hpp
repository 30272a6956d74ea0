#pragma once
/// Reads one answer after the other from a connection. Not API.

#include <llhttp.h>

#include <cstddef>
#include <string_view>
#include <utility>

#include "courseselect/net/http/message.hpp"

namespace courseselect::net::http {

struct ResponseLimits {
    std::size_t header_bytes_max = 65536;  ///< status line and fields, interim answers included
    std::size_t header_count_max = 200;
    std::size_t body_bytes_max = 64 * 1024 * 1024;
};

/// Feeds on bytes as they come; strict (no lenient flags). What it finds does not depend on how the
/// bytes were split. Interim answers (1xx) are skipped; trailers are dropped.
///
/// Malformed beyond what llhttp refuses: versions other than 1.0 and 1.1, a status outside 100 to
/// 599, 101 (nobody asked for another protocol, RFC 9110 §15.2.2), and transfer codings other than
/// exactly `chunked`, which HTTP/1.0 does not know (RFC 9112 §6.1).
/// Thread-safety: one thread at a time.
class ResponseParser {
  public:
    enum class Status : unsigned char { need_more, complete, malformed };

    explicit ResponseParser(ResponseLimits limits);
    ResponseParser(const ResponseParser&) = delete;
    ResponseParser& operator=(const ResponseParser&) = delete;

    /// Prepares for the answer to a request of that method (HEAD has no body).
    void start(Method method);
    [[nodiscard]] Status feed(std::string_view bytes);
    /// The connection has ended: complete when the answer may end there.
    [[nodiscard]] Status end();

    /// Something of the answer has been seen.
    [[nodiscard]] bool has_begun() const { return has_begun_; }
    /// After `complete`: the connection may carry another request.
    [[nodiscard]] bool may_reuse() const { return may_reuse_; }
    /// After `malformed`: what is wrong (static storage).
    [[nodiscard]] std::string_view problem() const { return problem_; }
    [[nodiscard]] ClientResponse take() { return std::move(response_); }

  private:
    static int on_field(llhttp_t* parser, const char* at, std::size_t size);
    static int on_value(llhttp_t* parser, const char* at, std::size_t size);
    static int on_head(llhttp_t* parser);
    static int on_body(llhttp_t* parser, const char* at, std::size_t size);
    static int on_complete(llhttp_t* parser);
    static const llhttp_settings_t& settings();

    Status refuse(std::string_view problem);
    [[nodiscard]] bool check_head();
    [[nodiscard]] bool check_encoding();
    void expect_head();

    ResponseLimits limits_;
    llhttp_t parser_{};
    ClientResponse response_;
    std::size_t head_bytes_ = 0;
    std::string_view problem_;
    bool is_head_request_ = false;
    bool in_value_ = true;
    bool head_done_ = false;
    bool has_begun_ = false;
    bool is_interim_ = false;
    bool is_complete_ = false;
    bool may_reuse_ = false;
};

}  // namespace courseselect::net::http
