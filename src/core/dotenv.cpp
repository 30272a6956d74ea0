#include <algorithm>
#include <cctype>
#include <map>
#include <optional>

#include "courseselect/core/config.hpp"

namespace courseselect::core {

namespace {

/// Cursor over `.env` text. Functions return false at a fault; `line` then names it.
struct DotenvCursor {
    std::string_view text;
    std::size_t at = 0;
    int line = 1;

    [[nodiscard]] bool done() const { return at >= text.size(); }
    [[nodiscard]] char peek() const { return text[at]; }
    char take() {
        line += text[at] == '\n' ? 1 : 0;
        return text[at++];
    }
    void skip_blanks() {
        while (!done() && (peek() == ' ' || peek() == '\t' || peek() == '\r')) {
            take();
        }
    }
    std::string_view rest_of_line() {
        const std::size_t end = std::min(text.find('\n', at), text.size());
        const std::string_view rest = text.substr(at, end - at);
        at = end;
        return rest;
    }
};

std::string read_name(DotenvCursor& cursor) {
    std::string name;
    while (!cursor.done() &&
           (std::isalnum(static_cast<unsigned char>(cursor.peek())) != 0 || cursor.peek() == '_' ||
            cursor.peek() == '.' || cursor.peek() == '-')) {
        name.push_back(cursor.take());
    }
    return name;
}

void append_escape(std::string& value, char quote, char next) {
    constexpr std::string_view kNames = "abfnrtv";
    constexpr std::string_view kBytes = "\a\b\f\n\r\t\v";
    const std::size_t known = kNames.find(next);
    if (next == '\\' || next == quote) {
        value.push_back(next);
    } else if (quote == '"' && known != std::string_view::npos) {
        value.push_back(kBytes[known]);
    } else {
        value.push_back('\\');
        value.push_back(next);
    }
}

bool read_quoted(DotenvCursor& cursor, std::string& value) {
    const char quote = cursor.take();
    while (!cursor.done()) {
        const char c = cursor.take();
        if (c == quote) {
            return true;
        }
        if (c == '\\' && !cursor.done()) {
            append_escape(value, quote, cursor.take());
        } else {
            value.push_back(c);
        }
    }
    return false;
}

std::string read_bare(DotenvCursor& cursor) {
    std::string_view rest = cursor.rest_of_line();
    for (std::size_t i = 0; i < rest.size(); ++i) {
        if (rest[i] == '#' && (i == 0 || rest[i - 1] == ' ' || rest[i - 1] == '\t')) {
            rest = rest.substr(0, i);
            break;
        }
    }
    const std::size_t last = rest.find_last_not_of(" \t\r");
    return last == std::string_view::npos ? std::string{} : std::string(rest.substr(0, last + 1));
}

using DotenvSeen = std::map<std::string, std::string>;

std::string expand(const std::string& value, const DotenvLookup& lookup, const DotenvSeen& seen) {
    std::string out;
    std::size_t at = 0;
    while (at < value.size()) {
        const std::size_t open = value.find("${", at);
        const std::size_t close = open == std::string::npos ? open : value.find('}', open);
        if (close == std::string::npos) {
            break;
        }
        out.append(value, at, open - at);
        const std::string inside = value.substr(open + 2, close - open - 2);
        const std::size_t dash = inside.find(":-");
        const std::string name = inside.substr(0, dash);
        const std::string* outer = lookup ? lookup(name) : nullptr;
        const auto own = seen.find(name);
        if (outer != nullptr) {
            out += *outer;
        } else if (own != seen.end()) {
            out += own->second;
        } else if (dash != std::string::npos) {
            out += inside.substr(dash + 2);
        }
        at = close + 1;
    }
    return out.append(value, at, std::string::npos);
}

}  // namespace

Result<std::vector<DotenvEntry>> parse_dotenv(std::string_view text, const DotenvLookup& lookup) {
    if (text.substr(0, 3) == "\xEF\xBB\xBF") {
        text.remove_prefix(3);
    }
    DotenvCursor cursor{text};
    std::vector<DotenvEntry> entries;
    DotenvSeen seen;
    while (!cursor.done()) {
        cursor.skip_blanks();
        if (cursor.done()) {
            break;
        }
        if (cursor.peek() == '\n') {
            cursor.take();
            continue;
        }
        if (cursor.peek() == '#') {
            cursor.rest_of_line();
            continue;
        }
        const int line = cursor.line;
        const Error fault(Errc::invalid_argument,
                          "line " + std::to_string(line) + ": expected NAME=value");
        std::string name = read_name(cursor);
        cursor.skip_blanks();
        if (name == "export" && !cursor.done() && cursor.peek() != '=') {
            name = read_name(cursor);
            cursor.skip_blanks();
        }
        if (name.empty()) {
            return fault;
        }
        if (cursor.done() || cursor.peek() != '=') {
            if (!read_bare(cursor).empty()) {
                return fault;
            }
            continue;
        }
        cursor.take();
        cursor.skip_blanks();
        std::string value;
        if (!cursor.done() && (cursor.peek() == '"' || cursor.peek() == '\'')) {
            if (!read_quoted(cursor, value) || !read_bare(cursor).empty()) {
                return fault;
            }
        } else {
            value = read_bare(cursor);
        }
        value = expand(value, lookup, seen);
        seen[name] = value;
        entries.push_back({std::move(name), std::move(value), line});
    }
    return entries;
}

}  // namespace courseselect::core
