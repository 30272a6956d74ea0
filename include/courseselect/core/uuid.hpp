#pragma once
/// UUIDs (RFC 9562): request ids and idempotency keys.

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace courseselect::core {

/// 16 bytes in network order. The default one is the nil UUID.
struct Uuid {
    std::array<std::uint8_t, 16> bytes{};

    [[nodiscard]] bool is_nil() const { return *this == Uuid{}; }
    friend auto operator<=>(const Uuid&, const Uuid&) = default;
};

/// A version 4 UUID of 16 random bytes: six of their bits become version and variant.
[[nodiscard]] Uuid make_uuid_v4(std::array<std::uint8_t, 16> random);

/// "f81d4fae-7dec-41d0-a765-00a0c91e6bf6": always 36 characters, lower case.
[[nodiscard]] std::string format_uuid(const Uuid& uuid);

/// Reads exactly that form, in either case, of any version. No braces, no `urn:uuid:`.
[[nodiscard]] std::optional<Uuid> parse_uuid(std::string_view text);

}  // namespace courseselect::core
