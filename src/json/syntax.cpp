#include "syntax.hpp"

#include <charconv>
#include <cstdint>

namespace courseselect::json {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_hex(char c) { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

/// Recursive descent over RFC 8259; the recursion is bounded by `depth_max`.
class Scanner {
  public:
    Scanner(std::string_view text, std::size_t depth_max) : text_(text), depth_max_(depth_max) {}

    Diagnosis run() {
        const std::size_t bad = find_invalid_utf8(text_);
        skip_blanks();
        bool valid = value();
        if (valid) {
            skip_blanks();
            valid = at_ == text_.size() || fail("Extra data");
        }
        if (bad != std::string_view::npos && (valid || bad < result_.offset)) {
            at_ = bad;
            fail("Invalid UTF-8");
        }
        if (!result_.is_faulty) {
            result_.repaired.append(text_.substr(copied_));
        }
        return std::move(result_);
    }

  private:
    bool fail(const char* message) { return fail(message, at_); }
    bool fail(const char* message, std::size_t offset) {
        result_.is_faulty = true;
        result_.offset = offset;
        result_.message = message;
        return false;
    }
    [[nodiscard]] char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
    void skip_blanks() {
        while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t' ||
                                      text_[at_] == '\n' || text_[at_] == '\r')) {
            ++at_;
        }
    }

    bool value() {
        switch (peek()) {
            case '{': return object();
            case '[': return list();
            case '"': return string();
            case 't': return word("true");
            case 'f': return word("false");
            case 'n': return word("null");
            default: return number();
        }
    }

    bool word(std::string_view expected) {
        if (text_.substr(at_, expected.size()) != expected) {
            return fail("Expecting value");
        }
        at_ += expected.size();
        return true;
    }

    bool open() {
        if (++depth_ > depth_max_) {
            return fail("Nested too deeply");
        }
        ++at_;
        skip_blanks();
        return true;
    }
    bool close() {
        --depth_;
        ++at_;
        return true;
    }

    bool object() {
        if (!open()) {
            return false;
        }
        if (peek() == '}') {
            return close();
        }
        while (true) {
            if (peek() != '"') {
                return fail("Expecting property name enclosed in double quotes");
            }
            if (!string()) {
                return false;
            }
            skip_blanks();
            if (peek() != ':') {
                return fail("Expecting ':' delimiter");
            }
            ++at_;
            skip_blanks();
            if (!value()) {
                return false;
            }
            skip_blanks();
            if (peek() == '}') {
                return close();
            }
            if (peek() != ',') {
                return fail("Expecting ',' delimiter");
            }
            ++at_;
            skip_blanks();
        }
    }

    bool list() {
        if (!open()) {
            return false;
        }
        if (peek() == ']') {
            return close();
        }
        while (true) {
            if (!value()) {
                return false;
            }
            skip_blanks();
            if (peek() == ']') {
                return close();
            }
            if (peek() != ',') {
                return fail("Expecting ',' delimiter");
            }
            ++at_;
            skip_blanks();
        }
    }

    bool string() {
        const std::size_t start = at_++;
        while (at_ < text_.size()) {
            const char c = text_[at_];
            if (c == '"') {
                ++at_;
                return true;
            }
            if (static_cast<unsigned char>(c) < 0x20) {
                return fail("Invalid control character at");
            }
            if (c == '\\' && !escape()) {
                return false;
            }
            if (c != '\\') {
                ++at_;
            }
        }
        return fail("Unterminated string starting at", start);
    }

    bool escape() {
        const std::size_t start = at_++;
        const char c = peek();
        if (c == 'u') {
            std::uint32_t unit = 0;
            ++at_;
            if (!hex4(unit)) {
                return fail("Invalid \\uXXXX escape", start);
            }
            if (unit >= 0xDC00 && unit <= 0xDFFF) {
                return fail("Unpaired surrogate", start);
            }
            if (unit >= 0xD800 && unit <= 0xDBFF) {
                std::uint32_t low = 0;
                const bool paired = text_.substr(at_, 2) == "\\u" && (at_ += 2, hex4(low));
                if (!paired || low < 0xDC00 || low > 0xDFFF) {
                    return fail("Unpaired surrogate", start);
                }
            }
            return true;
        }
        if (at_ >= text_.size() ||
            std::string_view("\"\\/bfnrt").find(c) == std::string_view::npos) {
            return fail("Invalid \\escape", start);
        }
        ++at_;
        return true;
    }

