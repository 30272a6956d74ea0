#pragma once
/// Bounds of the realtime server's connections (realtime contract, "Limits").

#include <chrono>
#include <cstddef>

namespace courseselect::nodes::realtime {

struct RealtimeBounds {
    std::chrono::milliseconds ping_interval{25'000};
    std::chrono::milliseconds ping_timeout{20'000};   ///< for the pong; then closed
    std::size_t payload_bytes_max = 1'000'000;        ///< `maxPayload`; beyond: closed
    std::size_t connections_max = 12'000;             ///< beyond: 503
    std::size_t connections_per_address_max = 2'000;  ///< beyond: 503
    std::size_t rooms_per_connection_max = 256;       ///< beyond: refused by an `error` event
    std::size_t messages_per_second_max = 50;         ///< of one connection; beyond: not read
    std::size_t messages_burst = 100;                 ///< at once
};

}  // namespace courseselect::nodes::realtime
