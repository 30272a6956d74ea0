#include "courseselect/net/http/parser.hpp"

#include <llhttp.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>
#include <vector>

#include "courseselect/core/check.hpp"

namespace courseselect::net::http {
namespace {

constexpr std::size_t body_framing_ratio_max = 8;  // "1\r\nx\r\n" is 6 bytes for one of body

bool is_token_char(char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
           std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

/// Four letters against a name in lower case: both cases of a letter differ in one bit.
bool is_host(std::string_view name) {
    std::uint32_t letters = 0;
    std::uint32_t host = 0;
    std::memcpy(&letters, name.data(), sizeof letters);
    std::memcpy(&host, "host", sizeof host);
    return (letters | 0x20202020U) == host;
}

/// RFC 9110 §7.2: a host and perhaps a port; never a list, a path or user information.
bool is_plausible_host(std::string_view host) {
    return std::none_of(host.begin(), host.end(), [](char c) {
        return static_cast<unsigned char>(c) <= 0x20 || static_cast<unsigned char>(c) >= 0x7f ||
               c == ',' || c == '/' || c == '@' || c == '\\' || c == '?' || c == '#';
    });
}

std::optional<Method> known_method(std::uint8_t method) {
    switch (method) {
        case HTTP_GET: return Method::get;
        case HTTP_HEAD: return Method::head;
        case HTTP_POST: return Method::post;
        case HTTP_PUT: return Method::put;
        case HTTP_PATCH: return Method::patch;
        case HTTP_DELETE: return Method::delete_;
        case HTTP_OPTIONS: return Method::options;
        default: return std::nullopt;
    }
}

/// A part of the buffer that survives its moves.
struct Span {
    std::uint32_t offset = 0;
    std::uint32_t size = 0;
};

struct Field {
    Span name;
    Span value;
};

}  // namespace

struct RequestParser::State {
    llhttp_t parser;
    const ParserLimits limits;

    char* buffer = nullptr;  // of the running feed
    std::size_t kept = 0;    // bytes of the buffer already parsed and still needed
    std::size_t consumed = 0;
    std::size_t head_size = 0;  // set when the head is complete
    std::size_t body_size = 0;
    std::size_t framing_bytes = 0;  // raw bytes behind the head that are not body
    Span target;
    std::vector<Field> fields;
    std::array<char, 3> tail{};  // raw bytes before the running feed, for the end of chunked bodies
    bool in_value = false;
    bool head_done = false;
    bool complete = false;
    bool expects_continue = false;
    bool keep_alive = false;
    bool chunked = false;

    std::vector<HeaderView> views;
    Request request;
    ParseFailure failure;

    explicit State(const ParserLimits& parser_limits);
    int refuse(int status, std::string_view detail) {
        failure = {status, detail};
        return -1;
    }
    [[nodiscard]] std::string_view text(Span span) const {
        return {buffer + span.offset, span.size};
    }
    /// Lengthens `span` by a piece; a piece that does not follow on is a folded field's.
    [[nodiscard]] bool append(Span& span, const char* at, std::size_t length) const {
        const auto offset = static_cast<std::uint32_t>(at - buffer);
        if (span.size == 0) {
            span.offset = offset;
        } else if (span.offset + span.size != offset) {
            return false;
        }
        span.size += static_cast<std::uint32_t>(length);
        return true;
    }
    int on_url(const char* at, std::size_t length);
    int on_name(const char* at, std::size_t length);
    int on_value(const char* at, std::size_t length);
    int on_body(const char* at, std::size_t length);
    /// What llhttp lets pass; false after `refuse`.
    [[nodiscard]] bool check_head();
    [[nodiscard]] bool has_strict_lines();
    [[nodiscard]] bool check_fields();
    [[nodiscard]] bool check_encoding(std::size_t encodings, std::string_view encoding);
    [[nodiscard]] bool split_target();
    [[nodiscard]] bool check_body_end(std::size_t raw_start) const;
    void keep_tail(const char* raw, std::size_t size);
    void refuse_error(llhttp_errno_t error);
    void publish();

