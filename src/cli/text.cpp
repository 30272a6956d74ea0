#include "courseselect/cli/text.hpp"

#include <fmt/format.h>
#include <utf8proc.h>

#include <iterator>

namespace courseselect::cli {
namespace {

/// One character of a text, or one byte that is none.
struct Character {
    utf8proc_int32_t code = -1;  ///< negative: no UTF-8
    std::size_t bytes = 1;

    [[nodiscard]] bool is_control() const {
        return code >= 0 && (code < 0x20 || (code >= 0x7f && code < 0xa0));
    }
    [[nodiscard]] std::size_t columns() const {
        return code < 0 ? 1 : static_cast<std::size_t>(utf8proc_charwidth(code));
    }
};

Character first_character(std::string_view text) {
    utf8proc_int32_t code = -1;
    const auto size = utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(text.data()),
                                       static_cast<utf8proc_ssize_t>(text.size()), &code);
    return size > 0 ? Character{code, static_cast<std::size_t>(size)} : Character{};
}

}  // namespace

std::size_t display_width(std::string_view text) {
    std::size_t columns = 0;
    while (!text.empty()) {
        const Character character = first_character(text);
        columns += character.columns();
        text.remove_prefix(character.bytes);
    }
    return columns;
}

std::string printable(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    while (!text.empty()) {
        const Character character = first_character(text);
        if (character.code < 0) {
            out += "\xef\xbf\xbd";
        } else if (character.is_control()) {
            fmt::format_to(std::back_inserter(out), "\\x{:02x}", character.code);
        } else {
            out += text.substr(0, character.bytes);
        }
        text.remove_prefix(character.bytes);
    }
    return out;
}

std::string fitting(std::string_view text, std::size_t columns) {
    if (display_width(text) <= columns) {
        return std::string(text);
    }
    std::string_view rest = text;
    std::size_t used = 0;
    while (!rest.empty()) {
        const Character character = first_character(rest);
        if (used + character.columns() + 1 > columns) {
            break;
        }
        used += character.columns();
        rest.remove_prefix(character.bytes);
    }
    std::string out(text.substr(0, text.size() - rest.size()));
    if (columns > 0) {
        out += "…";
    }
    return out;
}

}  // namespace courseselect::cli
