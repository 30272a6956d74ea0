#pragma once
/// Text encodings of bytes. Bytes travel as `std::string` / `std::string_view`.
///
/// Every decoder is strict: one text for each byte string. A wrong character, wrong or missing
/// padding, a length no encoder makes, and leftover bits that are not zero all give nothing.
/// None of these run in constant time: do not decode secrets an attacker can time.
/// Thread-safety: any thread.

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace courseselect::core {

/// Lower-case hexadecimal.
[[nodiscard]] std::string hex_encode(std::string_view bytes);
/// Reads lower or upper case.
[[nodiscard]] std::optional<std::string> hex_decode(std::string_view text);

/// Whether `=` fills the last group up.
enum class Padding : unsigned char { none, required };

/// Base64 with `+/` (RFC 4648 §4).
[[nodiscard]] std::string base64_encode(std::string_view bytes,
                                        Padding padding = Padding::required);
[[nodiscard]] std::optional<std::string> base64_decode(std::string_view text,
                                                       Padding padding = Padding::required);

/// Base64 with `-_` (RFC 4648 §5), by default without padding as JSON Web Tokens want it.
[[nodiscard]] std::string base64url_encode(std::string_view bytes, Padding padding = Padding::none);
[[nodiscard]] std::optional<std::string> base64url_decode(std::string_view text,
                                                          Padding padding = Padding::none);
/// Appends the unpadded base64url text of `bytes`.
void base64url_append(std::string& to, std::string_view bytes);
/// Decodes unpadded base64url without allocating.
/// Returns: the part of `buffer` that was filled; nothing for bad text or a buffer too small.
[[nodiscard]] std::optional<std::string_view> base64url_decode_into(std::string_view text,
                                                                    std::span<char> buffer);

/// Base32 with `A-Z2-7` (RFC 4648 §6), by default without padding as authenticator apps want it.
[[nodiscard]] std::string base32_encode(std::string_view bytes, Padding padding = Padding::none);
/// Reads upper case only.
[[nodiscard]] std::optional<std::string> base32_decode(std::string_view text,
                                                       Padding padding = Padding::none);

/// Crockford's base32 (no I, L, O, U): for codes that people read aloud and type. No padding.
[[nodiscard]] std::string crockford_encode(std::string_view bytes);
/// A typed code in its one spelling: upper case, `O` as 0, `I` and `L` as 1, hyphens dropped.
/// Returns nothing for other characters. Compare codes in this form.
[[nodiscard]] std::optional<std::string> crockford_normalize(std::string_view typed);
/// Normalizes, then decodes.
[[nodiscard]] std::optional<std::string> crockford_decode(std::string_view typed);

/// Percent-encodes everything but RFC 3986 §2.3 unreserved characters (space becomes `%20`).
[[nodiscard]] std::string percent_encode(std::string_view text);

/// How many code points valid UTF-8 has (RFC 3629: no overlong forms, no surrogates, at most
/// U+10FFFF); nothing when it is not valid.
[[nodiscard]] std::optional<std::size_t> utf8_length(std::string_view text);
[[nodiscard]] inline bool is_valid_utf8(std::string_view text) {
    return utf8_length(text).has_value();
}

}  // namespace courseselect::core
