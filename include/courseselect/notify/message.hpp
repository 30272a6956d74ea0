#pragma once
/// A notification on its way to one person.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "courseselect/core/result.hpp"

namespace courseselect::notify {

enum class Channel : std::uint8_t { email, sms };

/// "email", "sms".
[[nodiscard]] constexpr std::string_view channel_name(Channel channel) {
    return channel == Channel::email ? "email" : "sms";
}
[[nodiscard]] constexpr std::optional<Channel> parse_channel(std::string_view name) {
    if (name == "email") {
        return Channel::email;
    }
    if (name == "sms") {
        return Channel::sms;
    }
    return std::nullopt;
}

/// Bounds of a message: a mail longer than this was not written by one of our templates.
constexpr std::size_t recipient_bytes_max = 254;  ///< RFC 5321 §4.5.3.1.3, less the brackets
constexpr std::size_t subject_bytes_max = 500;
constexpr std::size_t text_bytes_max = 20'000;

struct Message {
    Channel channel = Channel::email;
    std::string recipient;  ///< a mail address, or a telephone number: `+` and 5 to 15 digits
    std::string subject;    ///< empty for SMS
    std::string text;
};

/// ITU-T E.164 §6 with the country: `+` and 5 to 15 digits.
[[nodiscard]] bool is_phone_number(std::string_view text);

/// Can this be sent at all? No control characters where they would start a new header or command.
/// Errors: invalid_argument `recipient`, `subject` or `text`, the detail says what is wrong.
[[nodiscard]] core::Result<> check_message(const Message& message);

}  // namespace courseselect::notify
