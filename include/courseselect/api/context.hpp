#pragma once
/// What a handler knows of the request besides its declared parameters.

#include <optional>
#include <string>
#include <string_view>

#include "courseselect/auth/principal.hpp"
#include "courseselect/core/check.hpp"
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
    bool is_internal = false;  ///< the right `Internal-Token` came with it
    std::string_view token;    ///< the bearer token, where the route takes one
    std::optional<auth::Principal> principal;

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
    /// A header for a call to another node on behalf of this request.
    [[nodiscard]] net::http::Header forwarded_id() const { return {"X-Request-Id", request_id}; }

  private:
    const ratelimit::ClientAddressRule& addresses_;
};

}  // namespace courseselect::api
