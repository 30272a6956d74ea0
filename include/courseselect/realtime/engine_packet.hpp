#pragma once
/// Engine.IO packets (protocol 4): what a WebSocket text frame holds, and polling payloads.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace courseselect::realtime::engine {

enum class PacketType : std::uint8_t {
    open = 0,
    close = 1,
    ping = 2,
    pong = 3,
    message = 4,
    upgrade = 5,
    noop = 6,
};

/// Between the packets of a polling payload.
inline constexpr char payload_separator = '\x1e';
/// In front of a binary message in a polling payload; base64 follows.
inline constexpr char binary_packet_mark = 'b';

[[nodiscard]] constexpr char packet_digit(PacketType type) {
    return static_cast<char>('0' + static_cast<int>(type));
}

/// One packet of a client.
struct Packet {
    PacketType type = PacketType::message;
    bool is_binary = false;  ///< a message of bytes
    std::string_view text;   ///< what follows the type; views the input
    std::string bytes;       ///< decoded, when binary
};

/// Reads a packet that came as text: a WebSocket text frame or (`in_payload`) a part of a polling
/// payload, where messages may be binary. Nothing when it is none: an unknown type, no type, or
/// base64 that no encoder makes.
[[nodiscard]] std::optional<Packet> read_packet(std::string_view text, bool in_payload);

/// The packets of a polling payload, one after the other.
class PayloadReader {
  public:
    explicit PayloadReader(std::string_view payload) : rest_(payload) {}
    /// The next packet, which may be empty (and then is none); nothing at the end.
    [[nodiscard]] std::optional<std::string_view> next();

  private:
    std::string_view rest_;
    bool is_at_end_ = false;
};

}  // namespace courseselect::realtime::engine
