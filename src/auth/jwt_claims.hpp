#pragma once
/// The strict reader of a token's two JSON objects. It knows only what a JWT may hold, so that an
/// access check costs no allocation but the claims' own strings.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "courseselect/auth/jwt.hpp"

namespace courseselect::auth::detail {

/// A payload as read; `not_before` is the `nbf` claim, 0 when absent.
struct ScannedClaims {
    Claims claims;
    std::int64_t not_before = 0;
};

/// Reads a payload. Nothing for bad JSON, members twice, missing or mistyped claims, or texts over
/// the limits.
[[nodiscard]] std::optional<ScannedClaims> scan_claims(std::string_view json,
                                                       const JwtLimits& limits);

/// The `alg` of a header. Nothing for bad JSON, members twice, no `alg`, a `typ` other than "JWT"
/// (any case), or a `crit` member, whose extensions we do not know (RFC 7515 §4.1.11).
[[nodiscard]] std::optional<std::string> scan_header_algorithm(std::string_view json);

}  // namespace courseselect::auth::detail
