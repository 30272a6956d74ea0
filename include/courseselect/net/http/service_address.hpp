#pragma once
/// Where a service can be reached (contract/http-api §1.1).

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "courseselect/core/result.hpp"

namespace courseselect::net::http {

/// A parsed service address.
struct ServiceAddress {
    enum class Kind : std::uint8_t { tcp, tls, unix_socket };

    Kind kind = Kind::tcp;
    std::string host;         ///< tcp, tls: name or numeric address, IPv6 without brackets
    std::uint16_t port = 0;   ///< tcp, tls
    std::string socket_path;  ///< unix_socket: at most 107 bytes
    std::string base_path;    ///< put before every request target; "" or "/..." without a last "/"

    /// Reads `http://host[:port][/path]`, `https://...` (ports 80 and 443 by default) or
    /// `unix:///dir/name.sock[/path]`: the socket's path ends at the first component that ends in
    /// `.sock`. Errors: invalid_argument (reason "bad_address") saying what is wrong.
    [[nodiscard]] static core::Result<ServiceAddress> parse(std::string_view text);

    /// The value of the Host field: "host:port", "[::1]:80", and "localhost" for a unix socket.
    [[nodiscard]] std::string authority() const;
    /// The address as `parse` reads it.
    [[nodiscard]] std::string to_string() const;
    friend bool operator==(const ServiceAddress&, const ServiceAddress&) = default;
};

/// What the configuration says about one service.
struct ServiceOptions {
    std::string name;                ///< "data": the socket file is `data_node.sock`
    std::uint16_t default_port = 0;  ///< used on 127.0.0.1 when `url` is empty
    bool use_sockets = true;
    std::string socket_directory;
    std::string url;  ///< may be empty
};

/// Where to look for the service, best first: the socket when `use_sockets`, then `url`, which may
/// itself be a socket, or without one `http://127.0.0.1:default_port`. Never empty.
/// Errors: those of `ServiceAddress::parse`.
[[nodiscard]] core::Result<std::vector<ServiceAddress>> service_candidates(
    const ServiceOptions& options);

}  // namespace courseselect::net::http
