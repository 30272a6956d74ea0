#include "courseselect/net/ws/message_reader.hpp"

#include <algorithm>
#include <utility>

namespace courseselect::net::ws {
namespace {

constexpr unsigned final_bit = 0x80;
constexpr unsigned reserved_bits = 0x70;
constexpr unsigned opcode_bits = 0x0f;
constexpr unsigned masked_bit = 0x80;
constexpr unsigned length_bits = 0x7f;

/// Bytes of the head, once its second byte is known.
std::size_t head_bytes(unsigned char second) {
    const unsigned length = second & length_bits;
    const std::size_t extended = length == 127 ? 8 : length == 126 ? 2 : 0;
    return 2 + extended + ((second & masked_bit) != 0 ? 4 : 0);
}

}  // namespace

MessageReader::Status MessageReader::fail(CloseCode code, std::string_view problem) {
    has_failed_ = true;
    close_code_ = code;
    problem_ = problem;
    payload_ = {};
    message_ = std::string();
    return Status::failed;
}

MessageReader::Status MessageReader::next(std::span<char>& input) {
    if (has_failed_) {
        return Status::failed;
    }
    if (std::exchange(has_handed_out_, false)) {
        payload_ = {};
        control_ = std::string();
        if (!in_message_) {
            message_ = std::string();
        }
    }
    while (true) {
        if (!in_payload_) {
            if (!read_head(input)) {
                return has_failed_ ? Status::failed : Status::need_more;
            }
            in_payload_ = true;
        }
        const Status status = read_payload(input);
        if (status != Status::need_more) {
            has_handed_out_ = status != Status::failed;
            return status;
        }
        if (in_payload_) {
            return Status::need_more;
        }
    }
}

/// Collects the head, and refuses it as early as its bytes allow. False: more is needed, or failed.
bool MessageReader::read_head(std::span<char>& input) {
    while (!input.empty()) {
        head_[head_size_++] = static_cast<unsigned char>(input.front());
        input = input.subspan(1);
        if (head_size_ < 2) {
            continue;
        }
        if (head_size_ == 2 && check_head() == Status::failed) {
            return false;
        }
        if (head_size_ == head_bytes(head_[1])) {
            head_size_ = 0;
            return check_length() != Status::failed;
        }
    }
    return false;
}

MessageReader::Status MessageReader::check_head() {
    is_final_ = (head_[0] & final_bit) != 0;
    opcode_ = head_[0] & opcode_bits;
    const unsigned length = head_[1] & length_bits;
    if ((head_[0] & reserved_bits) != 0) {
        return fail(CloseCode::protocol_error, "A reserved bit is set");
    }
    if ((opcode_ > 0x2 && opcode_ < 0x8) || opcode_ > 0xa) {
        return fail(CloseCode::protocol_error, "A reserved opcode");
    }
    if (((head_[1] & masked_bit) != 0) != (role_ == Role::server)) {
        return fail(CloseCode::protocol_error,
                    role_ == Role::server ? "A frame without mask" : "A masked frame");
    }
    if (is_control()) {
        if (!is_final_ || length > control_bytes_max) {
            return fail(CloseCode::protocol_error, "A fragmented or long control frame");
        }
        return Status::need_more;
    }
    const bool continues = opcode_ == static_cast<std::uint8_t>(Opcode::continuation);
    if (continues != in_message_) {
        return fail(CloseCode::protocol_error,
                    continues ? "A continuation of nothing" : "A message within a message");
    }
    return Status::need_more;
}

MessageReader::Status MessageReader::check_length() {
    const unsigned length = head_[1] & length_bits;
    const std::size_t extended = length == 127 ? 8 : length == 126 ? 2 : 0;
    std::uint64_t value = length;
    if (extended > 0) {
        value = 0;
        for (std::size_t i = 0; i < extended; ++i) {
            value = value << 8 | head_[2 + i];
        }
        if (value <= (extended == 2 ? 125U : 0xffffU) || value >> 63 != 0) {
            return fail(CloseCode::protocol_error, "A length not in its shortest form");
        }
    }
    frame_bytes_ = value;
    frame_read_ = 0;
    if (role_ == Role::server) {
        std::copy_n(head_.begin() + 2 + static_cast<std::ptrdiff_t>(extended), mask_.size(),
                    mask_.begin());
    }
    if (is_control()) {
        return Status::need_more;
    }
    if (value > message_bytes_max_ - message_.size()) {
        return fail(CloseCode::message_too_big, "A message over the limit");
    }
    if (!in_message_) {
        in_message_ = true;
        is_text_ = opcode_ == static_cast<std::uint8_t>(Opcode::text);
        utf8_.reset();
    }
    return Status::need_more;
}

MessageReader::Status MessageReader::read_payload(std::span<char>& input) {
    const auto size =
        static_cast<std::size_t>(std::min<std::uint64_t>(frame_bytes_ - frame_read_, input.size()));
    const std::span<char> bytes = input.first(size);
    input = input.subspan(size);
    if (role_ == Role::server) {
        apply_mask(bytes, mask_, static_cast<std::size_t>(frame_read_ % 4));
    }
    frame_read_ += size;
    const bool is_whole = frame_read_ == frame_bytes_;
    const std::string_view text(bytes.data(), bytes.size());
    if (is_control()) {
        control_.append(text);
        return is_whole ? finish_control() : Status::need_more;
    }
    if (is_text_ && !utf8_.put(text)) {
        return fail(CloseCode::invalid_data, "Text that is not UTF-8");
    }
    if (is_whole && is_final_ && message_.empty()) {
        return read_whole_message(bytes);  // nothing to join: no copy
    }
    message_.append(text);
    if (!is_whole) {
        return Status::need_more;
    }
    end_frame();
    if (!is_final_) {
        return Status::need_more;
    }
    return read_whole_message(std::span(message_));
}

MessageReader::Status MessageReader::read_whole_message(std::span<char> bytes) {
    end_frame();
    in_message_ = false;
    if (is_text_ && !utf8_.is_complete()) {
        return fail(CloseCode::invalid_data, "Text that ends within a character");
    }
    payload_ = {bytes.data(), bytes.size()};
    return is_text_ ? Status::text : Status::binary;
}

void MessageReader::end_frame() { in_payload_ = false; }

MessageReader::Status MessageReader::finish_control() {
    end_frame();
    payload_ = control_;
    switch (static_cast<Opcode>(opcode_)) {
        case Opcode::ping: return Status::ping;
        case Opcode::pong: return Status::pong;
        default: return finish_close();
    }
}

MessageReader::Status MessageReader::finish_close() {
    close_code_ = CloseCode::none;
    if (control_.empty()) {
        return Status::close;
    }
    if (control_.size() == 1) {
        return fail(CloseCode::protocol_error, "A close frame with half a code");
    }
    const auto code = static_cast<std::uint16_t>(static_cast<unsigned char>(control_[0]) << 8 |
                                                 static_cast<unsigned char>(control_[1]));
    payload_.remove_prefix(2);
    if (!may_be_sent(code)) {
        return fail(CloseCode::protocol_error, "A close code that must not be sent");
    }
    Utf8Check check;
    if (!check.put(payload_) || !check.is_complete()) {
        return fail(CloseCode::invalid_data, "A close reason that is not UTF-8");
    }
    close_code_ = static_cast<CloseCode>(code);
    return Status::close;
}

}  // namespace courseselect::net::ws
