#pragma once
/// Which texts are taken for email addresses.

#include <cstddef>
#include <string_view>

namespace courseselect::auth {

inline constexpr std::size_t email_local_bytes_max = 64;  ///< RFC 5321 §4.5.3.1.1
inline constexpr std::size_t email_bytes_max = 254;  ///< RFC 5321 §4.5.3.1.3, less `<` and `>`
inline constexpr std::size_t email_label_bytes_max = 63;  ///< RFC 1035 §2.3.4

namespace detail {

[[nodiscard]] constexpr bool is_letter_or_digit(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/// A dot-string (RFC 5321 §4.1.2): atoms with single dots between them.
[[nodiscard]] constexpr bool is_email_local(std::string_view local) {
    if (local.empty() || local.size() > email_local_bytes_max || local.front() == '.' ||
        local.back() == '.' || local.find("..") != std::string_view::npos) {
        return false;
    }
    for (const char c : local) {
        constexpr std::string_view others = ".!#$%&'*+-/=?^_`{|}~";
        if (!is_letter_or_digit(c) && others.find(c) == std::string_view::npos) {
            return false;
        }
    }
    return true;
}

[[nodiscard]] constexpr bool is_domain_label(std::string_view label) {
    if (label.empty() || label.size() > email_label_bytes_max || label.front() == '-' ||
        label.back() == '-') {
        return false;
    }
    for (const char c : label) {
        if (!is_letter_or_digit(c) && c != '-') {
            return false;
        }
    }
    return true;
}

/// At least two labels; the last has a letter in it, so that no IPv4 address passes.
[[nodiscard]] constexpr bool is_email_domain(std::string_view domain) {
    bool has_dot = false;
    while (true) {
        const std::size_t dot = domain.find('.');
        const std::string_view label = domain.substr(0, dot);
        if (!is_domain_label(label)) {
            return false;
        }
        if (dot == std::string_view::npos) {
            constexpr std::string_view digits = "0123456789-";
            return has_dot && label.find_first_not_of(digits) != std::string_view::npos;
        }
        has_dot = true;
        domain.remove_prefix(dot + 1);
    }
}

}  // namespace detail

/// The practical part of RFC 5321: ASCII, a dot-string before the `@`, a domain name with a dot
/// after it. Quoted local parts, comments and address literals are refused: hardly anybody has
/// them, and each is a way to smuggle something past the next program.
[[nodiscard]] constexpr bool is_email(std::string_view text) {
    const std::size_t at = text.rfind('@');
    return at != std::string_view::npos && text.size() <= email_bytes_max &&
           detail::is_email_local(text.substr(0, at)) &&
           detail::is_email_domain(text.substr(at + 1));
}

}  // namespace courseselect::auth
