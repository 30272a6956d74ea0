#pragma once
/// Reads one answer after the other from a connection. Not API.

#include <llhttp.h>

#include <cstddef>
#include <string_view>
#include <utility>

#include "courseselect/net/http/message.hpp"

namespace courseselect::net::http {

struct ResponseLimits {
    std::size_t header_bytes_max = 65536;
    std::size_t header_count_max = 200;
    std::size_t body_bytes_max = 64 * 1024 * 1024;
};

/// Feeds on bytes as they come; strict (no lenient flags). Interim answers (1xx) are skipped.
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
    [[nodiscard]] ClientResponse take() { return std::move(response_); }

  private:
    static int on_field(llhttp_t* parser, const char* at, std::size_t size);
    static int on_value(llhttp_t* parser, const char* at, std::size_t size);
    static int on_head(llhttp_t* parser);
    static int on_body(llhttp_t* parser, const char* at, std::size_t size);
    static int on_complete(llhttp_t* parser);
    static const llhttp_settings_t& settings();
    [[nodiscard]] bool within_head(std::size_t more);

    ResponseLimits limits_;
    llhttp_t parser_{};
    ClientResponse response_;
    std::size_t head_bytes_ = 0;
    bool is_head_request_ = false;
    bool in_value_ = true;
    bool head_done_ = false;
    bool has_begun_ = false;
    bool is_complete_ = false;
    bool may_reuse_ = false;
};

}  // namespace courseselect::net::http
