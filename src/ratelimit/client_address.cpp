#include "courseselect/ratelimit/client_address.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>

#include "courseselect/core/check.hpp"

namespace courseselect::ratelimit {
namespace {

std::string_view trimmed(std::string_view text) {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) {
        text.remove_prefix(1);
    }
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) {
        text.remove_suffix(1);
    }
    return text;
}

core::Error bad_network(std::string_view text, std::string_view why) {
    constexpr std::size_t quoted_bytes_max = 64;
    std::string detail = "'";
    detail.append(text.substr(0, quoted_bytes_max)).append("' is not a network: ").append(why);
    return core::Error(core::Errc::invalid_argument, "bad_network", std::move(detail));
}

/// 0 to `bits_max`, in digits without a leading zero; -1 for anything else.
int parse_prefix_bits(std::string_view text, int bits_max) {
    int bits = -1;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), bits);
    const bool whole = error == std::errc{} && end == text.data() + text.size();
    const bool canonical = text.size() == 1 || !text.starts_with('0');
    return whole && canonical && bits >= 0 && bits <= bits_max ? bits : -1;
}

}  // namespace

std::optional<IpAddress> IpAddress::parse(std::string_view text) {
    std::array<char, INET6_ADDRSTRLEN> terminated{};
    if (text.empty() || text.size() >= terminated.size() ||
        text.find('\0') != std::string_view::npos) {
        return std::nullopt;
    }
    std::copy(text.begin(), text.end(), terminated.begin());
    IpAddress address;
    if (inet_pton(AF_INET, terminated.data(), address.bytes_.data()) == 1) {
        return address;
    }
    if (inet_pton(AF_INET6, terminated.data(), address.bytes_.data()) != 1) {
        return std::nullopt;
    }
    static constexpr std::array<std::uint8_t, 12> mapped = {0, 0, 0, 0, 0,    0,
                                                            0, 0, 0, 0, 0xff, 0xff};
    address.is_v4_ = std::equal(mapped.begin(), mapped.end(), address.bytes_.begin());
    if (address.is_v4_) {
        std::copy(address.bytes_.begin() + 12, address.bytes_.end(), address.bytes_.begin());
        std::fill(address.bytes_.begin() + 4, address.bytes_.end(), std::uint8_t{0});
    }
    return address;
}

std::string IpAddress::to_string() const {
    std::array<char, INET6_ADDRSTRLEN> text{};
    const char* made =
        inet_ntop(is_v4_ ? AF_INET : AF_INET6, bytes_.data(), text.data(), text.size());
    COURSESELECT_CHECK(made != nullptr);
    return made;
}

IpAddress IpAddress::masked(int prefix_bits) const {
    COURSESELECT_CHECK(prefix_bits >= 0 && prefix_bits <= bits());
    IpAddress cut = *this;
    for (std::size_t i = 0; i < cut.bytes_.size(); ++i) {
        const int kept = std::clamp(prefix_bits - static_cast<int>(i) * 8, 0, 8);
        cut.bytes_[i] = static_cast<std::uint8_t>(cut.bytes_[i] & (0xff00U >> kept));
    }
    return cut;
}

core::Result<IpNetwork> IpNetwork::parse(std::string_view text) {
    const std::size_t slash = text.find('/');
    const auto base = IpAddress::parse(text.substr(0, slash));
    if (!base) {
        return bad_network(text, "no IPv4 or IPv6 address stands before the slash");
    }
    int prefix_bits = base->bits();
    if (slash != std::string_view::npos) {
        prefix_bits = parse_prefix_bits(text.substr(slash + 1), base->bits());
        if (prefix_bits < 0) {
            return bad_network(text, "the prefix length must be a number from 0 to " +
                                         std::to_string(base->bits()));
        }
    }
    const IpAddress first = base->masked(prefix_bits);
    if (first != *base) {
        return bad_network(text, "it has host bits set; did you mean " + first.to_string() + "/" +
                                     std::to_string(prefix_bits) + "?");
    }
    return IpNetwork(first, prefix_bits);
}

bool IpNetwork::contains(const IpAddress& address) const {
    return address.is_v4() == base_.is_v4() && address.masked(prefix_bits_) == base_;
}

std::string IpNetwork::to_string() const {
    return base_.to_string() + "/" + std::to_string(prefix_bits_);
}

core::Result<std::vector<IpNetwork>> parse_networks(std::string_view list) {
    std::vector<IpNetwork> networks;
    if (trimmed(list).empty()) {
        return networks;
    }
    for (std::size_t from = 0; from <= list.size();) {
        const std::size_t comma = std::min(list.find(',', from), list.size());
        COURSESELECT_TRY(const IpNetwork network,
                         IpNetwork::parse(trimmed(list.substr(from, comma - from))));
        if (networks.size() == networks_max) {
            return core::Error(core::Errc::invalid_argument, "too_many_networks",
                               "at most " + std::to_string(networks_max) + " networks");
        }
        networks.push_back(network);
        from = comma + 1;
    }
    return networks;
}

bool ClientAddressRule::believes(const ClientHints& hints) const {
    if (hints.internal_token_ok) {
        return true;
    }
    if (hints.peer_is_unix) {
        return options_.trust_unix_peers;
    }
    const auto peer = IpAddress::parse(hints.peer_address);
    return peer && std::any_of(options_.trusted_proxies.begin(), options_.trusted_proxies.end(),
                               [&](const IpNetwork& network) { return network.contains(*peer); });
}

std::string ClientAddressRule::client_address(const ClientHints& hints) const {
    std::optional<IpAddress> address;
    if (believes(hints)) {
        const std::size_t comma = hints.x_forwarded_for.find(',');
        address = IpAddress::parse(trimmed(hints.x_forwarded_for.substr(0, comma)));
        if (!address) {
            address = IpAddress::parse(trimmed(hints.x_real_ip));
        }
    }
    if (!address && !hints.peer_is_unix) {
        // A link-local peer has a zone ("fe80::1%eth0"), which its sender cannot choose.
        const std::size_t zone = hints.peer_address.find('%');
        address = IpAddress::parse(hints.peer_address.substr(0, zone));
    }
    if (!address) {
        return "unknown";
    }
    const int prefix_bits = std::clamp(options_.v6_prefix_bits, 0, 128);
    return (address->is_v4() ? *address : address->masked(prefix_bits)).to_string();
}

}  // namespace courseselect::ratelimit
