#include "client_request.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace courseselect::net::http {
namespace {

/// Framing, the connection's life and how bodies are coded belong to the client: it waits for no
/// `100 Continue`, speaks no other protocol and undoes no compression.
constexpr std::array<std::string_view, 11> fields_of_the_client{"Accept-Encoding",
                                                                "Connection",
                                                                "Content-Length",
                                                                "Expect",
                                                                "Host",
                                                                "Keep-Alive",
                                                                "Proxy-Connection",
                                                                "TE",
                                                                "Trailer",
                                                                "Transfer-Encoding",
                                                                "Upgrade"};

core::Error bad_request(std::string why) {
    return {core::Errc::invalid_argument, "bad_request", std::move(why)};
}

/// RFC 9110 §5.6.2: a token.
bool is_field_name(std::string_view name) {
    return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
        return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
               std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
    });
}

/// RFC 9110 §5.5: no control characters but the tab.
bool is_field_value(std::string_view value) {
    return std::all_of(value.begin(), value.end(),
                       [](unsigned char c) { return (c >= 0x20 && c != 0x7f) || c == '\t'; });
}

/// RFC 9112 §3.2.1: the origin form, without a fragment.
bool is_origin_form(std::string_view target) {
    return target.starts_with('/') &&
           std::all_of(target.begin(), target.end(),
                       [](unsigned char c) { return c > 0x20 && c < 0x7f && c != '#'; });
}

}  // namespace

core::Result<> check_request(const ClientRequest& request) {
    if (!is_origin_form(request.target)) {
        return bad_request(
            "the target must start with '/' and hold no blanks, '#', control or other characters "
            "outside ASCII: percent-encode them");
    }
    for (const Header& field : request.headers) {
        if (!is_field_name(field.name)) {
            return bad_request("the name of a header field must be a token (RFC 9110 §5.6.2)");
        }
        if (!is_field_value(field.value)) {
            return bad_request(
                fmt::format("the header field {} holds a control character", field.name));
        }
        const bool is_ours = std::any_of(
            fields_of_the_client.begin(), fields_of_the_client.end(),
            [&field](std::string_view own) { return same_field_name(field.name, own); });
        if (is_ours) {
            return bad_request(fmt::format("leave out {}: the client sets it itself", field.name));
        }
    }
    return {};
}

std::string write_request(const ClientRequest& request, std::string_view base_path,
                          std::string_view authority) {
    std::string text;
    text.reserve(256 + request.target.size() + request.body.size());
    text.append(method_name(request.method)).append(" ").append(base_path);
    text.append(request.target).append(" HTTP/1.1\r\nHost: ").append(authority).append("\r\n");
    bool has_type = false;
    for (const Header& field : request.headers) {
        text.append(field.name).append(": ").append(field.value).append("\r\n");
        has_type = has_type || same_field_name(field.name, "Content-Type");
    }
    if (!request.body.empty() && !has_type) {
        text.append("Content-Type: application/json\r\n");
    }
    if (!request.body.empty() || !is_safe(request.method)) {
        text.append(fmt::format("Content-Length: {}\r\n", request.body.size()));
    }
    return text.append("\r\n").append(request.body);
}

}  // namespace courseselect::net::http
