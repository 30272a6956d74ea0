#pragma once
/// Requests and responses as handlers see them. Used by the server, by clients that talk over a
/// socket, and by clients that call a handler in the same process.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace courseselect::net::http {

/// The methods we serve; any other gets 501 (RFC 9110 §15.6.2) before a handler sees it.
enum class Method : std::uint8_t { get, head, post, put, patch, delete_, options };

/// "GET" ... "OPTIONS".
[[nodiscard]] std::string_view method_name(Method method);
/// The reason phrase of RFC 9110 §15 ("Not Found"); "Unknown" for numbers it does not know.
[[nodiscard]] std::string_view status_text(int status);
/// ASCII case-insensitive comparison of field names (RFC 9110 §5.1).
[[nodiscard]] bool same_field_name(std::string_view a, std::string_view b);

/// A header field as received; views into the connection's buffer.
struct HeaderView {
    std::string_view name;
    std::string_view value;  ///< without surrounding white space
};

/// A header field that owns its text.
struct Header {
    std::string name;
    std::string value;
};

/// Who is at the other end of the connection.
struct Peer {
    std::string_view address;  ///< numeric IP address; "unix" for a unix socket; "local" in-process
    bool is_unix = false;
    std::uint32_t uid = 0;  ///< unix sockets only (SO_PEERCRED)
    std::int32_t pid = 0;   ///< unix sockets only
};

/// A complete request. All views stay valid until the handler's task has finished; a handler that
/// keeps something longer copies it.
struct Request {
    Method method = Method::get;
    std::string_view target;  ///< as on the request line
    std::string_view path;    ///< the target up to '?', percent-encoding kept
    std::string_view query;   ///< behind '?', percent-encoding kept; may be empty
    std::string_view body;
    std::span<const HeaderView> headers;
    Peer peer;

    /// The first field of that name (any case), or nothing.
    [[nodiscard]] std::optional<std::string_view> header(std::string_view name) const {
        for (const HeaderView& field : headers) {
            if (same_field_name(field.name, name)) {
                return field.value;
            }
        }
        return std::nullopt;
    }
};

/// What a handler answers. `Content-Length`, `Date` and `Connection` are added by the server; a
/// `HEAD` request gets the head only.
struct Response {
    int status = 200;
    std::string_view content_type = "application/json";  ///< static storage; empty: no such header
    std::string body;
    std::vector<Header> headers;  ///< further fields, e.g. `Allow`; usually empty
    bool close = false;           ///< close the connection after this answer
};

/// A request to be sent to another service.
struct ClientRequest {
    Method method = Method::get;
    std::string target;  ///< path and query, percent-encoded
    std::vector<Header> headers;
    std::string body;  ///< sent with `Content-Type: application/json` when not empty
};

/// What another service answered.
struct ClientResponse {
    int status = 0;
    std::vector<Header> headers;
    std::string body;

    [[nodiscard]] std::optional<std::string_view> header(std::string_view name) const {
        for (const Header& field : headers) {
            if (same_field_name(field.name, name)) {
                return std::string_view(field.value);
            }
        }
        return std::nullopt;
    }
};

}  // namespace courseselect::net::http
