#include "courseselect/net/http/url.hpp"

#include "courseselect/core/encoding.hpp"

namespace courseselect::net::http {
namespace {

int hex_value(char c) {
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    const char lower = static_cast<char>(c | 0x20);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

}  // namespace

std::optional<std::string> percent_decode(std::string_view text, PlusSign plus) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '+' && plus == PlusSign::space) {
            out += ' ';
        } else if (text[i] != '%') {
            out += text[i];
        } else {
            const bool complete = text.size() - i > 2;
            const int high = complete ? hex_value(text[i + 1]) : -1;
            const int low = complete ? hex_value(text[i + 2]) : -1;
            if (high < 0 || low < 0) {
                return std::nullopt;
            }
            out += static_cast<char>(high * 16 + low);
            i += 2;
        }
    }
    return out;
}

core::Result<QueryPairs> parse_query(std::string_view text) {
    QueryPairs pairs;
    while (!text.empty()) {
        const std::string_view part = text.substr(0, text.find('&'));
        text.remove_prefix(part.size() == text.size() ? part.size() : part.size() + 1);
        if (part.empty()) {
            continue;
        }
        const std::size_t sign = part.find('=');
        auto name = percent_decode(part.substr(0, sign), PlusSign::space);
        auto value = percent_decode(
            sign == std::string_view::npos ? std::string_view() : part.substr(sign + 1),
            PlusSign::space);
        if (!name || !value) {
            return core::Error(
                core::Errc::invalid_argument, "bad_query",
                "The query has a '%' that is not followed by two hexadecimal digits");
        }
        pairs.emplace_back(*std::move(name), *std::move(value));
    }
    return pairs;
}

Query& Query::add(std::string_view name, std::string_view value) {
    text_ += text_.empty() ? '?' : '&';
    text_.append(core::percent_encode(name)).append("=").append(core::percent_encode(value));
    return *this;
}

Query& Query::add(std::string_view name, std::int64_t value) {
    return add(name, std::string_view(std::to_string(value)));
}

Query& Query::add(std::string_view name, const std::optional<std::string>& value) {
    return value ? add(name, std::string_view(*value)) : *this;
}

}  // namespace courseselect::net::http
