#include "courseselect/realtime/packet.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "courseselect/json/value.hpp"
#include "courseselect/json/writer.hpp"
#include "json_text.hpp"

namespace courseselect::realtime {
namespace {

/// Ack ids that JavaScript can hold exactly: 2^53 - 1 has 16 digits.
constexpr std::size_t ack_id_digits_max = 15;
constexpr std::size_t count_digits_max = 9;

core::Error bad_packet(std::string detail) {
    return {core::Errc::invalid_argument, "bad_packet", std::move(detail)};
}

bool is_binary(PacketType type) {
    return type == PacketType::binary_event || type == PacketType::binary_ack;
}

/// The decimal digits at the beginning of `text`, which it removes; nothing when there are none,
/// or more than `digits_max`.
std::optional<std::uint64_t> take_number(std::string_view& text, std::size_t digits_max) {
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    const auto digits = static_cast<std::size_t>(end - text.data());
    if (error != std::errc() || digits == 0 || digits > digits_max) {
        return std::nullopt;
    }
    text.remove_prefix(digits);
    return number;
}

core::Result<> read_attachments(std::string_view& text, PacketHead& head,
                                const PacketLimits& limits) {
    if (!is_binary(head.type)) {
        return {};
    }
    const auto count = take_number(text, count_digits_max);
    if (!count || !text.starts_with('-')) {
        return bad_packet("A binary packet without its number of attachments");
    }
    if (*count > limits.attachments_max) {
        return bad_packet("Too many attachments");
    }
    text.remove_prefix(1);
    head.attachments = static_cast<std::size_t>(*count);
    return {};
}

void read_nsp(std::string_view& text, PacketHead& head) {
    if (text.starts_with('/')) {
        const std::string_view nsp = text.substr(0, text.find(','));
        head.nsp = nsp;
        text.remove_prefix(std::min(nsp.size() + 1, text.size()));
    }
}

/// The characters of a JSON string that has been checked; as written when they are no UTF-8 text
/// (half of a surrogate pair).
std::string string_value(std::string_view json) {
    if (json.find('\\') != std::string_view::npos) {
        const auto parsed = json::Value::parse(json);
        if (parsed && parsed->string()) {
            return *parsed->string();
        }
    }
    return std::string(json.substr(1, json.size() - 2));
}

/// Reads `[a,b]`: an event's name goes to `head.name`, the rest to `head.payload`.
core::Result<> read_list(JsonText& text, PacketHead& head, bool has_name) {
    if (!text.take('[')) {
        return bad_packet("The payload must be a list");
    }
    bool is_first = true;
    if (!text.take(']')) {
        do {
            std::string item;
            if (!text.value(item)) {
                return bad_packet("The payload is no JSON");
            }
            if (is_first && has_name) {
                const char kind = item.front();
                if (kind == '"') {
                    head.name = string_value(item);
                } else if (kind == '-' || (kind >= '0' && kind <= '9')) {
                    head.name = item;
                } else {
                    return bad_packet("The name of an event must be a string or a number");
                }
            } else {
                head.payload += head.payload.empty() ? "" : ",";
                head.payload += item;
            }
            is_first = false;
        } while (text.take(','));
        if (!text.take(']')) {
            return bad_packet("The payload is no JSON");
        }
    }
    if (!text.is_at_end() || (is_first && has_name)) {
        return bad_packet("The payload is no list with a name");
    }
    return {};
}

core::Result<> read_arguments(JsonText& text, PacketHead& head, bool has_name) {
    COURSESELECT_TRY_OK(read_list(text, head, has_name));
    head.placeholders = std::move(text.placeholders());
    if (is_reserved_event(head.name)) {
        return bad_packet("A reserved name");
    }
    return {};
}

core::Result<> read_payload(std::string_view json, PacketHead& head, const PacketLimits& limits) {
    JsonText text(json, {.depth_max = limits.json_depth_max,
                         .attachments = head.attachments,
                         .placeholders_max = limits.attachments_max});
    switch (head.type) {
        case PacketType::connect:
            if (json.empty()) {
                return {};
            }
            if (text.peek() != '{' || !text.value(head.payload) || !text.is_at_end()) {
                return bad_packet("The payload of CONNECT must be an object");
            }
            return {};
        case PacketType::disconnect:
            if (!json.empty()) {
                return bad_packet("DISCONNECT has no payload");
            }
            return {};
        case PacketType::connect_error: return bad_packet("CONNECT_ERROR is for servers");
        case PacketType::event:
        case PacketType::binary_event: return read_arguments(text, head, true);
        case PacketType::ack:
        case PacketType::binary_ack: return read_arguments(text, head, false);
    }
    return {};
}

std::string packet_head(PacketType plain, PacketType binary, std::string_view nsp,
                        const Args& args) {
    const std::size_t attachments = args.attachments().size();
    std::string text;
    text += static_cast<char>('0' + static_cast<int>(attachments > 0 ? binary : plain));
    if (attachments > 0) {
        text += std::to_string(attachments) + "-";
    }
    if (nsp != "/") {
        text.append(nsp).append(",");
    }
    return text;
}

}  // namespace

Args PacketHead::take_args(const std::vector<SharedBytes>& received) {
    std::vector<SharedBytes> placed;
    placed.reserve(placeholders.size());
    for (const std::size_t number : placeholders) {
        placed.push_back(received[number]);
    }
    return Args::from_text(std::move(payload), std::move(placed));
}

bool is_reserved_event(std::string_view name) {
    constexpr std::array<std::string_view, 6> reserved{
        "connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener"};
    return std::find(reserved.begin(), reserved.end(), name) != reserved.end();
}

core::Result<PacketHead> read_packet(std::string_view text, const PacketLimits& limits) {
    PacketHead head;
    if (text.empty() || text.front() < '0' || text.front() > '6') {
        return bad_packet("An unknown type of packet");
    }
    head.type = static_cast<PacketType>(text.front() - '0');
    text.remove_prefix(1);
    COURSESELECT_TRY_OK(read_attachments(text, head, limits));
    read_nsp(text, head);
    if (!text.empty() && text.front() >= '0' && text.front() <= '9') {
        head.id = take_number(text, ack_id_digits_max);
        if (!head.id) {
            return bad_packet("An ack id that is too long");
        }
    }
    const bool is_ack = head.type == PacketType::ack || head.type == PacketType::binary_ack;
    if (is_ack && !head.id) {
        return bad_packet("An ack without id");
    }
    COURSESELECT_TRY_OK(read_payload(text, head, limits));
    return head;
}

std::string write_packet(PacketType type, std::string_view nsp, std::string_view json) {
    std::string text = packet_head(type, type, nsp, {});
    text.append(json);
    return text;
}

std::string write_event(std::string_view nsp, std::string_view event, const Args& args,
                        std::optional<std::uint64_t> id) {
    std::string text = packet_head(PacketType::event, PacketType::binary_event, nsp, args);
    if (id) {
        text += std::to_string(*id);
    }
    text += '[';
    json::append_string(text, event);
    if (!args.empty()) {
        text.append(",").append(args.text());
    }
    return text += ']';
}

std::string write_ack(std::string_view nsp, std::uint64_t id, const Args& args) {
    std::string text = packet_head(PacketType::ack, PacketType::binary_ack, nsp, args);
    return text.append(std::to_string(id)).append("[").append(args.text()).append("]");
}

}  // namespace courseselect::realtime
