#include "courseselect/realtime/args.hpp"

#include <algorithm>
#include <charconv>

namespace courseselect::realtime {
namespace {

constexpr std::string_view placeholder_start = R"({"_placeholder":true,"num":)";

/// Where the JSON value at the beginning of checked text ends: at the next comma outside of it.
std::size_t value_end(std::string_view text) {
    std::size_t depth = 0;
    bool in_string = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (in_string) {
            if (c == '\\') {
                ++i;
            } else if (c == '"') {
                in_string = false;
            }
            continue;
        }
        switch (c) {
            case '"': in_string = true; break;
            case '[':
            case '{': ++depth; break;
            case ']':
            case '}': --depth; break;
            case ',':
                if (depth == 0) {
                    return i;
                }
                break;
            default: break;
        }
    }
    return text.size();
}

}  // namespace

Args Args::from_text(std::string text, std::vector<SharedBytes> attachments) {
    Args made;
    made.text_ = std::move(text);
    made.attachments_ = std::move(attachments);
    return made;
}

Args& Args::add_binary(SharedBytes bytes) {
    slot().append(placeholder_start).append(std::to_string(attachments_.size())).append("}");
    attachments_.push_back(std::move(bytes));
    return *this;
}

std::size_t Args::size() const {
    std::size_t count = 0;
    std::string_view rest = text_;
    while (!rest.empty()) {
        ++count;
        const std::size_t end = value_end(rest);
        rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    return count;
}

std::string_view Args::json(std::size_t index) const {
    std::string_view rest = text_;
    while (!rest.empty()) {
        const std::size_t end = value_end(rest);
        if (index-- == 0) {
            return rest.substr(0, end);
        }
        rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    return {};
}

json::Value Args::value(std::size_t index) const {
    auto parsed = json::Value::parse(json(index));
    return parsed ? *std::move(parsed) : json::Value();
}

SharedBytes Args::binary(std::size_t index) const {
    std::string_view text = json(index);
    if (!text.starts_with(placeholder_start)) {
        return nullptr;
    }
    text.remove_prefix(placeholder_start.size());
    std::size_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    const bool is_placeholder =
        error == std::errc() && std::string_view(end, text.data() + text.size() - end) == "}";
    return is_placeholder && number < attachments_.size() ? attachments_[number] : nullptr;
}

}  // namespace courseselect::realtime
