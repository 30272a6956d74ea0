#include "courseselect/json/writer.hpp"

#include <array>
#include <charconv>
#include <cmath>

#include "courseselect/core/check.hpp"
#include "courseselect/core/time_format.hpp"
#include "syntax.hpp"

namespace courseselect::json {
namespace {

constexpr std::string_view hex_digits = "0123456789abcdef";
constexpr std::string_view replacement_character = "\xEF\xBF\xBD";

/// 0: copied as it is; 'u': six-character escape; '8': look at the UTF-8 sequence; else the letter.
constexpr std::array<char, 256> escapes = [] {
    std::array<char, 256> table{};
    for (std::size_t c = 0; c < 0x20; ++c) {
        table[c] = 'u';
    }
    table['\b'] = 'b';
    table['\f'] = 'f';
    table['\n'] = 'n';
    table['\r'] = 'r';
    table['\t'] = 't';
    table['"'] = '"';
    table['\\'] = '\\';
    for (std::size_t c = 0x80; c < 0x100; ++c) {
        table[c] = '8';
    }
    return table;
}();

/// Whether `value` is a multiple of 1/100 small enough for the short way to be exact.
bool is_hundredths(double value) {
    const double scaled = value * 100;
    return std::fabs(scaled) < 1e12 && scaled == std::trunc(scaled) && scaled / 100 == value;
}

void append_hundredths(std::string& out, double value) {
    auto scaled = static_cast<std::int64_t>(value * 100);
    if (scaled < 0 || (scaled == 0 && std::signbit(value))) {
        out += '-';
        scaled = -scaled;
    }
    append_integer(out, scaled / 100);
    const auto fraction = static_cast<int>(scaled % 100);
    out += '.';
    out += static_cast<char>('0' + fraction / 10);
    if (fraction % 10 != 0) {
        out += static_cast<char>('0' + fraction % 10);
    }
}

void append_object(std::string& out, const TypeInfo& type, const void* value) {
    out += '{';
    bool first = true;
    for (const FieldInfo& field : type.fields) {
        // The address function serves reader and writer; here nothing is changed through it.
        const void* member = field.address(const_cast<void*>(value));
        const TypeInfo& kind = *field.type;
        if (kind.kind == Kind::nullable) {
            const bool is_absent = kind.is_patch && kind.is_absent(member);
            if (is_absent || (field.omit_empty && kind.peek(member) == nullptr)) {
                continue;
            }
        }
        out.append(first ? "\"" : ",\"").append(field.name).append("\":");
        first = false;
        append_value(out, kind, member);
    }
    out += '}';
}

void append_list(std::string& out, const TypeInfo& type, const void* value) {
    const std::size_t size = type.size(value);
    out += '[';
    for (std::size_t i = 0; i < size; ++i) {
        if (i > 0) {
            out += ',';
        }
        append_value(out, *type.item, type.at(value, i));
    }
    out += ']';
}

struct DictionaryWriter {
    std::string& out;
    const TypeInfo& item;
    bool is_first = true;

    static void member(void* self, std::string_view key, const void* value) {
        auto& writer = *static_cast<DictionaryWriter*>(self);
        if (!writer.is_first) {
            writer.out += ',';
        }
        writer.is_first = false;
        append_string(writer.out, key);
        writer.out += ':';
        append_value(writer.out, writer.item, value);
    }
};

void append_choice(std::string& out, const TypeInfo& type, const void* value) {
    const std::int64_t index = type.load_int(value);
    COURSESELECT_CHECK(index >= 0);  // an enumerator missing in Names<E>
    append_string(out, type.names[static_cast<std::size_t>(index)]);
}

}  // namespace

void append_string(std::string& out, std::string_view text) {
    out += '"';
    std::size_t copied = 0;
    std::size_t at = 0;
    while (at < text.size()) {
        const auto byte = static_cast<unsigned char>(text[at]);
        const char escape = escapes[byte];
        if (escape == 0) {
            ++at;
            continue;
        }
        if (escape == '8') {
            const std::size_t length = utf8_sequence(text.substr(at));
            if (length > 0) {
                at += length;
                continue;
            }
        }
        out.append(text.substr(copied, at - copied));
        if (escape == '8') {
            out.append(replacement_character);
        } else if (escape == 'u') {
            out.append("\\u00");
            out += hex_digits[byte >> 4U];
            out += hex_digits[byte & 0xFU];
        } else {
            out += '\\';
            out += escape;
        }
        copied = ++at;
    }
    out.append(text.substr(copied));
    out += '"';
}

void append_integer(std::string& out, std::int64_t value) {
    std::array<char, 24> digits;
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
    out.append(digits.data(), end);
}

void append_number(std::string& out, double value) {
    if (!std::isfinite(value)) {
        out.append("null");
        return;
    }
    if (is_hundredths(value)) {
        append_hundredths(out, value);
        return;
    }
    std::array<char, 40> digits;
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
    const std::string_view text(digits.data(), static_cast<std::size_t>(end - digits.data()));
    out.append(text);
    if (text.find_first_of(".e") == std::string_view::npos) {
        out.append(".0");
    }
}

void append_value(std::string& out, const TypeInfo& type, const void* value) {
    switch (type.kind) {
        case Kind::boolean: out.append(*static_cast<const bool*>(value) ? "true" : "false"); return;
        case Kind::integer: append_integer(out, type.load_int(value)); return;
        case Kind::number: append_number(out, *static_cast<const double*>(value)); return;
        case Kind::string: append_string(out, type.load_text(value)); return;
        case Kind::choice: append_choice(out, type, value); return;
        case Kind::time:
            out += '"';
            out.append(core::format_rfc3339(*static_cast<const core::WallTime*>(value)));
            out += '"';
            return;
        case Kind::raw: out.append(type.load_text(value)); return;
        case Kind::nullable: {
            const void* inner = type.peek(value);
            if (inner == nullptr) {
                out.append("null");
            } else {
                append_value(out, *type.item, inner);
            }
            return;
        }
        case Kind::list: append_list(out, type, value); return;
        case Kind::dictionary: {
            out += '{';
            DictionaryWriter writer{out, *type.item};
            type.visit(value, &writer, &DictionaryWriter::member);
            out += '}';
            return;
        }
        case Kind::object: append_object(out, type, value); return;
    }
}

void ObjectWriter::key(std::string_view name) {
    if (!is_first_) {
        *out_ += ',';
    }
    is_first_ = false;
    append_string(*out_, name);
    *out_ += ':';
}

}  // namespace courseselect::json
