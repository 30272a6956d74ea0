#include "courseselect/api/trace.hpp"

#include <algorithm>
#include <cstring>

#include "courseselect/crypto/random.hpp"

namespace courseselect::api {
namespace {

constexpr std::size_t traceparent_bytes = 55;  // 2 + 1 + 32 + 1 + 16 + 1 + 2

/// -1 for what is no lower-case hexadecimal digit.
int hex_digit(char c) {
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

std::optional<std::uint64_t> read_hex(std::string_view digits) {
    std::uint64_t value = 0;
    for (const char c : digits) {
        const int digit = hex_digit(c);
        if (digit < 0) {
            return std::nullopt;
        }
        value = value << 4 | static_cast<std::uint64_t>(digit);
    }
    return value;
}

void append_hex(std::string& to, std::uint64_t value) {
    constexpr std::string_view digits = "0123456789abcdef";
    for (int shift = 60; shift >= 0; shift -= 4) {
        to += digits[value >> shift & 0xf];
    }
}

std::uint64_t random_number() {
    crypto::SystemRandomSource random;
    const auto bytes = random.array<sizeof(std::uint64_t)>();
    std::uint64_t number = 0;
    std::memcpy(&number, bytes.data(), bytes.size());
    return number;
}

}  // namespace

bool is_valid_request_id(std::string_view id) {
    const auto allowed = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '-' || c == '_' || c == '.';
    };
    return !id.empty() && id.size() <= request_id_bytes_max &&
           std::all_of(id.begin(), id.end(), allowed);
}

std::optional<TraceContext> TraceContext::parse(std::string_view traceparent) {
    if (traceparent.size() < traceparent_bytes || traceparent[2] != '-' || traceparent[35] != '-' ||
        traceparent[52] != '-') {
        return std::nullopt;
    }
    const auto version = read_hex(traceparent.substr(0, 2));
    const auto high = read_hex(traceparent.substr(3, 16));
    const auto low = read_hex(traceparent.substr(19, 16));
    const auto span = read_hex(traceparent.substr(36, 16));
    const auto flags = read_hex(traceparent.substr(53, 2));
    if (!version || !high || !low || !span || !flags || *version == 0xff ||
        (*high == 0 && *low == 0) || *span == 0) {
        return std::nullopt;
    }
    const bool longer = traceparent.size() > traceparent_bytes;
    if (longer && (*version == 0 || traceparent[traceparent_bytes] != '-')) {
        return std::nullopt;
    }
    return TraceContext{
        .trace_high = *high, .trace_low = *low, .parent = *span, .sampled = (*flags & 1U) != 0};
}

std::string TraceContext::trace_id() const {
    std::string text;
    text.reserve(32);
    append_hex(text, trace_high);
    append_hex(text, trace_low);
    return text;
}

std::string TraceContext::span_id() const {
    std::string text;
    append_hex(text, span);
    return text;
}

std::string TraceContext::traceparent() const {
    std::string text;
    text.reserve(traceparent_bytes);
    text.append("00-");
    append_hex(text, trace_high);
    append_hex(text, trace_low);
    text.push_back('-');
    append_hex(text, span);
    text.append(sampled ? "-01" : "-00");
    return text;
}

TraceIds::TraceIds() : TraceIds(random_number()) { high_ = random_number(); }

/// Sebastiano Vigna's splitmix64: each state gives another number, and 0 only once in 2^64.
std::uint64_t TraceIds::next() {
    std::uint64_t z = state_ += 0x9e3779b97f4a7c15U;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9U;
    z = (z ^ z >> 27) * 0x94d049bb133111ebU;
    z ^= z >> 31;
    return z != 0 ? z : next();
}

TraceContext TraceIds::begin() {
    return {.trace_high = high_, .trace_low = next(), .span = next()};
}

TraceContext TraceIds::join(TraceContext caller) {
    caller.span = next();
    return caller;
}

RequestIdentity TraceIds::identity() {
    const TraceContext trace = begin();
    return {.request_id = trace.trace_id(), .trace = trace};
}

}  // namespace courseselect::api
