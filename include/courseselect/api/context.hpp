#pragma once
/// What a handler knows of the request besides its declared parameters.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "courseselect/api/trace.hpp"
#include "courseselect/auth/principal.hpp"
#include "courseselect/core/check.hpp"
#include "courseselect/json/field_error.hpp"
#include "courseselect/net/http/message.hpp"
#include "courseselect/ratelimit/client_address.hpp"

namespace courseselect::api {

/// One request on its way. Lives as long as the handler's task.
class Context {
  public:
    Context(const net::http::Request& http_request, const ratelimit::ClientAddressRule& addresses)
        : request(http_request), addresses_(addresses) {}
    Context(const Context&) = delete;
    Context& operator=(const Context&) = delete;

    const net::http::Request& request;
    std::string request_id;    ///< the caller's, or a new one; sent back and passed on
    TraceContext trace;        ///< the caller's with a span of ours, or a new one
    bool is_internal = false;  ///< the right `Internal-Token` came with it
    std::string_view token;    ///< the bearer token, where the route takes one
    std::optional<auth::Principal> principal;
    /// A handler that refuses with 429 says here after how many seconds to come back.
    std::optional<std::int64_t> retry_after_seconds;
    /// A handler that refuses with invalid_argument may name the fields here; they are the answer
    /// then, as if the declaration had found them.
    std::vector<json::FieldError> faults;

    /// Who the token belongs to; a bug to ask on a route without one.
    [[nodiscard]] const auth::Principal& who() const {
        COURSESELECT_CHECK(principal.has_value());
        return *principal;
    }
    /// The client behind trusted proxies (contract §1.5).
    [[nodiscard]] std::string client_address() const {
        return addresses_.client_address(
            {.peer_address = request.peer.address,
             .peer_is_unix = request.peer.is_unix,
             .x_forwarded_for = request.header("X-Forwarded-For").value_or(""),
             .x_real_ip = request.header("X-Real-IP").value_or(""),
             .internal_token_ok = is_internal});
    }
    /// For calls to other nodes on behalf of this request, and for log lines.
    [[nodiscard]] RequestIdentity identity() const { return {request_id, trace}; }
    /// The request comes from this machine: over a unix socket, from the same process, or from a
    /// loopback address that no trusted proxy stands for.
    [[nodiscard]] bool is_from_here() const;

  private:
    const ratelimit::ClientAddressRule& addresses_;
};

}  // namespace courseselect::api
