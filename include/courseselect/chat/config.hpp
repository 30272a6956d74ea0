#pragma once
/// The chat server's configuration: names, defaults and bounds in one place.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "courseselect/chat/server.hpp"
#include "courseselect/core/config.hpp"
#include "courseselect/core/log.hpp"
#include "courseselect/core/secret.hpp"
#include "courseselect/net/tls.hpp"
#include "courseselect/repo/chat_store.hpp"

namespace courseselect::chat {

struct ProgramConfig {
    std::string host;
    std::uint16_t port = 5555;
    std::optional<net::TlsFiles> tls;
    std::uint16_t tls_port = 5556;  ///< only with certificate and key
    repo::ChatStoreOptions store;
    core::Secret jwt_secret;  ///< empty: tokens are not taken
    int bcrypt_cost = 10;
    ServerOptions server;
    std::chrono::milliseconds stop_deadline{5'000};
    core::log::LogOptions log;
};

/// Reads every value. Faults are noted in `environment`: ask its `check()` before using the result.
[[nodiscard]] ProgramConfig read_config(core::Environment& environment);

}  // namespace courseselect::chat
