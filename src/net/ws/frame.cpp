#include "courseselect/net/ws/frame.hpp"

#include <cstring>

namespace courseselect::net::ws {
namespace {

constexpr unsigned fin_bit = 0x80;
constexpr unsigned mask_bit = 0x80;

void append_big_endian(std::string& out, std::uint64_t value, int bytes) {
    for (int shift = (bytes - 1) * 8; shift >= 0; shift -= 8) {
        out += static_cast<char>((value >> shift) & 0xff);
    }
}

}  // namespace

bool may_be_sent(std::uint16_t code) {
    // 1012 to 1014 are registered with IANA since the RFC.
    const bool is_defined = (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014);
    return is_defined || (code >= 3000 && code <= 4999);
}

void append_head(std::string& out, Opcode opcode, std::uint64_t payload_bytes,
                 const MaskKey* mask) {
    out += static_cast<char>(fin_bit | static_cast<unsigned>(opcode));
    const unsigned masked = mask == nullptr ? 0 : mask_bit;
    if (payload_bytes <= 125) {
        out += static_cast<char>(masked | payload_bytes);
    } else if (payload_bytes <= 0xffff) {
        out += static_cast<char>(masked | 126);
        append_big_endian(out, payload_bytes, 2);
    } else {
        out += static_cast<char>(masked | 127);
        append_big_endian(out, payload_bytes, 8);
    }
    if (mask != nullptr) {
        out.append(reinterpret_cast<const char*>(mask->data()), mask->size());
    }
}

void append_frame(std::string& out, Opcode opcode, std::string_view payload) {
    append_head(out, opcode, payload.size());
    out.append(payload);
}

void append_masked_frame(std::string& out, Opcode opcode, std::string_view payload,
                         const MaskKey& mask) {
    append_head(out, opcode, payload.size(), &mask);
    const std::size_t start = out.size();
    out.append(payload);
    apply_mask(std::span(out).subspan(start), mask);
}

std::string close_payload(CloseCode code, std::string_view reason) {
    std::size_t size = reason.size();
    if (size > close_reason_bytes_max) {
        size = close_reason_bytes_max;
        while (size > 0 && (static_cast<unsigned char>(reason[size]) & 0xc0) == 0x80) {
            --size;  // not within a character
        }
    }
    std::string payload;
    append_big_endian(payload, static_cast<std::uint64_t>(code), 2);
    payload.append(reason.substr(0, size));
    return payload;
}

void apply_mask(std::span<char> bytes, const MaskKey& mask, std::size_t offset) {
    std::array<unsigned char, 8> pattern{};
    for (std::size_t i = 0; i < pattern.size(); ++i) {
        pattern[i] = mask[(offset + i) % 4];
    }
    std::uint64_t word_mask = 0;
    std::memcpy(&word_mask, pattern.data(), sizeof word_mask);
    std::size_t at = 0;
    for (; at + sizeof word_mask <= bytes.size(); at += sizeof word_mask) {
        std::uint64_t word = 0;
        std::memcpy(&word, bytes.data() + at, sizeof word);
        word ^= word_mask;
        std::memcpy(bytes.data() + at, &word, sizeof word);
    }
    for (; at < bytes.size(); ++at) {
        bytes[at] = static_cast<char>(static_cast<unsigned char>(bytes[at]) ^ pattern[at % 8]);
    }
}

}  // namespace courseselect::net::ws
