#pragma once
/// The one table from errors to HTTP (contract §1.2), and back again for callers of other nodes.

#include <string>
#include <string_view>
#include <vector>

#include "courseselect/core/error.hpp"
#include "courseselect/json/field_error.hpp"
#include "courseselect/net/http/message.hpp"

namespace courseselect::api {

/// What clients read when one node cannot reach another.
inline constexpr std::string_view communication_error = "Service communication error";

/// | class | status |
/// |---|---|
/// | invalid_argument, failed_precondition | 400 |
/// | unauthenticated | 401 with `WWW-Authenticate: Bearer` |
/// | permission_denied | 403 |
/// | not_found | 404 |
/// | conflict | 409 |
/// | resource_exhausted | 429; 503 for a reason `..._full` (a queue of ours); `Retry-After: 1` |
/// | deadline_exceeded, unavailable, outcome_unknown | 503 `Service communication error` |
/// | cancelled | 503, the service is stopping |
/// | data_corrupt, internal | 500 `Internal Server Error` |
[[nodiscard]] int http_status(const core::Error& error);

/// `{"detail":"..."}` with the status above. Details of 5xx classes never leave the server.
[[nodiscard]] net::http::Response error_response(const core::Error& error);
/// The same with a status and text of the caller's choice.
[[nodiscard]] net::http::Response error_response(int status, std::string_view detail);
/// 429 of a rate limit: the text of contract §1.5 and `Retry-After`.
[[nodiscard]] net::http::Response rate_limited(std::int64_t wait_seconds,
                                               std::int64_t retry_after_seconds);
/// 422 with every fault.
[[nodiscard]] net::http::Response validation_response(const std::vector<json::FieldError>& errors);

/// The same refusal as the user management contract words it: `{"success":false,"error":...}`, with
/// `errors` for faults of fields (400 instead of 422) and with the request's id when the fault is
/// ours. An answer that is no `{"detail":...}` stays as it is.
[[nodiscard]] net::http::Response in_success_style(net::http::Response response,
                                                   std::string_view request_id);

/// What another node's refusal means for our caller (contract §1.2): 400, 404, 409 and 429 pass on
/// with their detail, everything else is unavailable. A bug to ask for a 2xx answer.
[[nodiscard]] core::Error upstream_error(const net::http::ClientResponse& response);

}  // namespace courseselect::api
