#include "courseselect/core/uuid.hpp"

#include <cstddef>

#include "courseselect/core/encoding.hpp"

namespace courseselect::core {
namespace {

constexpr std::array<std::size_t, 4> hyphens_at = {8, 13, 18, 23};

}  // namespace

Uuid make_uuid_v4(std::array<std::uint8_t, 16> random) {
    random[6] = static_cast<std::uint8_t>((random[6] & 0x0fU) | 0x40U);
    random[8] = static_cast<std::uint8_t>((random[8] & 0x3fU) | 0x80U);
    return Uuid{random};
}

std::string format_uuid(const Uuid& uuid) {
    const std::string_view bytes(reinterpret_cast<const char*>(uuid.bytes.data()),
                                 uuid.bytes.size());
    std::string text = hex_encode(bytes);
    for (const std::size_t at : hyphens_at) {
        text.insert(at, 1, '-');
    }
    return text;
}

std::optional<Uuid> parse_uuid(std::string_view text) {
    if (text.size() != 36) {
        return std::nullopt;
    }
    std::string digits;
    digits.reserve(32);
    std::size_t from = 0;
    for (const std::size_t at : hyphens_at) {
        if (text[at] != '-') {
            return std::nullopt;
        }
        digits.append(text.substr(from, at - from));
        from = at + 1;
    }
    digits.append(text.substr(from));
    const auto bytes = hex_decode(digits);
    if (!bytes) {
        return std::nullopt;
    }
    Uuid uuid;
    for (std::size_t i = 0; i < uuid.bytes.size(); ++i) {
        uuid.bytes[i] = static_cast<std::uint8_t>((*bytes)[i]);
    }
    return uuid;
}

}  // namespace courseselect::core
