#pragma once
/// QR codes in a terminal, for authenticator apps.

#include <string>
#include <string_view>

#include "courseselect/core/result.hpp"

namespace courseselect::cli {

/// The text as a QR code (ISO/IEC 18004, level L, 8-bit) in half blocks with its quiet zone: two
/// rows of modules a line. Blocks are the light modules, as a dark terminal needs it;
/// `with_colours` sets black and white, so that a light one shows the same.
/// Errors: invalid_argument `qr_too_long` (over 2,953 bytes).
[[nodiscard]] core::Result<std::string> draw_qr(std::string_view text, bool with_colours);

}  // namespace courseselect::cli
