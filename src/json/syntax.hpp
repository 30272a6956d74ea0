#pragma once
/// Says what is wrong with a document, and where. Runs only after the fast parser refused it.

#include <cstddef>
#include <string>
#include <string_view>

namespace courseselect::json {

/// Either a fault, or a document that is valid but for numbers no double holds exactly: then
/// `repaired` is the same document with the nearest doubles in their place.
struct Diagnosis {
    bool is_faulty = false;
    std::size_t offset = 0;    ///< byte at which reading stopped
    const char* message = "";  ///< in the words of Python's decoder, which clients know
    std::string repaired;
};

[[nodiscard]] Diagnosis diagnose(std::string_view text, std::size_t depth_max);

/// The offset of the first byte that is not UTF-8 (RFC 3629), or `npos`. Overlong forms and
/// surrogates are not UTF-8.
[[nodiscard]] std::size_t find_invalid_utf8(std::string_view text);

/// The length of the UTF-8 sequence at the start of `text`, 0 when it is not one.
[[nodiscard]] std::size_t utf8_sequence(std::string_view text);

}  // namespace courseselect::json
