#pragma once
/// The opening handshake of WebSocket (RFC 6455 §4), on top of the HTTP server's upgrade.

#include <string>
#include <string_view>

#include "courseselect/net/http/message.hpp"

namespace courseselect::net::ws {

/// A request that wants to become a WebSocket: `GET` with `Upgrade: websocket` and `Connection:
/// Upgrade`. Whether it may is for `answer_handshake` to say.
[[nodiscard]] bool asks_for_websocket(const http::Request& request);

/// 101 with the accepted key; 400 for a bad or missing key; 426 with `Sec-WebSocket-Version: 13`
/// for another version. Extensions are never agreed on, whatever the client offers.
/// @param subprotocol  one of those the client named, chosen by the caller; empty: none
[[nodiscard]] http::Response answer_handshake(const http::Request& request,
                                              std::string_view subprotocol = {});

/// `Sec-WebSocket-Accept` for a `Sec-WebSocket-Key` (§4.2.2).
[[nodiscard]] std::string accept_key(std::string_view key);

}  // namespace courseselect::net::ws
