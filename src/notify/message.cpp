#include "courseselect/notify/message.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "courseselect/core/encoding.hpp"

namespace courseselect::notify {
namespace {

using core::Errc;

constexpr std::size_t phone_digits_min = 5;
constexpr std::size_t phone_digits_max = 15;  // ITU-T E.164 §6

bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool has_control(std::string_view text) {
    return std::any_of(text.begin(), text.end(),
                       [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

/// Enough that it cannot break the envelope; whether the address exists, the mail server says.
bool is_mail_address(std::string_view text) {
    const std::size_t at = text.rfind('@');
    const auto plain = [](char c) { return c > 0x20 && c < 0x7f && c != '<' && c != '>'; };
    return at != std::string_view::npos && at > 0 && at + 1 < text.size() &&
           text.size() <= recipient_bytes_max && std::all_of(text.begin(), text.end(), plain);
}

}  // namespace

bool is_phone_number(std::string_view text) {
    if (!text.starts_with('+')) {
        return false;
    }
    text.remove_prefix(1);
    return text.size() >= phone_digits_min && text.size() <= phone_digits_max &&
           std::all_of(text.begin(), text.end(), is_digit);
}

core::Result<> check_message(const Message& message) {
    const bool email = message.channel == Channel::email;
    if (email ? !is_mail_address(message.recipient) : !is_phone_number(message.recipient)) {
        return core::Error(Errc::invalid_argument, "recipient",
                           email ? "recipient is no mail address like name@example.org"
                                 : "recipient is no telephone number like +4912345678");
    }
    if (message.subject.size() > subject_bytes_max || has_control(message.subject) ||
        !core::is_valid_utf8(message.subject)) {
        return core::Error(Errc::invalid_argument, "subject",
                           fmt::format("subject must be one line of at most {} bytes of UTF-8",
                                       subject_bytes_max));
    }
    if (message.text.empty() || message.text.size() > text_bytes_max ||
        !core::is_valid_utf8(message.text)) {
        return core::Error(Errc::invalid_argument, "text",
                           fmt::format("text must be 1 to {} bytes of UTF-8", text_bytes_max));
    }
    return {};
}

}  // namespace courseselect::notify