    bool hex4(std::uint32_t& unit) {
        for (int i = 0; i < 4; ++i) {
            if (!is_hex(peek())) {
                return false;
            }
            const char c = text_[at_++];
            const int digit = is_digit(c) ? c - '0' : (c | 0x20) - 'a' + 10;
            unit = unit * 16 + static_cast<std::uint32_t>(digit);
        }
        return true;
    }

    bool number() {
        const std::size_t start = at_;
        if (peek() == '-') {
            ++at_;
        }
        if (!is_digit(peek())) {
            return fail("Expecting value", start);
        }
        const bool leading_zero = peek() == '0';
        digits();
        if (leading_zero && is_digit(text_[at_ - 1]) && text_[start] != '-' && at_ - start > 1) {
            return fail("Extra data", start + 1);
        }
        if (leading_zero && text_[start] == '-' && at_ - start > 2) {
            return fail("Extra data", start + 2);
        }
        bool integral = true;
        if (peek() == '.') {
            integral = false;
            ++at_;
            if (!is_digit(peek())) {
                return fail("Extra data", at_ - 1);
            }
            digits();
        }
        if (peek() == 'e' || peek() == 'E') {
            integral = false;
            ++at_;
            if (peek() == '+' || peek() == '-') {
                ++at_;
            }
            if (!is_digit(peek())) {
                return fail("Extra data");
            }
            digits();
        }
        repair(text_.substr(start, at_ - start), start, integral);
        return true;
    }

    void digits() {
        while (is_digit(peek())) {
            ++at_;
        }
    }

    /// Replaces a number that simdjson refuses by the nearest double.
    void repair(std::string_view token, std::size_t start, bool integral) {
        const char* const end = token.data() + token.size();
        std::int64_t whole = 0;
        if (integral && std::from_chars(token.data(), end, whole).ec == std::errc{}) {
            return;
        }
        double nearest = 0;
        const bool fits = std::from_chars(token.data(), end, nearest).ec == std::errc{};
        if (fits && !integral) {
            return;
        }
        result_.repaired.append(text_.substr(copied_, start - copied_));
        copied_ = start + token.size();
        if (fits) {
            result_.repaired.append(token).append(".0");
        } else if (token.find("e-") != token.npos || token.find("E-") != token.npos) {
            result_.repaired.append("0.0");
        } else {
            result_.repaired.append(token.front() == '-' ? "-" : "")
                .append("1.7976931348623157e308");
        }
    }

    std::string_view text_;
    std::size_t depth_max_;
    std::size_t at_ = 0;
    std::size_t depth_ = 0;
    std::size_t copied_ = 0;
    Diagnosis result_;
};

}  // namespace

std::size_t utf8_sequence(std::string_view text) {
    const auto byte = [text](std::size_t i) -> unsigned {
        return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U;
    };
    const auto follows = [&byte](std::size_t i) { return (byte(i) & 0xC0U) == 0x80U; };
    const unsigned first = byte(0);
    if (text.empty()) {
        return 0;
    }
    if (first < 0x80) {
        return 1;
    }
    if (first >= 0xC2 && first <= 0xDF) {
        return follows(1) ? 2 : 0;
    }
    if (first >= 0xE0 && first <= 0xEF) {
        const unsigned second_min = first == 0xE0 ? 0xA0 : 0x80;
        const unsigned second_max = first == 0xED ? 0x9F : 0xBF;
        return byte(1) >= second_min && byte(1) <= second_max && follows(2) ? 3 : 0;
    }
    if (first >= 0xF0 && first <= 0xF4) {
        const unsigned second_min = first == 0xF0 ? 0x90 : 0x80;
        const unsigned second_max = first == 0xF4 ? 0x8F : 0xBF;
        return byte(1) >= second_min && byte(1) <= second_max && follows(2) && follows(3) ? 4 : 0;
    }
    return 0;
}

std::size_t find_invalid_utf8(std::string_view text) {
    std::size_t at = 0;
    while (at < text.size()) {
        const std::size_t length = utf8_sequence(text.substr(at));
        if (length == 0) {
            return at;
        }
        at += length;
    }
    return std::string_view::npos;
}

Diagnosis diagnose(std::string_view text, std::size_t depth_max) {
    return Scanner(text, depth_max).run();
}

}  // namespace courseselect::json
