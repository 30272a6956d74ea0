#include "courseselect/net/http/multipart.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "courseselect/core/encoding.hpp"

namespace courseselect::net::http {
namespace {

constexpr std::size_t boundary_bytes_max = 70;  // RFC 2046 §5.1.1
constexpr std::string_view line_end = "\r\n";

core::Error form_fault(std::string what) {
    return {core::Errc::invalid_argument, "multipart", std::move(what)};
}

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

std::string lowered(std::string_view text) {
    std::string made(text);
    std::transform(made.begin(), made.end(), made.begin(), lower);
    return made;
}

/// RFC 9110 §5.6.2.
bool is_token_char(char c) {
    const bool is_word = (c >= '0' && c <= '9') || (lower(c) >= 'a' && lower(c) <= 'z');
    return is_word || std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

bool is_boundary_char(char c) {
    const bool is_word = (c >= '0' && c <= '9') || (lower(c) >= 'a' && lower(c) <= 'z');
    return is_word || std::string_view("'()+_,-./:=? ").find(c) != std::string_view::npos;
}

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

std::string_view trimmed_blanks(std::string_view text) {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) {
        text.remove_prefix(1);
    }
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) {
        text.remove_suffix(1);
    }
    return text;
}

/// Takes a token, perhaps an empty one, from the front.
std::string_view take_token(std::string_view& rest) {
    const auto end = std::find_if_not(rest.begin(), rest.end(), is_token_char);
    const std::string_view token =
        rest.substr(0, static_cast<std::size_t>(std::distance(rest.begin(), end)));
    rest.remove_prefix(token.size());
    return token;
}

/// Takes a quoted string from the front; nothing when it has no end or a control character in it.
std::optional<std::string> take_quoted(std::string_view& rest) {
    std::string text;
    for (std::size_t at = 1; at < rest.size(); ++at) {
        if (rest[at] == '"') {
            rest.remove_prefix(at + 1);
            return text;
        }
        if (is_control(rest[at])) {
            return std::nullopt;
        }
        const bool is_escape = rest[at] == '\\' && at + 1 < rest.size() && rest[at + 1] == '"';
        at += is_escape ? 1 : 0;
        text += rest[at];
    }
    return std::nullopt;
}

using Parameter = std::pair<std::string, std::string>;

/// A value with parameters: `form-data; name="file"; filename="a.csv"`.
struct HeaderValue {
    std::string main;  ///< lower case
    std::vector<Parameter> parameters;

