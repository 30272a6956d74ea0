#pragma once
/// WebSocket frames (RFC 6455 §5): the numbers of the protocol, and how a frame is written.

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace courseselect::net::ws {

/// RFC 6455 §5.2; the other numbers are reserved and refused.
enum class Opcode : std::uint8_t {
    continuation = 0x0,
    text = 0x1,
    binary = 0x2,
    close = 0x8,
    ping = 0x9,
    pong = 0xA,
};

/// RFC 6455 §7.4.1. Applications use 4000 to 4999.
enum class CloseCode : std::uint16_t {
    normal = 1000,
    going_away = 1001,
    protocol_error = 1002,
    unsupported_data = 1003,
    none = 1005,      ///< the peer's close frame had no code; never sent
    abnormal = 1006,  ///< the connection ended without a close frame; never sent
    invalid_data = 1007,
    policy_violation = 1008,
    message_too_big = 1009,
    internal_error = 1011,
};

/// Whether a close frame may carry this code (RFC 6455 §7.4).
[[nodiscard]] bool may_be_sent(std::uint16_t code);

/// The longest payload of a ping, pong or close frame (RFC 6455 §5.5).
inline constexpr std::size_t control_bytes_max = 125;
/// The longest reason of a close frame: its payload begins with the code.
inline constexpr std::size_t close_reason_bytes_max = control_bytes_max - 2;
/// The longest head: two bytes, eight of length, four of mask.
inline constexpr std::size_t head_bytes_max = 14;

using MaskKey = std::array<unsigned char, 4>;

/// Appends the head of a whole, unfragmented frame. `mask`: as clients must send (§5.1).
void append_head(std::string& out, Opcode opcode, std::uint64_t payload_bytes,
                 const MaskKey* mask = nullptr);
/// Appends a whole frame as servers send it: unmasked.
void append_frame(std::string& out, Opcode opcode, std::string_view payload);
/// Appends a whole frame as clients send it.
void append_masked_frame(std::string& out, Opcode opcode, std::string_view payload,
                         const MaskKey& mask);
/// The payload of a close frame; a reason that is too long is cut at a character.
[[nodiscard]] std::string close_payload(CloseCode code, std::string_view reason);

/// Masks or unmasks in place (§5.3). `offset`: of the first byte within the frame's payload.
void apply_mask(std::span<char> bytes, const MaskKey& mask, std::size_t offset = 0);

}  // namespace courseselect::net::ws
