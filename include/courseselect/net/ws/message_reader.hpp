#pragma once
/// Bytes of one direction of a WebSocket connection to messages (RFC 6455 §5).

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "courseselect/net/ws/frame.hpp"
#include "courseselect/net/ws/utf8_check.hpp"

namespace courseselect::net::ws {

/// Which end we are: a server reads masked frames and writes plain ones, a client the other way.
enum class Role : std::uint8_t { server, client };

/// Takes bytes as they come, and hands out one message or control frame at a time.
///
/// Refused, with the close code that RFC 6455 names: reserved bits and opcodes, frames masked the
/// wrong way, lengths not in the shortest form, fragmented or long control frames, fragments out
/// of order, close frames with half a code or one that must not be sent (1002); text that is not
/// UTF-8, as early as it shows (1007); messages beyond the limit, before their bytes are read
/// (1009). No extension is ever agreed on, so the reserved bits stand for nothing.
///
/// Between messages it holds no memory. Thread-safety: the thread it is used on.
class MessageReader {
  public:
    enum class Status : std::uint8_t {
        need_more,  ///< the input is used up
        text,
        binary,
        ping,
        pong,
        close,   ///< `close_code()`; the payload is the reason
        failed,  ///< `close_code()` is what to close with; nothing more is read
    };

    MessageReader(Role role, std::size_t message_bytes_max)
        : message_bytes_max_(message_bytes_max), role_(role) {}

    /// Reads from the front of `input`, which it shortens by what it has used and may overwrite,
    /// until there is something to hand out. Call again until `need_more` or `failed`.
    [[nodiscard]] Status next(std::span<char>& input);

    /// What was handed out last. A view into the input or into the reader: valid until `next`.
    [[nodiscard]] std::string_view payload() const { return payload_; }
    [[nodiscard]] CloseCode close_code() const { return close_code_; }
    /// What was wrong, for the reason of the close frame.
    [[nodiscard]] std::string_view problem() const { return problem_; }
    /// Within a frame or between fragments of a message: more has been promised.
    [[nodiscard]] bool is_within_message() const { return in_message_ || head_size_ > 0; }

  private:
    [[nodiscard]] Status fail(CloseCode code, std::string_view problem);
    [[nodiscard]] bool read_head(std::span<char>& input);
    [[nodiscard]] Status check_head();
    [[nodiscard]] Status check_length();
    [[nodiscard]] Status read_payload(std::span<char>& input);
    [[nodiscard]] Status read_whole_message(std::span<char> bytes);
    [[nodiscard]] Status finish_control();
    [[nodiscard]] Status finish_close();
    void end_frame();
    [[nodiscard]] bool is_control() const { return (opcode_ & 0x8) != 0; }

    std::string message_;  // fragments, or a frame that came in pieces
    std::string control_;
    std::string_view payload_;
    std::string_view problem_;
    std::uint64_t frame_bytes_ = 0;
    std::uint64_t frame_read_ = 0;
    const std::size_t message_bytes_max_;
    CloseCode close_code_ = CloseCode::none;
    MaskKey mask_{};
    std::array<unsigned char, head_bytes_max> head_{};
    std::uint8_t head_size_ = 0;
    std::uint8_t opcode_ = 0;
    Utf8Check utf8_;
    const Role role_;
    bool in_payload_ = false;
    bool is_final_ = false;
    bool in_message_ = false;  // a data frame has begun its message
    bool is_text_ = false;     // that message
    bool has_handed_out_ = false;
    bool has_failed_ = false;
};

}  // namespace courseselect::net::ws
