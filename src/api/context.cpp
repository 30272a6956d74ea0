#include "courseselect/api/context.hpp"

namespace courseselect::api {

bool Context::is_from_here() const {
    const auto is_loopback = [](std::string_view address) {
        return address.starts_with("127.") || address == "::1" || address == "::ffff:127.0.0.1";
    };
    const net::http::Peer& peer = request.peer;
    // A proxy of this machine is no proof of where the request comes from.
    if (request.header("X-Forwarded-For") || request.header("X-Real-IP") ||
        request.header("Forwarded")) {
        return is_loopback(client_address()) && !request.header("Forwarded");
    }
    return peer.is_unix || peer.address == "local" || is_loopback(peer.address);
}

}  // namespace courseselect::api
