#pragma once
/// Numbers and booleans out of strings: query parameters, and JSON strings where clients are
/// allowed to send them (contract §1.2, "leniency to keep").

#include <cstdint>
#include <optional>
#include <string_view>

namespace courseselect::json {

enum class IntText : std::uint8_t { ok, malformed, too_small, too_large };

/// Decimal digits with an optional sign, blanks around, and a fraction of zeros ("12.0").
[[nodiscard]] IntText int_from_text(std::string_view text, std::int64_t& value);
/// A finite decimal number, blanks around allowed.
[[nodiscard]] std::optional<double> number_from_text(std::string_view text);
/// true/false, t/f, yes/no, y/n, on/off, 1/0, in any case.
[[nodiscard]] std::optional<bool> bool_from_text(std::string_view text);
/// Code points of valid UTF-8.
[[nodiscard]] std::size_t code_points(std::string_view text);

}  // namespace courseselect::json
