#include "courseselect/net/ws/handshake.hpp"

#include <doctest/doctest.h>

#include <optional>
#include <string>
#include <vector>

using namespace courseselect;

namespace {

struct Asked {
    std::vector<net::http::HeaderView> fields{
        {"Upgrade", "websocket"},
        {"Connection", "keep-alive, Upgrade"},
        {"Sec-WebSocket-Version", "13"},
        {"Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="},
    };

    Asked& set(std::string_view name, std::string_view value) {
        for (auto& field : fields) {
            if (field.name == name) {
                field.value = value;
            }
        }
        return *this;
    }
    net::http::Request request(net::http::Method method = net::http::Method::get) {
        net::http::Request made;
        made.method = method;
        made.headers = fields;
        return made;
    }
};

std::optional<std::string> field(const net::http::Response& response, std::string_view name) {
    for (const auto& header : response.headers) {
        if (header.name == name) {
            return header.value;
        }
    }
    return std::nullopt;
}

}  // namespace

TEST_SUITE("net/ws/handshake") {
    TEST_CASE("the example of RFC 6455 §1.3") {
        CHECK(net::ws::accept_key("dGhlIHNhbXBsZSBub25jZQ==") == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
        Asked asked;
        asked.fields.push_back({"Sec-WebSocket-Extensions", "permessage-deflate"});
        asked.fields.push_back({"Sec-WebSocket-Protocol", "chat, superchat"});
        const auto response = net::ws::answer_handshake(asked.request());
        CHECK(response.status == 101);
        CHECK(field(response, "Upgrade") == "websocket");
        CHECK(field(response, "Sec-WebSocket-Accept") == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
        CHECK_FALSE(field(response, "Sec-WebSocket-Extensions"));
        CHECK_FALSE(field(response, "Sec-WebSocket-Protocol"));
        CHECK(field(net::ws::answer_handshake(asked.request(), "chat"), "Sec-WebSocket-Protocol") ==
              "chat");
    }

    TEST_CASE("names of protocols and options come in any case, among others") {
        CHECK(net::ws::asks_for_websocket(
            Asked().set("Upgrade", "h2c , WebSocket").set("Connection", "UPGRADE").request()));
        CHECK_FALSE(net::ws::asks_for_websocket(Asked().set("Upgrade", "websockets").request()));
        CHECK_FALSE(net::ws::asks_for_websocket(Asked().set("Connection", "close").request()));
        CHECK_FALSE(net::ws::asks_for_websocket(Asked().request(net::http::Method::post)));
        CHECK(net::ws::answer_handshake(Asked().request(net::http::Method::post)).status == 400);
    }

    TEST_CASE("another version is told which one it must be") {
        for (const std::string_view version : {"8", "", "013"}) {
            const auto response =
                net::ws::answer_handshake(Asked().set("Sec-WebSocket-Version", version).request());
            CHECK(response.status == 426);
            CHECK(field(response, "Sec-WebSocket-Version") == "13");
        }
    }

    TEST_CASE("a key that is not 16 bytes of base64 is refused") {
        for (const std::string_view key :
             {"", "dGhlIHNhbXBsZSBub25j", "dGhlIHNhbXBsZSBub25jZQ",
              "dGhlIHNhbXBsZSBub25jZSE=", "dGhlIHNhbXBsZSBub25jZR==", "************************"}) {
            CHECK(
                net::ws::answer_handshake(Asked().set("Sec-WebSocket-Key", key).request()).status ==
                400);
        }
    }
}
