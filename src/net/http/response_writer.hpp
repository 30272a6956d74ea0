#pragma once
/// Turns responses into bytes. Private to the server.

#include <string>
#include <string_view>

#include "courseselect/core/clock.hpp"
#include "courseselect/net/http/message.hpp"

namespace courseselect::net::http {

/// "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110 §5.6.7), made anew once a second.
class DateCache {
  public:
    /// Must be called before `text`, with the present time; cheap within one second.
    void refresh(const core::Clock& clock, core::MonoTime now) {
        if (now >= next_ || text_.empty()) [[unlikely]] {
            renew(clock.wall_now(), now);
        }
    }
    [[nodiscard]] std::string_view text() const { return text_; }

  private:
    void renew(core::WallTime wall, core::MonoTime now);

    std::string text_;
    core::MonoTime next_{};
};

/// What the head of an answer depends on besides the response.
struct ResponseContext {
    std::string_view date;   ///< empty: no Date (a caller in the same process has the same clock)
    bool head_only = false;  ///< HEAD: the length of the body, but no body
    bool close = false;      ///< `Connection: close`
    bool http_1_0 = false;   ///< says `Connection: keep-alive` when it is kept
    bool upgrade = false;    ///< `Connection: Upgrade`, for 101
    bool vary = false;       ///< the body depends on Accept-Encoding
    bool gzip = false;       ///< the body is compressed
};

/// Appends head and body. Control characters in field values become blanks, so a handler cannot
/// be made to split its answer.
void append_response(std::string& out, const Response& response, const ResponseContext& context);

/// The JSON body of a refusal: {"detail":"..."}. `detail` needs no escaping.
[[nodiscard]] Response refusal(int status, std::string_view detail);

/// JSON and text without a content coding of its own.
[[nodiscard]] bool is_compressible(const Response& response);
/// A comma-separated list holds the token, whatever its case (RFC 9110 §5.6.1).
[[nodiscard]] bool lists_token(std::string_view list, std::string_view token);
/// RFC 9110 §12.5.3: does the client take gzip?
[[nodiscard]] bool accepts_gzip(const Request& request);
/// Replaces the body by its gzip form; false (body unchanged) if that is no shorter.
[[nodiscard]] bool compress_body(std::string& body);

}  // namespace courseselect::net::http