    /// Null: not there.
    [[nodiscard]] const std::string* find(std::string_view name) const {
        const auto found = std::find_if(parameters.begin(), parameters.end(),
                                        [&](const Parameter& one) { return one.first == name; });
        return found == parameters.end() ? nullptr : &found->second;
    }
};

/// Nothing when it cannot be read, or a parameter is there twice.
std::optional<HeaderValue> read_value(std::string_view text) {
    const std::size_t semicolon = std::min(text.find(';'), text.size());
    HeaderValue value{.main = lowered(trimmed_blanks(text.substr(0, semicolon))), .parameters = {}};
    std::string_view rest = text.substr(semicolon);
    while (!rest.empty()) {
        if (rest.front() != ';') {
            return std::nullopt;
        }
        rest = trimmed_blanks(rest.substr(1));
        std::string name = lowered(take_token(rest));
        if (name.empty() || !rest.starts_with('=') || value.find(name) != nullptr) {
            return std::nullopt;
        }
        rest.remove_prefix(1);
        std::optional<std::string> taken;
        if (rest.starts_with('"')) {
            taken = take_quoted(rest);
        } else {
            taken = std::string(take_token(rest));
        }
        if (!taken) {
            return std::nullopt;
        }
        value.parameters.emplace_back(std::move(name), *std::move(taken));
        rest = trimmed_blanks(rest);
    }
    return value;
}

core::Result<> read_disposition(std::string_view text, FormPart& part,
                                const MultipartLimits& limits) {
    const auto value = read_value(text);
    if (!value || value->main != "form-data") {
        return form_fault("a part's Content-Disposition is not form-data with parameters");
    }
    if (value->find("filename*") != nullptr) {
        return form_fault("filename* is not for forms (RFC 7578 §4.2); send filename");
    }
    const std::string* const name = value->find("name");
    if (name == nullptr || name->empty() || name->size() > limits.name_bytes_max ||
        !core::is_valid_utf8(*name)) {
        return form_fault(
            fmt::format("a part has no name of 1 to {} bytes of UTF-8", limits.name_bytes_max));
    }
    part.name = *name;
    if (const std::string* const filename = value->find("filename")) {
        if (filename->size() > limits.filename_bytes_max || !core::is_valid_utf8(*filename)) {
            return form_fault(fmt::format("a filename must have at most {} bytes of UTF-8",
                                          limits.filename_bytes_max));
        }
        part.filename = *filename;
    }
    return {};
}

/// What of a part's headers was there already.
struct HeadersSeen {
    bool disposition = false;
    bool type = false;
};

core::Result<> read_header(std::string_view line, FormPart& part, HeadersSeen& seen,
                           const MultipartLimits& limits) {
    const std::string name = lowered(take_token(line));
    if (name.empty() || !line.starts_with(':') ||
        std::any_of(line.begin(), line.end(), [](char c) { return is_control(c) && c != '\t'; })) {
        return form_fault("a part's header is not a name, a colon and a value on one line");
    }
    const std::string_view value = trimmed_blanks(line.substr(1));
    if (name == "content-disposition") {
        if (std::exchange(seen.disposition, true)) {
            return form_fault("a part has two Content-Disposition headers");
        }
        return read_disposition(value, part, limits);
    }
    if (name == "content-type") {
        if (std::exchange(seen.type, true)) {
            return form_fault("a part has two Content-Type headers");
        }
        part.content_type = lowered(trimmed_blanks(value.substr(0, value.find(';'))));
    }
    if (name == "content-transfer-encoding") {
        const std::string encoding = lowered(value);
        if (encoding != "7bit" && encoding != "8bit" && encoding != "binary") {
            return form_fault("a part is encoded; send it as it is (RFC 7578 §4.7)");
        }
    }
    return {};
}

/// Takes a part's headers and the empty line after them from the front.
core::Result<FormPart> take_headers(std::string_view& rest, const MultipartLimits& limits) {
    FormPart part;
    HeadersSeen seen;
    std::size_t bytes = 0;
    for (std::size_t lines = 0; lines <= limits.header_lines_max; ++lines) {
        const std::size_t end = rest.substr(0, limits.header_bytes_max + 2).find(line_end);
        bytes += std::min(end, rest.size()) + line_end.size();
        if (end == std::string_view::npos || bytes > limits.header_bytes_max) {
            return form_fault(fmt::format("a part's headers do not end within {} bytes",
                                          limits.header_bytes_max));
        }
        const std::string_view line = rest.substr(0, end);
        rest.remove_prefix(end + line_end.size());
        if (line.empty()) {
            if (!seen.disposition) {
                return form_fault("a part has no Content-Disposition");
            }
            return part;
        }
        if (lines < limits.header_lines_max) {
            COURSESELECT_TRY_OK(read_header(line, part, seen, limits));
        }
    }
    return form_fault(fmt::format("a part has more than {} headers", limits.header_lines_max));
}

}  // namespace

std::optional<std::string> multipart_boundary(std::string_view content_type) {
    const auto value = read_value(content_type);
    if (!value || value->main != "multipart/form-data") {
        return std::nullopt;
    }
    const std::string* const boundary = value->find("boundary");
    if (boundary == nullptr || boundary->empty() || boundary->size() > boundary_bytes_max ||
        boundary->back() == ' ' ||
        !std::all_of(boundary->begin(), boundary->end(), is_boundary_char)) {
        return std::nullopt;
    }
    return *boundary;
}

core::Result<std::vector<FormPart>> parse_multipart(std::string_view body,
                                                    std::string_view boundary,
                                                    const MultipartLimits& limits) {
    const std::string first = fmt::format("--{}", boundary);
    const std::string delimiter = fmt::format("\r\n--{}", boundary);
    if (!body.starts_with(first)) {
        return form_fault("the body does not begin with its boundary");
    }
    std::vector<FormPart> parts;
    std::string_view rest = body.substr(first.size());
    while (!rest.starts_with("--")) {
        if (!rest.starts_with(line_end)) {
            return form_fault("a boundary is not followed by the end of its line");
        }
        if (parts.size() == limits.parts_max) {
            return form_fault(fmt::format("there are more than {} parts", limits.parts_max));
        }
        rest.remove_prefix(line_end.size());
        COURSESELECT_TRY(FormPart part, take_headers(rest, limits));
        // The line end before a boundary belongs to the boundary (RFC 2046 §5.1.1).
        const std::size_t end = rest.find(delimiter);
        if (end == std::string_view::npos) {
            return form_fault("a part has no boundary after it; the body seems cut short");
        }
        part.content = rest.substr(0, end);
        parts.push_back(std::move(part));
        rest.remove_prefix(end + delimiter.size());
    }
    rest.remove_prefix(2);
    if (!rest.empty() && rest != line_end) {
        return form_fault("there is something after the last boundary");
    }
    if (parts.empty()) {
        return form_fault("the form has no parts");
    }
    return parts;
}

}  // namespace courseselect::net::http
