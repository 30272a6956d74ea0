#pragma once
/// UTF-8 that arrives in pieces (RFC 6455 §8.1).

#include <cstdint>
#include <string_view>

namespace courseselect::net::ws {

/// Checks text piece by piece, wherever the pieces are cut: RFC 3629, so no overlong forms, no
/// surrogates, nothing above U+10FFFF. Four bytes of state.
class Utf8Check {
  public:
    /// False as soon as no continuation could make the text valid; stays false.
    [[nodiscard]] bool put(std::string_view bytes);
    /// Everything so far is valid, and ends with a whole character.
    [[nodiscard]] bool is_complete() const { return !failed_ && missing_ == 0; }
    void reset() { *this = {}; }

  private:
    [[nodiscard]] bool put_byte(unsigned char byte);

    std::uint8_t missing_ = 0;    // continuation bytes to come
    std::uint8_t lowest_ = 0x80;  // bounds of the next one
    std::uint8_t highest_ = 0xbf;
    bool failed_ = false;
};

}  // namespace courseselect::net::ws
