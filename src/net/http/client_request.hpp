#pragma once
/// The rules of outgoing requests and their text: one place for every client. Not API.

#include <string>
#include <string_view>

#include "courseselect/core/result.hpp"
#include "courseselect/net/http/message.hpp"

namespace courseselect::net::http {

/// RFC 9110 §9.2.1: may be sent again without asking.
[[nodiscard]] inline bool is_safe(Method method) {
    return method == Method::get || method == Method::head;
}

/// Refuses what no request may be; `PooledClient` lists the rules.
/// Errors: invalid_argument (reason "bad_request").
[[nodiscard]] core::Result<> check_request(const ClientRequest& request);

/// The bytes on the wire. `request` has passed `check_request`.
/// @param base_path  put before the target; @param authority  the value of Host
[[nodiscard]] std::string write_request(const ClientRequest& request, std::string_view base_path,
                                        std::string_view authority);

}  // namespace courseselect::net::http
