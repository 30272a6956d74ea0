#include "courseselect/realtime/engine_packet.hpp"

#include <utility>

#include "courseselect/core/encoding.hpp"

namespace courseselect::realtime::engine {

std::optional<Packet> read_packet(std::string_view text, bool in_payload) {
    if (text.empty()) {
        return std::nullopt;
    }
    Packet packet;
    const char type = text.front();
    text.remove_prefix(1);
    if (type == binary_packet_mark && in_payload) {
        auto bytes = core::base64_decode(text);
        if (!bytes) {
            return std::nullopt;
        }
        packet.is_binary = true;
        packet.bytes = *std::move(bytes);
        return packet;
    }
    if (type < packet_digit(PacketType::open) || type > packet_digit(PacketType::noop)) {
        return std::nullopt;
    }
    packet.type = static_cast<PacketType>(type - '0');
    packet.text = text;
    return packet;
}

std::optional<std::string_view> PayloadReader::next() {
    if (is_at_end_) {
        return std::nullopt;
    }
    const std::string_view packet = rest_.substr(0, rest_.find(payload_separator));
    is_at_end_ = packet.size() == rest_.size();
    rest_.remove_prefix(is_at_end_ ? packet.size() : packet.size() + 1);
    return packet;
}

}  // namespace courseselect::realtime::engine
