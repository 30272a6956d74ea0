#include "courseselect/net/http/service_address.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>

namespace courseselect::net::http {
namespace {

/// `sun_path` has 108 bytes, the last one zero.
constexpr std::size_t socket_path_bytes_max = 107;

core::Error bad_address(std::string_view text, std::string_view problem) {
    return {core::Errc::invalid_argument, "bad_address",
            fmt::format("'{}' is no service address: {}; write http://host:port or "
                        "unix:///directory/name.sock",
                        text, problem)};
}

/// What may stand in a request line as part of a target: visible ASCII without query or fragment.
bool is_path(std::string_view path) {
    return std::all_of(path.begin(), path.end(), [](unsigned char c) {
        return c > 0x20 && c < 0x7f && c != '?' && c != '#';
    });
}

std::string without_last_slash(std::string_view path) {
    while (path.ends_with('/')) {
        path.remove_suffix(1);
    }
    return std::string(path);
}

core::Result<ServiceAddress> parse_unix(std::string_view text, std::string_view path) {
    if (!path.starts_with('/')) {
        return bad_address(text, "the socket's path must be absolute");
    }
    // The path of the socket ends at the first component that ends in ".sock".
    for (std::size_t at = path.find(".sock"); at != std::string_view::npos;
         at = path.find(".sock", at + 1)) {
        const std::size_t end = at + 5;
        if (end != path.size() && path[end] != '/') {
            continue;
        }
        ServiceAddress address;
        address.kind = ServiceAddress::Kind::unix_socket;
        address.socket_path = path.substr(0, end);
        address.base_path = without_last_slash(path.substr(end));
        if (address.socket_path.find('\0') != std::string::npos || !is_path(address.base_path)) {
            return bad_address(text, "the path has a query, blanks or other than ASCII characters");
        }
        if (address.socket_path.size() > socket_path_bytes_max) {
            return bad_address(text, "the socket's path is longer than 107 bytes");
        }
        return address;
    }
    return bad_address(text, "no part of the path ends in .sock");
}

core::Result<std::uint16_t> parse_port(std::string_view text, std::string_view digits) {
    unsigned port = 0;
    const auto end = std::from_chars(digits.data(), digits.data() + digits.size(), port);
    if (end.ec != std::errc() || end.ptr != digits.data() + digits.size() || port == 0 ||
        port > 65'535) {
        return bad_address(text, "the port must be a number from 1 to 65535");
    }
    return static_cast<std::uint16_t>(port);
}

core::Result<ServiceAddress> parse_tcp(std::string_view text, std::string_view rest,
                                       ServiceAddress::Kind kind) {
    ServiceAddress address;
    address.kind = kind;
    address.port = kind == ServiceAddress::Kind::tls ? 443 : 80;
    const std::size_t slash = rest.find('/');
    std::string_view authority = rest.substr(0, slash);
    if (slash != std::string_view::npos) {
        address.base_path = without_last_slash(rest.substr(slash));
    }
    const bool is_v6 = authority.starts_with('[');
    const std::size_t host_end = is_v6 ? authority.find(']') : authority.find(':');
    if (is_v6 && host_end == std::string_view::npos) {
        return bad_address(text, "the bracket of the IPv6 address is not closed");
    }
    if (!is_path(address.base_path)) {
        return bad_address(text, "the path has a query, blanks or other than ASCII characters");
    }
    address.host = is_v6 ? authority.substr(1, host_end - 1) : authority.substr(0, host_end);
    const std::size_t behind = is_v6 ? host_end + 1 : std::min(host_end, authority.size());
    const std::string_view port = authority.substr(behind);
    if (!port.empty()) {
        if (!port.starts_with(':')) {
            return bad_address(text, "a port must follow the host");
        }
        COURSESELECT_TRY(address.port, parse_port(text, port.substr(1)));
    }
    if (address.host.empty() || !is_path(address.host) ||
        address.host.find_first_of("@\\") != std::string::npos) {
        return bad_address(text, "the host is missing or has characters that hosts cannot have");
    }
    return address;
}

}  // namespace

core::Result<ServiceAddress> ServiceAddress::parse(std::string_view text) {
    constexpr std::string_view unix_scheme = "unix://";
    constexpr std::string_view http_scheme = "http://";
    constexpr std::string_view https_scheme = "https://";
    if (text.starts_with(unix_scheme)) {
        return parse_unix(text, text.substr(unix_scheme.size()));
    }
    if (text.starts_with(http_scheme)) {
        return parse_tcp(text, text.substr(http_scheme.size()), Kind::tcp);
    }
    if (text.starts_with(https_scheme)) {
        return parse_tcp(text, text.substr(https_scheme.size()), Kind::tls);
    }
    return bad_address(text, "the scheme is unknown");
}

std::string ServiceAddress::authority() const {
    if (kind == Kind::unix_socket) {
        return "localhost";
    }
    return host.find(':') == std::string::npos ? fmt::format("{}:{}", host, port)
                                               : fmt::format("[{}]:{}", host, port);
}

std::string ServiceAddress::to_string() const {
    switch (kind) {
        case Kind::unix_socket: return "unix://" + socket_path + base_path;
        case Kind::tls: return "https://" + authority() + base_path;
        case Kind::tcp: return "http://" + authority() + base_path;
    }
    return {};
}

core::Result<std::vector<ServiceAddress>> service_candidates(const ServiceOptions& options) {
    std::vector<ServiceAddress> candidates;
    const auto add = [&candidates](ServiceAddress address) {
        if (candidates.empty() || !(candidates.back() == address)) {
            candidates.push_back(std::move(address));
        }
    };
    if (options.use_sockets && !options.socket_directory.empty()) {
        COURSESELECT_TRY(auto socket,
                         ServiceAddress::parse(fmt::format(
                             "unix://{}/{}_node.sock", options.socket_directory, options.name)));
        add(std::move(socket));
    }
    const std::string url = options.url.empty()
                                ? fmt::format("http://127.0.0.1:{}", options.default_port)
                                : options.url;
    COURSESELECT_TRY(auto address, ServiceAddress::parse(url));
    add(std::move(address));
    return candidates;
}

}  // namespace courseselect::net::http
