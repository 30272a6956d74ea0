#include "response_writer.hpp"

#include <fmt/compile.h>
#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstring>

namespace courseselect::net::http {
namespace {

constexpr std::size_t fixed_head_bytes = 320;  // every line of the head that we write, generously
constexpr int gzip_level = 1;                  // the loop waits for it
constexpr int gzip_window_bits = 15 + 16;      // 16: gzip instead of zlib format

char* put(char* at, std::string_view text) {
    std::memcpy(at, text.data(), text.size());
    return at + text.size();
}

char* put_number(char* at, std::size_t number) { return std::to_chars(at, at + 20, number).ptr; }

char* put_field_text(char* at, std::string_view text) {
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        *at++ = (byte < 0x20 && c != '\t') || byte == 0x7f ? ' ' : c;
    }
    return at;
}

char* put_status_line(char* at, int status) {
    if (status == 200) {
        return put(at, "HTTP/1.1 200 OK\r\n");
    }
    at = put(at, "HTTP/1.1 ");
    at = put_number(at, static_cast<std::size_t>(status));
    *at++ = ' ';
    at = put(at, status_text(status));
    return put(at, "\r\n");
}

bool has_no_content(int status) { return status < 200 || status == 204 || status == 304; }

/// Takes the first item, without blanks around it, off a comma-separated list.
std::string_view take_item(std::string_view& list) {
    const std::size_t comma = std::min(list.find(','), list.size());
    std::string_view item = list.substr(0, comma);
    list.remove_prefix(std::min(comma + 1, list.size()));
    item.remove_prefix(std::min(item.find_first_not_of(" \t"), item.size()));
    return item.substr(0, item.find_last_not_of(" \t") + 1);
}

bool is_zero_weight(std::string_view parameters) {
    const std::size_t q = parameters.find("q=");
    if (q == std::string_view::npos) {
        return false;
    }
    const std::string_view weight = parameters.substr(q + 2, parameters.find(';', q) - q - 2);
    return weight.find_first_not_of("0. \t") == std::string_view::npos;
}

}  // namespace

void DateCache::renew(core::WallTime wall, core::MonoTime now) {
    static constexpr std::array<const char*, 7> days{"Sun", "Mon", "Tue", "Wed",
                                                     "Thu", "Fri", "Sat"};
    static constexpr std::array<const char*, 12> months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    const auto second = std::chrono::floor<std::chrono::seconds>(wall);
    const auto day = std::chrono::floor<std::chrono::days>(second);
    const std::chrono::year_month_day date{day};
    const std::chrono::hh_mm_ss time{second - day};
    text_ =
        fmt::format(FMT_COMPILE("{}, {:02} {} {:04} {:02}:{:02}:{:02} GMT"),
                    days[std::chrono::weekday{day}.c_encoding()], static_cast<unsigned>(date.day()),
                    months[static_cast<unsigned>(date.month()) - 1], static_cast<int>(date.year()),
                    time.hours().count(), time.minutes().count(), time.seconds().count());
    next_ = now + (second + std::chrono::seconds{1} - wall);
}

void append_response(std::string& out, const Response& response, const ResponseContext& context) {
    std::size_t bound = fixed_head_bytes + response.content_type.size();
    for (const Header& header : response.headers) {
        bound += header.name.size() + header.value.size() + 4;
    }
    const std::size_t start = out.size();
    out.resize(start + bound);
    char* at = put_status_line(out.data() + start, response.status);
    if (!context.date.empty()) {
        at = put(at, "Date: ");
        at = put(at, context.date);
        at = put(at, "\r\n");
    }
    if (!has_no_content(response.status)) {
        if (!response.content_type.empty()) {
            at = put(at, "Content-Type: ");
            at = put(at, response.content_type);
            at = put(at, "\r\n");
        }
        at = put(at, "Content-Length: ");
        at = put_number(at, response.body.size());
        at = put(at, "\r\n");
    }
    for (const Header& header : response.headers) {
        at = put_field_text(at, header.name);
        at = put(at, ": ");
        at = put_field_text(at, header.value);
        at = put(at, "\r\n");
    }
    if (context.gzip) {
        at = put(at, "Content-Encoding: gzip\r\n");
    }
    if (context.vary) {
        at = put(at, "Vary: Accept-Encoding\r\n");
    }
    if (context.upgrade) {
        at = put(at, "Connection: Upgrade\r\n");
    } else if (context.close) {
        at = put(at, "Connection: close\r\n");
    } else if (context.http_1_0) {
        at = put(at, "Connection: keep-alive\r\n");
    }
    at = put(at, "\r\n");
    out.resize(static_cast<std::size_t>(at - out.data()));
    if (!context.head_only && !has_no_content(response.status)) {
        out.append(response.body);
    }
}

Response refusal(int status, std::string_view detail) {
    Response response;
    response.status = status;
    response.body = fmt::format(FMT_COMPILE(R"({{"detail":"{}"}})"), detail);
    response.close = true;
    return response;
}

bool is_compressible(const Response& response) {
    const std::string_view type = response.content_type;
    return (type.starts_with("application/json") || type.starts_with("text/")) &&
           response.status >= 200 && !has_no_content(response.status) &&
           std::none_of(response.headers.begin(), response.headers.end(), [](const Header& h) {
               return same_field_name(h.name, "content-encoding");
           });
}

bool lists_token(std::string_view list, std::string_view token) {
    while (!list.empty()) {
        if (same_field_name(take_item(list), token)) {
            return true;
        }
    }
    return false;
}

bool accepts_gzip(const Request& request) {
    const auto field = request.header("accept-encoding");
    std::string_view rest = field.value_or(std::string_view());
    while (!rest.empty()) {
        const std::string_view item = take_item(rest);
        const std::size_t end = std::min(item.find_first_of("; \t"), item.size());
        if (same_field_name(item.substr(0, end), "gzip")) {
            return !is_zero_weight(item.substr(end));
        }
    }
    return false;
}

bool compress_body(std::string& body) {
    ::z_stream stream{};
    if (deflateInit2(&stream, gzip_level, Z_DEFLATED, gzip_window_bits, MAX_MEM_LEVEL,
                     Z_DEFAULT_STRATEGY) != Z_OK) {
        return false;
    }
    std::string packed(body.size(), '\0');  // longer than that would be no gain
    std::string input = std::move(body);
    stream.next_in = static_cast<Bytef*>(static_cast<void*>(input.data()));
    stream.avail_in = static_cast<uInt>(input.size());
    stream.next_out = static_cast<Bytef*>(static_cast<void*>(packed.data()));
    stream.avail_out = static_cast<uInt>(packed.size());
    const bool done = deflate(&stream, Z_FINISH) == Z_STREAM_END;
    packed.resize(stream.total_out);
    deflateEnd(&stream);
    body = done ? std::move(packed) : std::move(input);
    return done;
}

}  // namespace courseselect::net::http
