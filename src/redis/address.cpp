#include "courseselect/redis/address.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/un.h>

#include <charconv>
#include <utility>

namespace courseselect::redis {
namespace {

constexpr std::uint16_t usual_port = 6379;
constexpr std::string_view tcp_scheme = "redis://";
constexpr std::string_view tls_scheme = "rediss://";
constexpr std::string_view unix_scheme = "unix://";

core::Error bad_url(std::string sentence) {
    return {core::Errc::invalid_argument, "bad_redis_url", std::move(sentence)};
}

int hex_value(char digit) {
    int value = -1;
    std::from_chars(&digit, &digit + 1, value, 16);
    return value;
}

/// Undoes percent-encoding; a `%` that begins none stays.
std::string decoded(std::string_view text) {
    std::string plain;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const bool is_code = text[i] == '%' && i + 2 < text.size() && hex_value(text[i + 1]) >= 0 &&
                             hex_value(text[i + 2]) >= 0;
        plain += is_code ? static_cast<char>(hex_value(text[i + 1]) * 16 + hex_value(text[i + 2]))
                         : text[i];
        i += is_code ? 2 : 0;
    }
    return plain;
}

bool is_numeric(const std::string& host) {
    ::in6_addr ignored{};
    return ::inet_pton(AF_INET, host.c_str(), &ignored) == 1 ||
           ::inet_pton(AF_INET6, host.c_str(), &ignored) == 1;
}

/// `host`, `host:port`, `[::1]` or `[::1]:port`.
core::Result<Address> read_host(std::string_view text, Address address) {
    const bool has_brackets = text.starts_with('[') && text.find(']') != std::string_view::npos;
    const std::size_t host_end = has_brackets ? text.find(']') + 1 : text.find(':');
    const std::string_view host = text.substr(0, host_end);
    const std::string_view port = host_end < text.size() ? text.substr(host_end) : "";
    address.host = has_brackets ? host.substr(1, host.size() - 2) : host;
    if (address.host == "localhost") {
        address.host = "127.0.0.1";
    }
    if (!is_numeric(address.host)) {
        return bad_url("the host must be a numeric address or localhost");
    }
    address.port = usual_port;
    if (!port.empty()) {
        const char* end = port.data() + port.size();
        const auto [read_to, fault] = std::from_chars(port.data() + 1, end, address.port);
        if (port[0] != ':' || fault != std::errc() || read_to != end || address.port == 0) {
            return bad_url("the port must be a number from 1 to 65535");
        }
    }
    return address;
}

}  // namespace

core::Result<Address> parse_address(std::string_view url) {
    if (url.starts_with(unix_scheme)) {
        Address address;
        address.socket_path = url.substr(unix_scheme.size());
        if (!address.socket_path.starts_with('/') ||
            address.socket_path.size() >= sizeof(::sockaddr_un{}.sun_path)) {
            return bad_url("the path of a unix socket begins with / and has at most 107 bytes");
        }
        return address;
    }
    Address address;
    address.is_tls = url.starts_with(tls_scheme);
    if (!address.is_tls && !url.starts_with(tcp_scheme)) {
        return bad_url("give redis://HOST:PORT, rediss://HOST:PORT or unix:///PATH");
    }
    url.remove_prefix(address.is_tls ? tls_scheme.size() : tcp_scheme.size());
    if (url.ends_with('/')) {
        url.remove_suffix(1);
    }
    const std::size_t at = url.rfind('@');
    if (at != std::string_view::npos) {
        const std::string_view who = url.substr(0, at);
        const std::size_t colon = who.find(':');
        if (colon == std::string_view::npos) {
            return bad_url("before @ stands USER:PASSWORD or :PASSWORD");
        }
        address.user = decoded(who.substr(0, colon));
        address.password = core::Secret(decoded(who.substr(colon + 1)));
        url.remove_prefix(at + 1);
    }
    return read_host(url, std::move(address));
}

}  // namespace courseselect::redis
