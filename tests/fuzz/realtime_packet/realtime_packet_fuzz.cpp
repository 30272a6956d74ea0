// Any bytes as a polling payload of Engine.IO packets with Socket.IO packets in them: no crash, no
// limit exceeded, and what is accepted reads the same when it is written again: an echo is exact.
// The entry point is libFuzzer's; replay_test.cpp runs the corpus.

#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "courseselect/realtime/engine_packet.hpp"
#include "courseselect/realtime/packet.hpp"

namespace realtime = courseselect::realtime;

namespace {

constexpr realtime::PacketLimits limits{.attachments_max = 3, .json_depth_max = 5};

void require(bool holds) {
    if (!holds) {
        std::abort();
    }
}

std::string rewritten(realtime::PacketHead& head) {
    const std::vector<realtime::SharedBytes> bytes(head.attachments,
                                                   std::make_shared<const std::string>("bytes"));
    for (const std::size_t number : head.placeholders) {
        require(number < head.attachments);
    }
    switch (head.type) {
        case realtime::PacketType::event:
        case realtime::PacketType::binary_event:
            return realtime::write_event(head.nsp, head.name, head.take_args(bytes), head.id);
        case realtime::PacketType::ack:
        case realtime::PacketType::binary_ack:
            return realtime::write_ack(head.nsp, *head.id, head.take_args(bytes));
        default: return realtime::write_packet(head.type, head.nsp, head.payload);
    }
}

void check_packet(std::string_view text) {
    auto head = realtime::read_packet(text, limits);
    if (!head) {
        require(!head.error().detail().empty());
        return;
    }
    require(head->attachments <= limits.attachments_max);
    require(head->placeholders.size() <= limits.attachments_max);
    const bool is_exact =
        head->name.find('\\') == std::string::npos && (text.front() == '2' || text.front() == '3');
    const std::string once = rewritten(*head);
    auto again = realtime::read_packet(once, limits);
    // A name that is a number comes back as text; everything else must be read as it was written.
    require(again.has_value());
    const std::string twice = rewritten(*again);
    require(!is_exact || once == twice);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view input(reinterpret_cast<const char*>(data), size);
    std::size_t bytes = 0;
    realtime::engine::PayloadReader reader(input);
    while (const auto text = reader.next()) {
        bytes += text->size() + 1;
        const auto packet = realtime::engine::read_packet(*text, true);
        if (packet && packet->is_binary) {
            require(packet->bytes.size() <= text->size());
        } else if (packet && packet->type == realtime::engine::PacketType::message) {
            check_packet(packet->text);
        }
    }
    require(bytes == size + 1);  // nothing is left out
    return 0;
}
