#pragma once
/// Whom a request came from, when proxies stand between (contract §1.5).

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "courseselect/core/result.hpp"

namespace courseselect::ratelimit {

/// An IPv4 or IPv6 address. IPv4-mapped IPv6 addresses (`::ffff:a.b.c.d`) are IPv4.
class IpAddress {
  public:
    /// Strict syntax: four decimal numbers without leading zeros, or RFC 4291 §2.2 text. No port,
    /// brackets, zone or spaces.
    [[nodiscard]] static std::optional<IpAddress> parse(std::string_view text);

    [[nodiscard]] bool is_v4() const { return is_v4_; }
    /// 32 or 128.
    [[nodiscard]] int bits() const { return is_v4_ ? 32 : 128; }
    /// Canonical text (RFC 5952).
    [[nodiscard]] std::string to_string() const;
    /// This address with all but its first `prefix_bits` bits zero. 0 <= prefix_bits <= bits().
    [[nodiscard]] IpAddress masked(int prefix_bits) const;

    friend auto operator<=>(const IpAddress&, const IpAddress&) = default;

  private:
    std::array<std::uint8_t, 16> bytes_{};  // IPv4 in the first four
    bool is_v4_ = true;
};

/// A network in CIDR notation.
class IpNetwork {
  public:
    /// "10.0.0.0/8", "fd00::/8", or a lone address. Host bits must be zero: "10.1.2.3/8" is more
    /// likely a mistake than a wish.
    /// Errors: invalid_argument, quoting the text and saying what is wrong.
    [[nodiscard]] static core::Result<IpNetwork> parse(std::string_view text);
    [[nodiscard]] bool contains(const IpAddress& address) const;
    [[nodiscard]] std::string to_string() const;

  private:
    IpNetwork(IpAddress base, int prefix_bits) : base_(base), prefix_bits_(prefix_bits) {}
    IpAddress base_;
    int prefix_bits_;
};

/// At most this many networks in a list.
inline constexpr std::size_t networks_max = 256;

/// Networks separated by commas, spaces allowed around them; the empty text is the empty list.
/// Errors: invalid_argument (an entry that is no network, more than `networks_max`).
[[nodiscard]] core::Result<std::vector<IpNetwork>> parse_networks(std::string_view list);

/// What is known of a request's sender. Borrows its texts.
struct ClientHints {
    std::string_view peer_address{};  ///< numeric; anything else for a unix socket
    bool peer_is_unix = false;
    std::string_view x_forwarded_for{};  ///< the header's value; empty when absent
    std::string_view x_real_ip{};
    bool internal_token_ok = false;  ///< the request carried the right `Internal-Token`
};

struct ClientAddressOptions {
    std::vector<IpNetwork> trusted_proxies;  ///< whose headers are believed
    bool trust_unix_peers = true;  ///< only local processes with file rights connect there
    int v6_prefix_bits = 64;       ///< one IPv6 client owns a whole /64; 128 tells each address
};

/// Finds the client's address, for rate limits and logs.
///
/// The first entry of `X-Forwarded-For`, else `X-Real-IP`, if the sender may be believed: its peer
/// address is in `trusted_proxies`, it came by unix socket, or it carried the internal token. Else,
/// or when they hold no IP address, the peer. Trusted proxies must set the header themselves, not
/// append to what the client sent.
/// Thread-safety: any thread.
class ClientAddressRule {
  public:
    explicit ClientAddressRule(ClientAddressOptions options) : options_(std::move(options)) {}

    /// Canonical text, IPv6 cut to `v6_prefix_bits`; "unknown" for a unix peer without headers.
    [[nodiscard]] std::string client_address(const ClientHints& hints) const;
    [[nodiscard]] bool believes(const ClientHints& hints) const;

  private:
    ClientAddressOptions options_;
};

}  // namespace courseselect::ratelimit
