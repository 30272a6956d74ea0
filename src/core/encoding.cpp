#include "courseselect/core/encoding.hpp"

#include <array>
#include <cstdint>

namespace courseselect::core {
namespace {

constexpr std::uint8_t no_digit = 0xff;
using DigitTable = std::array<std::uint8_t, 256>;

constexpr std::string_view hex_alphabet = "0123456789abcdef";
constexpr std::string_view base64_alphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view base64url_alphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr std::string_view base32_alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
constexpr std::string_view crockford_alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

constexpr DigitTable digits_of(std::string_view alphabet) {
    DigitTable table{};
    for (auto& digit : table) {
        digit = no_digit;
    }
    for (std::size_t i = 0; i < alphabet.size(); ++i) {
        table[static_cast<unsigned char>(alphabet[i])] = static_cast<std::uint8_t>(i);
    }
    return table;
}

constexpr DigitTable base64_digits = digits_of(base64_alphabet);
constexpr DigitTable base64url_digits = digits_of(base64url_alphabet);
constexpr DigitTable base32_digits = digits_of(base32_alphabet);
constexpr DigitTable crockford_digits = digits_of(crockford_alphabet);

/// Appends the digits of `bytes`, `bits` at a time from the top; the last one is filled with zeros.
void encode_bits(std::string& to, std::string_view bytes, std::string_view alphabet,
                 unsigned bits) {
    const std::uint32_t mask = (1U << bits) - 1U;
    std::uint32_t held = 0;
    unsigned held_bits = 0;
    for (const char byte : bytes) {
        held = (held << 8U) | static_cast<unsigned char>(byte);
        held_bits += 8;
        while (held_bits >= bits) {
            held_bits -= bits;
            to.push_back(alphabet[(held >> held_bits) & mask]);
        }
    }
    if (held_bits > 0) {
        to.push_back(alphabet[(held << (bits - held_bits)) & mask]);
    }
}

/// Writes the bytes of `text` to `to`, which has room for size * bits / 8 of them. False for a
/// foreign character, a length no encoder makes, and leftover bits that are not zero.
bool decode_bits(std::string_view text, const DigitTable& digits, unsigned bits, char* to) {
    if (text.size() * bits % 8 >= bits) {
        return false;  // a whole digit is left over
    }
    std::uint32_t held = 0;
    unsigned held_bits = 0;
    for (const char c : text) {
        const std::uint8_t digit = digits[static_cast<unsigned char>(c)];
        if (digit == no_digit) {
            return false;
        }
        held = (held << bits) | digit;
        held_bits += bits;
        if (held_bits >= 8) {
            held_bits -= 8;
            *to++ = static_cast<char>((held >> held_bits) & 0xffU);
        }
    }
    return (held & ((1U << held_bits) - 1U)) == 0;
}

std::optional<std::string> decode_text(std::string_view text, const DigitTable& digits,
                                       unsigned bits) {
    std::string bytes(text.size() * bits / 8, '\0');
    if (!decode_bits(text, digits, bits, bytes.data())) {
        return std::nullopt;
    }
    return bytes;
}

std::string encode_padded(std::string_view bytes, std::string_view alphabet, unsigned bits,
                          std::size_t group, Padding padding) {
    std::string text;
    text.reserve((bytes.size() * 8 / bits + group) / group * group);
    encode_bits(text, bytes, alphabet, bits);
    while (padding == Padding::required && text.size() % group != 0) {
        text.push_back('=');
    }
    return text;
}

std::optional<std::string> decode_padded(std::string_view text, const DigitTable& digits,
                                         unsigned bits, std::size_t group, Padding padding) {
    if (padding == Padding::required) {
        if (text.size() % group != 0) {
            return std::nullopt;
        }
        std::size_t pads = 0;
        while (pads + 1 < group && text.ends_with('=')) {
            text.remove_suffix(1);
            ++pads;
        }
    }
    return decode_text(text, digits, bits);
}

}  // namespace

std::string hex_encode(std::string_view bytes) {
    std::string text;
    text.reserve(bytes.size() * 2);
    encode_bits(text, bytes, hex_alphabet, 4);
    return text;
}

std::optional<std::string> hex_decode(std::string_view text) {
    static constexpr DigitTable digits = [] {
        DigitTable table = digits_of(hex_alphabet);
        for (unsigned char c = 'A'; c <= 'F'; ++c) {
            table[c] = static_cast<std::uint8_t>(c - 'A' + 10);
        }
        return table;
    }();
    if (text.size() % 2 != 0) {
        return std::nullopt;
    }
    return decode_text(text, digits, 4);
}

std::string base64_encode(std::string_view bytes, Padding padding) {
    return encode_padded(bytes, base64_alphabet, 6, 4, padding);
}

std::optional<std::string> base64_decode(std::string_view text, Padding padding) {
    return decode_padded(text, base64_digits, 6, 4, padding);
}

std::string base64url_encode(std::string_view bytes, Padding padding) {
    return encode_padded(bytes, base64url_alphabet, 6, 4, padding);
}

std::optional<std::string> base64url_decode(std::string_view text, Padding padding) {
    return decode_padded(text, base64url_digits, 6, 4, padding);
}

void base64url_append(std::string& to, std::string_view bytes) {
    encode_bits(to, bytes, base64url_alphabet, 6);
}

std::optional<std::string_view> base64url_decode_into(std::string_view text,
                                                      std::span<char> buffer) {
    const std::size_t size = text.size() * 6 / 8;
    if (size > buffer.size() || !decode_bits(text, base64url_digits, 6, buffer.data())) {
        return std::nullopt;
    }
    return std::string_view(buffer.data(), size);
}

std::string base32_encode(std::string_view bytes, Padding padding) {
    return encode_padded(bytes, base32_alphabet, 5, 8, padding);
}

std::optional<std::string> base32_decode(std::string_view text, Padding padding) {
    return decode_padded(text, base32_digits, 5, 8, padding);
}

std::string crockford_encode(std::string_view bytes) {
    return encode_padded(bytes, crockford_alphabet, 5, 8, Padding::none);
}

std::optional<std::string> crockford_normalize(std::string_view typed) {
    std::string text;
    text.reserve(typed.size());
    for (char c : typed) {
        if (c == '-') {
            continue;
        }
        if (c >= 'a' && c <= 'z') {
            c = static_cast<char>(c - 'a' + 'A');
        }
        if (c == 'O') {
            c = '0';
        } else if (c == 'I' || c == 'L') {
            c = '1';
        }
        if (crockford_digits[static_cast<unsigned char>(c)] == no_digit) {
            return std::nullopt;
        }
        text.push_back(c);
    }
    return text;
}

std::optional<std::string> crockford_decode(std::string_view typed) {
    const auto text = crockford_normalize(typed);
    return text ? decode_text(*text, crockford_digits, 5) : std::nullopt;
}

std::string percent_encode(std::string_view text) {
    std::string encoded;
    encoded.reserve(text.size());
    for (const char c : text) {
        const bool unreserved = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
                                (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' ||
                                c == '~';
        if (unreserved) {
            encoded.push_back(c);
            continue;
        }
        constexpr std::string_view upper_hex = "0123456789ABCDEF";
        const auto byte = static_cast<unsigned char>(c);
        encoded.push_back('%');
        encoded.push_back(upper_hex[byte >> 4U]);
        encoded.push_back(upper_hex[byte & 0x0fU]);
    }
    return encoded;
}

std::optional<std::size_t> utf8_length(std::string_view text) {
    const auto byte_at = [text](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    std::size_t count = 0;
    for (std::size_t at = 0; at < text.size(); ++count) {
        const unsigned char lead = byte_at(at++);
        if (lead < 0x80) {
            continue;
        }
        // RFC 3629 §4: how many bytes follow, and the range of the first of them.
        std::size_t follow = 0;
        unsigned char low = 0x80;
        unsigned char high = 0xbf;
        if (lead >= 0xc2 && lead <= 0xdf) {
            follow = 1;
        } else if (lead >= 0xe0 && lead <= 0xef) {
            follow = 2;
            low = lead == 0xe0 ? 0xa0 : low;
            high = lead == 0xed ? 0x9f : high;
        } else if (lead >= 0xf0 && lead <= 0xf4) {
            follow = 3;
            low = lead == 0xf0 ? 0x90 : low;
            high = lead == 0xf4 ? 0x8f : high;
        } else {
            return std::nullopt;
        }
        for (; follow > 0; --follow, ++at) {
            if (at >= text.size() || byte_at(at) < low || byte_at(at) > high) {
                return std::nullopt;
            }
            low = 0x80;
            high = 0xbf;
        }
    }
    return count;
}

}  // namespace courseselect::core
