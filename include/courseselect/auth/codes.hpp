#pragma once
/// One-time codes that people carry: registration and password reset (contract §1.4).

#include <optional>
#include <string>
#include <string_view>

#include "courseselect/crypto/random.hpp"

namespace courseselect::auth {

/// 24 random bytes as 32 characters of URL-safe base64.
[[nodiscard]] std::string make_registration_code(crypto::RandomSource& random);

/// 8 characters of Crockford base32: 40 bits. Enough only while it lives shortly and tries are
/// few; the caller sees to both.
[[nodiscard]] std::string make_reset_code(crypto::RandomSource& random);

/// A reset code as it is stored and compared, from what a person typed: case, hyphens and
/// look-alikes do not matter. Nothing when it cannot be one.
[[nodiscard]] std::optional<std::string> normalize_reset_code(std::string_view typed);

}  // namespace courseselect::auth
