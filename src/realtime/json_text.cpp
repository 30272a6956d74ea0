#include "json_text.hpp"

#include <charconv>

namespace courseselect::realtime {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool is_hex_digit(char c) {
    const char lower = static_cast<char>(c | 0x20);
    return is_digit(c) || (lower >= 'a' && lower <= 'f');
}

std::optional<std::size_t> small_number(std::string_view text) {
    std::size_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end != text.data() + text.size()) {
        return std::nullopt;
    }
    return number;
}

}  // namespace

void JsonText::skip_blanks() {
    while (at_ < text_.size() &&
           (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\n' || text_[at_] == '\r')) {
        ++at_;
    }
}

char JsonText::peek() {
    skip_blanks();
    return at_ < text_.size() ? text_[at_] : '\0';
}

bool JsonText::take(char c) {
    if (peek() != c || at_ == text_.size()) {
        return false;
    }
    ++at_;
    return true;
}

bool JsonText::value(std::string& out, std::size_t depth) {
    switch (peek()) {
        case '{': return depth < limits_.depth_max && object(out, depth);
        case '[': return depth < limits_.depth_max && list(out, depth);
        case '"': return string(out);
        case 't': return word(out, "true");
        case 'f': return word(out, "false");
        case 'n': return word(out, "null");
        default: return number(out);
    }
}

bool JsonText::object(std::string& out, std::size_t depth) {
    ObjectNotes notes;
    notes.start = out.size();
    notes.placeholders = placeholders_.size();
    static_cast<void>(take('{'));
    out += '{';
    if (!take('}')) {
        while (true) {
            if (!member(out, depth, notes)) {
                return false;
            }
            if (take('}')) {
                break;
            }
            if (!take(',')) {
                return false;
            }
            out += ',';
        }
    }
    out += '}';
    return notes.is_placeholder ? placeholder(out, notes) : true;
}

bool JsonText::member(std::string& out, std::size_t depth, ObjectNotes& notes) {
    const std::size_t name_start = out.size();
    if (peek() != '"' || !string(out) || !take(':')) {
        return false;
    }
    out += ':';
    const std::size_t value_start = out.size();
    if (!value(out, depth + 1)) {
        return false;
    }
    if (limits_.attachments > 0) {
        const std::string_view member(out.data() + name_start, out.size() - name_start);
        const std::string_view written(out.data() + value_start, out.size() - value_start);
        if (member.starts_with(R"("_placeholder":)")) {
            notes.is_placeholder = written == "true";
        } else if (member.starts_with(R"("num":)")) {
            notes.number = small_number(written);
        }
    }
    return true;
}

/// Writes the placeholder anew, with its number in the order of the text.
/// What else the object has is dropped with it.
bool JsonText::placeholder(std::string& out, const ObjectNotes& notes) {
    placeholders_.resize(notes.placeholders);
    if (!notes.number || *notes.number >= limits_.attachments ||
        placeholders_.size() == limits_.placeholders_max) {
        return false;
    }
    out.resize(notes.start);
    out += R"({"_placeholder":true,"num":)" + std::to_string(placeholders_.size()) + "}";
    placeholders_.push_back(*notes.number);
    return true;
}

bool JsonText::list(std::string& out, std::size_t depth) {
    static_cast<void>(take('['));
    out += '[';
    if (!take(']')) {
        while (true) {
            if (!value(out, depth + 1)) {
                return false;
            }
            if (take(']')) {
                break;
            }
            if (!take(',')) {
                return false;
            }
            out += ',';
        }
    }
    out += ']';
    return true;
}

bool JsonText::string(std::string& out) {
    const std::size_t start = at_++;
    while (at_ < text_.size()) {
        const auto c = static_cast<unsigned char>(text_[at_++]);
        if (c == '"') {
            out.append(text_.substr(start, at_ - start));
            return true;
        }
        if (c < 0x20 || (c == '\\' && !escape())) {
            return false;
        }
    }
    return false;
}

/// What follows a backslash.
bool JsonText::escape() {
    if (at_ == text_.size()) {
        return false;
    }
    const char c = text_[at_++];
    if (c != 'u') {
        return std::string_view("\"\\/bfnrt").find(c) != std::string_view::npos;
    }
    for (int i = 0; i < 4; ++i) {
        if (at_ == text_.size() || !is_hex_digit(text_[at_++])) {
            return false;
        }
    }
    return true;
}

bool JsonText::digits() {
    const std::size_t start = at_;
    while (at_ < text_.size() && is_digit(text_[at_])) {
        ++at_;
    }
    return at_ > start;
}

bool JsonText::number(std::string& out) {
    const std::size_t start = at_;
    const auto next_is = [this](char c) { return at_ < text_.size() && text_[at_] == c; };
    if (next_is('-')) {
        ++at_;
    }
    if (next_is('0')) {
        ++at_;
    } else if (!digits()) {
        return false;
    }
    if (next_is('.')) {
        ++at_;
        if (!digits()) {
            return false;
        }
    }
    if (next_is('e') || next_is('E')) {
        ++at_;
        if (next_is('+') || next_is('-')) {
            ++at_;
        }
        if (!digits()) {
            return false;
        }
    }
    out.append(text_.substr(start, at_ - start));
    return true;
}

bool JsonText::word(std::string& out, std::string_view expected) {
    if (!text_.substr(at_).starts_with(expected)) {
        return false;
    }
    at_ += expected.size();
    out.append(expected);
    return true;
}

}  // namespace courseselect::realtime
