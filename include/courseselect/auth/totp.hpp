#pragma once
/// Time-based one-time passwords (RFC 6238 over RFC 4226) with contract §1.4's parameters:
/// SHA-1, 6 digits, 30 seconds.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "courseselect/core/clock.hpp"
#include "courseselect/core/secret.hpp"
#include "courseselect/crypto/random.hpp"

namespace courseselect::auth {

/// The number of a 30 second step since 1970: the moving factor of RFC 6238 §4.2.
using TotpStep = std::int64_t;

inline constexpr int totp_step_seconds = 30;
inline constexpr int totp_digits = 6;
/// Steps accepted before and after the current one: for slow fingers and clocks that differ.
inline constexpr int totp_window_steps = 1;
/// Secrets of other sizes than ours are accepted from 10 to this many bytes.
inline constexpr std::size_t totp_secret_bytes_max = 64;

/// The HOTP value (RFC 4226 §5.3) as `digits` digits, 6 to 8.
[[nodiscard]] std::string hotp(std::string_view key, std::uint64_t counter, int digits);

/// The step that `now` lies in.
[[nodiscard]] TotpStep totp_step(core::WallTime now);

/// 20 random bytes as 32 characters of base32.
[[nodiscard]] core::Secret make_totp_secret(crypto::RandomSource& random);

/// The code an authenticator app shows. Nothing when the secret is not base32.
[[nodiscard]] std::optional<std::string> totp_code(const core::Secret& base32_secret,
                                                   TotpStep step);

/// Checks a code against the steps around `now`, and that it has not been used.
///
/// @param last_used  the step of the last accepted code of this user; it and earlier ones are dead
/// Returns: the step to store as the new `last_used`, in the same transaction that logs the user
///   in (a compare-and-set, so that two requests with one code cannot both win). Nothing when the
///   code is wrong, used, or not exactly 6 digits. All steps are tried and compared in constant
///   time.
/// A code that confirms a setup is checked without `last_used` and its step is not stored: the
/// client asks for a login right after (contract §1.4).
[[nodiscard]] std::optional<TotpStep> verify_totp(const core::Secret& base32_secret,
                                                  std::string_view code, core::WallTime now,
                                                  std::optional<TotpStep> last_used);

/// What the QR code holds:
/// `otpauth://totp/Course%20Selection:<username>?secret=<secret>&issuer=Course%20Selection`.
[[nodiscard]] std::string totp_uri(std::string_view username, const core::Secret& base32_secret);

}  // namespace courseselect::auth
