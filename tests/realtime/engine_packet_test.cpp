#include "courseselect/realtime/engine_packet.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

namespace engine = courseselect::realtime::engine;

namespace {

std::vector<std::string> parts(std::string_view payload) {
    std::vector<std::string> all;
    engine::PayloadReader reader(payload);
    while (const auto packet = reader.next()) {
        all.emplace_back(*packet);
    }
    return all;
}

}  // namespace

TEST_SUITE("realtime/engine_packet") {
    TEST_CASE("a payload is cut at its separators, and nothing is left out") {
        CHECK(parts("4a") == std::vector<std::string>{"4a"});
        CHECK(parts("4a\x1e"
                    "2\x1e"
                    "bAQ==") == std::vector<std::string>{"4a", "2", "bAQ=="});
        CHECK(parts("") == std::vector<std::string>{""});
        CHECK(parts("4a\x1e") == std::vector<std::string>{"4a", ""});
        CHECK(parts("\x1e\x1e").size() == 3);
    }

    TEST_CASE("a packet is its type and what follows") {
        CHECK(engine::read_packet("4hello", true)->text == "hello");
        CHECK(engine::read_packet("4", false)->type == engine::PacketType::message);
        CHECK(engine::read_packet("2probe", false)->type == engine::PacketType::ping);
        CHECK(engine::read_packet("2probe", false)->text == "probe");
        for (char digit = '0'; digit <= '6'; ++digit) {
            const auto packet = engine::read_packet(std::string_view(&digit, 1), true);
            REQUIRE(packet);
            CHECK(engine::packet_digit(packet->type) == digit);
            CHECK_FALSE(packet->is_binary);
        }
    }

    TEST_CASE("messages of bytes are base64 in payloads, and nowhere else") {
        const auto packet = engine::read_packet("bAQIDBA==", true);
        REQUIRE(packet);
        CHECK(packet->is_binary);
        CHECK(packet->bytes == "\x01\x02\x03\x04");
        CHECK(engine::read_packet("b", true)->bytes.empty());
        CHECK_FALSE(engine::read_packet("bAQIDBA==", false));
        CHECK_FALSE(engine::read_packet("bAQIDBA", true));
        CHECK_FALSE(engine::read_packet("b!", true));
    }

    TEST_CASE("what is no packet is refused") {
        for (const std::string_view text : {"", "7", "abc", "-", "\xff"}) {
            CHECK_FALSE(engine::read_packet(text, true));
            CHECK_FALSE(engine::read_packet(text, false));
        }
    }
}
