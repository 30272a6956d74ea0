#include "courseselect/nodes/realtime/event_fields.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

namespace courseselect::nodes::realtime {
namespace {

core::Error bad_field(std::string_view name, std::string_view what) {
    return {core::Errc::invalid_argument, fmt::format("{} {}", name, what)};
}

template <class T>
std::optional<T> number_in(std::string_view text) {
    T number{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    const bool is_whole = error == std::errc{} && end == text.data() + text.size();
    return is_whole && !text.empty() ? std::optional(number) : std::nullopt;
}

/// Bytes of UTF-8 that begin a character.
std::size_t characters_in(std::string_view text) {
    return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
        return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
    }));
}

}  // namespace

core::Result<std::int64_t> EventFields::id(std::string_view name, bool may_be_bare) const {
    const bool is_bare = may_be_bare && !payload_.is_object();
    const json::Value value = is_bare ? payload_ : payload_[name];
    if (!value.exists() || value.is_null()) {
        return bad_field(name, "is required");
    }
    std::optional<std::int64_t> number = value.integer();
    if (const auto text = value.string()) {
        number = number_in<std::int64_t>(*text);
    }
    if (!number || *number < 1) {
        return bad_field(name, "must be a number from 1");
    }
    return *number;
}

core::Result<double> EventFields::number(std::string_view name, double min, double max) const {
    const json::Value value = payload_[name];
    if (!value.exists() || value.is_null()) {
        return bad_field(name, "is required");
    }
    std::optional<double> number = value.number();
    if (const auto text = value.string()) {
        number = number_in<double>(*text);
    }
    if (!number || !std::isfinite(*number) || *number < min || *number > max) {
        return bad_field(name, fmt::format("must be a number from {} to {}", min, max));
    }
    return *number;
}

core::Result<std::string> EventFields::text(std::string_view name,
                                            std::size_t characters_max) const {
    const json::Value value = payload_[name];
    if (!value.exists() || value.is_null()) {
        return bad_field(name, "is required");
    }
    auto text = value.string();
    if (!text || text->empty() || characters_in(*text) > characters_max) {
        return bad_field(name, fmt::format("must be a text of 1 to {} characters", characters_max));
    }
    return *std::move(text);
}

std::string EventFields::raw(std::string_view name, std::size_t bytes_max) const {
    const json::Value value = payload_[name];
    if (!value.exists() || value.is_null()) {
        return {};
    }
    std::string text = value.string().value_or(value.text());
    return text.size() <= bytes_max ? text : std::string();
}

}  // namespace courseselect::nodes::realtime
