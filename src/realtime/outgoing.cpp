#include "outgoing.hpp"

#include <utility>

#include "courseselect/core/encoding.hpp"
#include "courseselect/net/ws/frame.hpp"
#include "courseselect/realtime/engine_packet.hpp"

namespace courseselect::realtime::engine {

OutgoingPointer Outgoing::message(std::string_view text,
                                  const std::vector<SharedBytes>& attachments) {
    auto made = std::make_shared<Outgoing>();
    std::size_t bytes = text.size() + 1 + net::ws::head_bytes_max;
    for (const SharedBytes& attachment : attachments) {
        bytes += attachment->size() + net::ws::head_bytes_max;
    }
    std::string frames;
    frames.reserve(bytes);
    net::ws::append_head(frames, net::ws::Opcode::text, text.size() + 1);
    made->text_offset_ = frames.size();
    made->text_size_ = text.size() + 1;
    frames += packet_digit(PacketType::message);
    frames.append(text);
    for (const SharedBytes& attachment : attachments) {
        net::ws::append_frame(frames, net::ws::Opcode::binary, *attachment);
    }
    made->frames_ = std::make_shared<const std::string>(std::move(frames));
    made->attachments_ = attachments;
    return made;
}

OutgoingPointer Outgoing::binary(std::string_view bytes) {
    auto made = std::make_shared<Outgoing>();
    std::string frames;
    net::ws::append_frame(frames, net::ws::Opcode::binary, bytes);
    made->frames_ = std::make_shared<const std::string>(std::move(frames));
    made->attachments_.push_back(std::make_shared<const std::string>(bytes));
    return made;
}

OutgoingPointer Outgoing::packet(std::string_view text) {
    auto made = std::make_shared<Outgoing>();
    std::string frames;
    net::ws::append_frame(frames, net::ws::Opcode::text, text);
    made->text_offset_ = frames.size() - text.size();
    made->text_size_ = text.size();
    made->frames_ = std::make_shared<const std::string>(std::move(frames));
    return made;
}

void Outgoing::append_to_payload(std::string& payload) const {
    const auto separate = [&payload] {
        if (!payload.empty()) {
            payload += payload_separator;
        }
    };
    if (text_size_ > 0) {
        separate();
        payload.append(*frames_, text_offset_, text_size_);
    }
    for (const SharedBytes& attachment : attachments_) {
        separate();
        payload += binary_packet_mark;
        payload += core::base64_encode(*attachment);
    }
}

Series::Series(std::vector<OutgoingPointer> messages) : messages_(std::move(messages)) {
    std::string frames;
    offsets_.reserve(messages_.size() + 1);
    for (const OutgoingPointer& message : messages_) {
        offsets_.push_back(frames.size());
        frames += *message->frames();
    }
    offsets_.push_back(frames.size());
    frames_ = std::make_shared<const std::string>(std::move(frames));
}

}  // namespace courseselect::realtime::engine
