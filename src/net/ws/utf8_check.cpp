#include "courseselect/net/ws/utf8_check.hpp"

#include <cstring>

namespace courseselect::net::ws {

bool Utf8Check::put(std::string_view bytes) {
    constexpr std::uint64_t high_bits = 0x8080808080808080;
    std::size_t at = 0;
    while (!failed_ && at < bytes.size()) {
        std::uint64_t word = 0;
        if (missing_ == 0 && bytes.size() - at >= sizeof word) {
            std::memcpy(&word, bytes.data() + at, sizeof word);
            if ((word & high_bits) == 0) {
                at += sizeof word;  // eight ASCII characters
                continue;
            }
        }
        failed_ = !put_byte(static_cast<unsigned char>(bytes[at++]));
    }
    return !failed_;
}

/// The table of RFC 3629 §4: only the second byte has other bounds than 80..BF.
bool Utf8Check::put_byte(unsigned char byte) {
    if (missing_ > 0) {
        const bool fits = byte >= lowest_ && byte <= highest_;
        lowest_ = 0x80;
        highest_ = 0xbf;
        --missing_;
        return fits;
    }
    if (byte < 0x80) {
        return true;
    }
    if (byte < 0xc2 || byte > 0xf4) {
        return false;
    }
    missing_ = byte < 0xe0 ? 1 : byte < 0xf0 ? 2 : 3;
    switch (byte) {
        case 0xe0: lowest_ = 0xa0; break;
        case 0xed: highest_ = 0x9f; break;
        case 0xf0: lowest_ = 0x90; break;
        case 0xf4: highest_ = 0x8f; break;
        default: break;
    }
    return true;
}

}  // namespace courseselect::net::ws
