#include "courseselect/net/ws/handshake.hpp"

#include "courseselect/core/encoding.hpp"
#include "courseselect/crypto/digest.hpp"

namespace courseselect::net::ws {
namespace {

constexpr std::string_view key_suffix = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";  // §1.3
constexpr std::size_t key_bytes = 16;

std::string_view trimmed(std::string_view text) {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) {
        text.remove_prefix(1);
    }
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) {
        text.remove_suffix(1);
    }
    return text;
}

/// Whether some field of that name lists the token, in any case (RFC 9110 §5.6.1).
bool lists_token(const http::Request& request, std::string_view name, std::string_view token) {
    for (const http::HeaderView& field : request.headers) {
        if (!http::same_field_name(field.name, name)) {
            continue;
        }
        std::string_view rest = field.value;
        while (!rest.empty()) {
            const std::string_view item = rest.substr(0, rest.find(','));
            rest.remove_prefix(item.size() == rest.size() ? item.size() : item.size() + 1);
            if (http::same_field_name(trimmed(item), token)) {
                return true;
            }
        }
    }
    return false;
}

http::Response handshake_refusal(int status, std::string_view detail) {
    http::Response response;
    response.status = status;
    response.body = R"({"detail":")" + std::string(detail) + R"("})";
    return response;
}

}  // namespace

bool asks_for_websocket(const http::Request& request) {
    return request.method == http::Method::get && lists_token(request, "Upgrade", "websocket") &&
           lists_token(request, "Connection", "upgrade");
}

std::string accept_key(std::string_view key) {
    return core::base64_encode(
        crypto::as_text(crypto::sha1(std::string(key) + std::string(key_suffix))));
}

http::Response answer_handshake(const http::Request& request, std::string_view subprotocol) {
    if (!asks_for_websocket(request)) {
        return handshake_refusal(400, "This address speaks WebSocket");
    }
    if (request.header("Sec-WebSocket-Version").value_or("") != "13") {
        http::Response response =
            handshake_refusal(426, "Sec-WebSocket-Version must be 13 (RFC 6455)");
        response.headers.push_back({"Sec-WebSocket-Version", "13"});
        response.headers.push_back({"Upgrade", "websocket"});
        return response;
    }
    const std::string_view key = request.header("Sec-WebSocket-Key").value_or("");
    const auto bytes = core::base64_decode(key);
    if (!bytes || bytes->size() != key_bytes) {
        return handshake_refusal(400, "Sec-WebSocket-Key must be 16 bytes in base64");
    }
    http::Response response;
    response.status = 101;
    response.headers.push_back({"Upgrade", "websocket"});
    response.headers.push_back({"Sec-WebSocket-Accept", accept_key(key)});
    if (!subprotocol.empty()) {
        response.headers.push_back({"Sec-WebSocket-Protocol", std::string(subprotocol)});
    }
    return response;
}

}  // namespace courseselect::net::ws
