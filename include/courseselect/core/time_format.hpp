#pragma once
/// RFC 3339 timestamps in UTC (contract §1.3: always with `Z`).

#include <optional>
#include <string>
#include <string_view>

#include "courseselect/core/clock.hpp"

namespace courseselect::core {

/// "2026-11-21T04:33:53.498157Z": always 27 characters. Years 0000 to 9999.
[[nodiscard]] std::string format_rfc3339(WallTime time);

/// Reads RFC 3339: date, `T` or space, time, up to six fraction digits (more are cut), `Z` or an
/// offset. Returns nothing for anything else: impossible dates, leap seconds, and times that are
/// before year 0000 or after 9999 in UTC.
[[nodiscard]] std::optional<WallTime> parse_rfc3339(std::string_view text);

}  // namespace courseselect::core