    static State& of(llhttp_t* parser) { return *static_cast<State*>(parser->data); }
    static const llhttp_settings_t& settings();
};

const llhttp_settings_t& RequestParser::State::settings() {
    static const llhttp_settings_t table = [] {
        llhttp_settings_t set;
        llhttp_settings_init(&set);
        set.on_url = [](llhttp_t* p, const char* at, std::size_t n) { return of(p).on_url(at, n); };
        set.on_header_field = [](llhttp_t* p, const char* at, std::size_t n) {
            return of(p).on_name(at, n);
        };
        set.on_header_value = [](llhttp_t* p, const char* at, std::size_t n) {
            return of(p).on_value(at, n);
        };
        set.on_body = [](llhttp_t* p, const char* at, std::size_t n) {
            return of(p).on_body(at, n);
        };
        // Pausing tells where the head and the message end.
        set.on_headers_complete = [](llhttp_t*) { return static_cast<int>(HPE_PAUSED); };
        set.on_message_complete = [](llhttp_t* p) {
            of(p).complete = true;
            return static_cast<int>(HPE_PAUSED);
        };
        return set;
    }();
    return table;
}

RequestParser::State::State(const ParserLimits& parser_limits) : limits(parser_limits) {
    llhttp_init(&parser, HTTP_REQUEST, &settings());
    parser.data = this;
}

int RequestParser::State::on_url(const char* at, std::size_t length) {
    if (!append(target, at, length)) {
        return refuse(400, "Malformed request target");
    }
    return target.size > limits.target_bytes_max ? refuse(414, "The request target is too long")
                                                 : 0;
}

int RequestParser::State::on_name(const char* at, std::size_t length) {
    if (head_done) {
        return 0;  // a trailer
    }
    if (in_value || fields.empty()) {
        if (fields.size() >= limits.header_count_max) {
            return refuse(431, "Too many header fields");
        }
        fields.emplace_back();
        in_value = false;
    }
    return append(fields.back().name, at, length) ? 0 : refuse(400, "Malformed header field");
}

int RequestParser::State::on_value(const char* at, std::size_t length) {
    if (head_done) {
        return 0;
    }
    in_value = true;
    return append(fields.back().value, at, length)
               ? 0
               : refuse(400, "Folded header fields are refused");
}

int RequestParser::State::on_body(const char* at, std::size_t length) {
    if (body_size + length > limits.body_bytes_max) {
        return refuse(413, "The request body is too large");
    }
    char* const place = buffer + head_size + body_size;
    if (place != at) {
        std::memmove(place, at, length);
    }
    body_size += length;
    return 0;
}

bool RequestParser::State::check_head() {
    if (head_size > limits.header_bytes_max) {
        refuse(431, "The request header is too large");
        return false;
    }
    if (parser.http_major != 1 || parser.http_minor > 1) {
        refuse(505, "Only HTTP/1.1 and HTTP/1.0 are served");
        return false;
    }
    if (!has_strict_lines()) {
        refuse(400, "Malformed line end or folded header field");
        return false;
    }
    const std::optional<Method> method = known_method(parser.method);
    if (!method) {
        refuse(501, "Method not implemented");
        return false;
    }
    request.method = *method;
    return check_fields() && split_target();
}

/// RFC 9112 §2.2, §5.2: every line ends in CRLF and no field is folded. The parts that llhttp found
/// must follow one another with nothing between them but what belongs there.
bool RequestParser::State::has_strict_lines() {
    const auto ends_line = [this](std::size_t at) {
        return at + 2 <= head_size && buffer[at] == '\r' && buffer[at + 1] == '\n';
    };
    for (std::size_t at = 0; buffer[at] == '\r' || buffer[at] == '\n'; at += 2) {
        if (!ends_line(at)) {
            return false;
        }
    }
    std::size_t at = target.offset + target.size + std::strlen(" HTTP/1.1");
    for (Field& field : fields) {
        if (!ends_line(at) || field.name.offset != at + 2) {
            return false;
        }
        at = field.name.offset + field.name.size + 1;
        while (buffer[at] == ' ' || buffer[at] == '\t') {
            ++at;
        }
        if (field.value.size == 0) {
            continue;
        }
        if (field.value.offset != at) {
            return false;
        }
        at += field.value.size;
        while (buffer[at] == ' ' || buffer[at] == '\t') {
            ++at;
        }
        while (buffer[field.value.offset + field.value.size - 1] == ' ' ||
               buffer[field.value.offset + field.value.size - 1] == '\t') {
            --field.value.size;
        }
    }
    return ends_line(at) && ends_line(at + 2) && at + 4 == head_size;
}

bool RequestParser::State::check_encoding(std::size_t encodings, std::string_view encoding) {
    if (encodings == 0) {
        return true;
    }
    if (parser.http_minor == 0 || encodings > 1) {
        refuse(400, "Transfer-Encoding is ambiguous");
        return false;
    }
    if (!same_field_name(encoding, "chunked")) {
        refuse(501, "Only the transfer coding chunked is served");
        return false;
    }
    chunked = true;
    return true;
}

bool RequestParser::State::check_fields() {
    std::size_t hosts = 0;
    std::size_t encodings = 0;
    std::string_view encoding;
    for (const Field& field : fields) {
        const std::string_view name = text(field.name);
        if (name.empty()) {
            refuse(400, "Malformed header field");
            return false;
        }
        if (name.size() == 4 && is_host(name)) {
            ++hosts;
            if (!is_plausible_host(text(field.value))) {
                refuse(400, "Malformed Host");
                return false;
            }
        } else if (name.size() == 6 && same_field_name(name, "expect")) {
            if (!same_field_name(text(field.value), "100-continue")) {
                refuse(417, "Only the expectation 100-continue is served");
                return false;
            }
            expects_continue = parser.http_minor == 1;
        } else if (name.size() == 17 && same_field_name(name, "transfer-encoding")) {
            ++encodings;
            encoding = text(field.value);
        }
    }
    if (hosts > 1 || (hosts == 0 && parser.http_minor == 1)) {
        refuse(400, "Exactly one Host is required");
        return false;
    }
    if (!check_encoding(encodings, encoding)) {
        return false;
    }
    if (!chunked && parser.content_length > limits.body_bytes_max) {
        refuse(413, "The request body is too large");
        return false;
    }
    return true;
}

/// RFC 9112 §3.2: origin form, absolute form, and `*` for OPTIONS. Offsets become views later.
bool RequestParser::State::split_target() {
    const std::string_view whole = text(target);
    const auto is_other_form = [&] {
        return (whole == "*" && request.method == Method::options) ||
               whole.starts_with("http://") || whole.starts_with("https://");
    };
    if (!(whole.starts_with('/') || is_other_form()) || whole.find('#') != std::string_view::npos) {
        refuse(400, "Malformed request target");
        return false;
    }
    return true;
}

bool RequestParser::State::check_body_end(std::size_t raw_start) const {
    // The last chunk's lines must end in CRLF too; llhttp takes a bare LF there.
    std::array<char, 4> last{};
    for (std::size_t i = 0; i < last.size(); ++i) {
        const std::size_t back = last.size() - i;  // this many bytes before the end
        last[i] = consumed - raw_start >= back
                      ? buffer[consumed - back]
                      : tail[tail.size() - (back - (consumed - raw_start))];
    }
    return std::string_view(last.data(), last.size()) == "\r\n\r\n";
}

void RequestParser::State::keep_tail(const char* raw, std::size_t size) {
    const std::size_t fresh = std::min(size, tail.size());
    std::copy(tail.begin() + static_cast<std::ptrdiff_t>(fresh), tail.end(), tail.begin());
    std::copy(raw + size - fresh, raw + size, tail.end() - static_cast<std::ptrdiff_t>(fresh));
}

void RequestParser::State::refuse_error(llhttp_errno_t error) {
    if (failure.status != 0) {
        return;  // a callback has said why
    }
    if (error == HPE_INVALID_METHOD) {
        const char* const start =
            std::find_if(buffer, buffer + consumed, [](char c) { return c != '\r' && c != '\n'; });
        const char* const last =
            std::min<const char*>(llhttp_get_error_pos(&parser), buffer + consumed - 1);
        const bool is_token = start <= last && std::all_of(start, last + 1, is_token_char);
        const bool is_ended =
            start < last && *last == ' ' && std::all_of(start, last, is_token_char);
        if (is_token || is_ended) {
            refuse(501, "Method not implemented");
            return;
        }
    }
    if (error == HPE_INVALID_VERSION || error == HPE_PAUSED_H2_UPGRADE) {
        refuse(505, "Only HTTP/1.1 and HTTP/1.0 are served");
        return;
    }
    refuse(400, "Malformed request");
}

void RequestParser::State::publish() {
    views.clear();
    for (const Field& field : fields) {
        views.push_back({text(field.name), text(field.value)});
    }
    std::string_view rest = text(target);
    request.target = rest;
    if (!rest.starts_with('/') && rest != "*") {
        rest.remove_prefix(rest.find("//") + 2);
        const std::size_t path = rest.find_first_of("/?");
        rest = path == std::string_view::npos ? std::string_view("/") : rest.substr(path);
    }
    const auto* const mark = static_cast<const char*>(std::memchr(rest.data(), '?', rest.size()));
    const std::size_t path_size =
        mark == nullptr ? rest.size() : static_cast<std::size_t>(mark - rest.data());
    request.path = path_size == 0 ? std::string_view("/") : rest.substr(0, path_size);
    request.query = mark == nullptr ? std::string_view() : rest.substr(path_size + 1);
    request.body = {buffer + head_size, body_size};
    request.headers = views;
}

RequestParser::RequestParser(const ParserLimits& limits) : state_(std::make_unique<State>(limits)) {
    state_->failure.status = 0;
}
RequestParser::~RequestParser() = default;

RequestParser::Status RequestParser::feed(char* buffer, std::size_t size) {
    State& s = *state_;
    COURSESELECT_CHECK(size >= s.kept && !s.complete);
    s.buffer = buffer;
    s.consumed = size;
    char* raw = buffer + s.kept;
    const char* const end = buffer + size;
    if (raw == end) {
        return Status::need_more;
    }
    llhttp_errno_t error = llhttp_execute(&s.parser, raw, static_cast<std::size_t>(end - raw));
    if (error == HPE_PAUSED && !s.head_done) {
        raw = buffer + (llhttp_get_error_pos(&s.parser) - buffer);
        s.head_size = static_cast<std::size_t>(raw - buffer);
        if (!s.check_head()) {
            return Status::failed;
        }
        s.head_done = true;
        s.keep_alive = llhttp_should_keep_alive(&s.parser) != 0;
        s.parser.upgrade = 0;  // h2c and others are served as HTTP/1.1
        llhttp_resume(&s.parser);
        error = llhttp_execute(&s.parser, raw, static_cast<std::size_t>(end - raw));
    }
    if (error == HPE_PAUSED && s.complete) {
        s.consumed = static_cast<std::size_t>(llhttp_get_error_pos(&s.parser) - buffer);
        if (s.chunked && !s.check_body_end(static_cast<std::size_t>(raw - buffer))) {
            s.refuse(400, "Malformed chunk");
            return Status::failed;
        }
        s.publish();
        return Status::complete;
    }
    if (error != HPE_OK) {
        s.refuse_error(error);
        return Status::failed;
    }
    if (!s.head_done) {
        s.kept = size;
        if (size >= s.limits.header_bytes_max) {
            s.refuse(431, "The request header is too large");
            return Status::failed;
        }
        return Status::need_more;
    }
    const std::size_t kept_now = s.head_size + s.body_size;
    s.framing_bytes += static_cast<std::size_t>(end - raw);
    if (s.framing_bytes > s.body_size * (body_framing_ratio_max + 1) + s.limits.header_bytes_max) {
        s.refuse(400, "Too many bytes around the chunks");
        return Status::failed;
    }
    s.keep_tail(raw, static_cast<std::size_t>(end - raw));
    s.kept = kept_now;
    return Status::need_more;
}

void RequestParser::next() {
    State& s = *state_;
    llhttp_reset(&s.parser);
    s.kept = 0;
    s.consumed = 0;
    s.head_size = 0;
    s.body_size = 0;
    s.framing_bytes = 0;
    s.target = {};
    s.fields.clear();
    s.in_value = false;
    s.head_done = false;
    s.complete = false;
    s.expects_continue = false;
    s.chunked = false;
}

std::size_t RequestParser::kept() const { return state_->kept; }
std::size_t RequestParser::consumed() const { return state_->consumed; }
bool RequestParser::head_done() const { return state_->head_done; }
bool RequestParser::expects_continue() const {
    return state_->expects_continue && state_->body_size == 0;
}
bool RequestParser::keep_alive() const { return state_->keep_alive; }
bool RequestParser::is_http_1_0() const { return state_->parser.http_minor == 0; }
Request& RequestParser::request() { return state_->request; }
const ParseFailure& RequestParser::failure() const { return state_->failure; }
std::size_t RequestParser::body_bytes_missing() const {
    return state_->head_done && !state_->chunked
               ? static_cast<std::size_t>(state_->parser.content_length)
               : 0;
}

}  // namespace courseselect::net::http
