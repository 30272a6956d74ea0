#include "scalar_text.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstring>

namespace courseselect::json {
namespace {

std::string_view without_blanks(std::string_view text) {
    constexpr std::string_view blanks = " \t\r\n";
    const std::size_t first = text.find_first_not_of(blanks);
    if (first == std::string_view::npos) {
        return {};
    }
    return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

/// from_chars takes no plus sign; "+-1" must not slip through.
std::string_view without_plus(std::string_view text) {
    const bool is_plus = text.size() > 1 && text[0] == '+' && text[1] != '-';
    return is_plus ? text.substr(1) : text;
}

bool equals_ignoring_case(std::string_view text, std::string_view lower) {
    return std::ranges::equal(text, lower, [](char a, char b) {
        return (a >= 'A' && a <= 'Z' ? static_cast<char>(a + ('a' - 'A')) : a) == b;
    });
}

}  // namespace

IntText int_from_text(std::string_view text, std::int64_t& value) {
    text = without_plus(without_blanks(text));
    if (const std::size_t dot = text.find('.'); dot != std::string_view::npos) {
        const std::string_view fraction = text.substr(dot + 1);
        if (fraction.empty() || fraction.find_first_not_of('0') != std::string_view::npos) {
            return IntText::malformed;
        }
        text = text.substr(0, dot);
    }
    const char* const end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, value);
    if (stop != end || text.empty() || error == std::errc::invalid_argument) {
        return IntText::malformed;
    }
    if (error == std::errc::result_out_of_range) {
        return text.front() == '-' ? IntText::too_small : IntText::too_large;
    }
    return IntText::ok;
}

std::optional<double> number_from_text(std::string_view text) {
    text = without_plus(without_blanks(text));
    double value = 0;
    const char* const end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, value);
    if (text.empty() || stop != end || error != std::errc{} || !std::isfinite(value)) {
        return std::nullopt;
    }
    return value;
}

std::optional<bool> bool_from_text(std::string_view text) {
    constexpr std::array<std::string_view, 6> yes = {"true", "1", "yes", "on", "t", "y"};
    constexpr std::array<std::string_view, 6> no = {"false", "0", "no", "off", "f", "n"};
    const auto matches = [text](std::string_view word) { return equals_ignoring_case(text, word); };
    if (std::ranges::any_of(yes, matches)) {
        return true;
    }
    if (std::ranges::any_of(no, matches)) {
        return false;
    }
    return std::nullopt;
}

/// Eight bytes at a time: every string of a request is counted.
std::size_t code_points(std::string_view text) {
    constexpr std::uint64_t ones = 0x0101010101010101U;
    std::size_t continuations = 0;  // bytes 0b10xxxxxx, which begin no code point
    std::size_t at = 0;
    for (; at + sizeof(std::uint64_t) <= text.size(); at += sizeof(std::uint64_t)) {
        std::uint64_t bytes = 0;
        std::memcpy(&bytes, text.data() + at, sizeof bytes);
        const std::uint64_t marks = (bytes >> 7U) & ~(bytes >> 6U) & ones;
        continuations += (marks * ones) >> 56U;  // the sum of the marks
    }
    for (; at < text.size(); ++at) {
        continuations += (static_cast<unsigned char>(text[at]) & 0xC0U) == 0x80U ? 1 : 0;
    }
    return text.size() - continuations;
}

}  // namespace courseselect::json
