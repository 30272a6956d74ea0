#pragma once
/// Where a Redis server listens, and who we are to it.

#include <cstdint>
#include <string>
#include <string_view>

#include "courseselect/core/result.hpp"
#include "courseselect/core/secret.hpp"

namespace courseselect::redis {

struct Address {
    std::string host;  ///< numeric
    std::uint16_t port = 0;
    bool is_tls = false;
    std::string socket_path;  ///< instead of host and port
    std::string user;         ///< empty: the default user
    core::Secret password;    ///< empty: none
};

/// `redis://[[user]:password@]host[:port]` with a numeric host or "localhost" (name lookups block),
/// `rediss://` with the same for TLS, or `unix:///path/to.sock`. User and password are
/// percent-encoded; the port is 6379 unless given. Errors: invalid_argument, with a sentence for
/// the operator (without the password).
[[nodiscard]] core::Result<Address> parse_address(std::string_view url);

}  // namespace courseselect::redis
