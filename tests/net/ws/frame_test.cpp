#include "courseselect/net/ws/frame.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <string>

using namespace courseselect;

namespace {

std::string head_of(std::uint64_t size, const net::ws::MaskKey* mask = nullptr) {
    std::string head;
    net::ws::append_head(head, net::ws::Opcode::binary, size, mask);
    return head;
}

}  // namespace

TEST_SUITE("net/ws/frame") {
    TEST_CASE("the examples of RFC 6455 §5.7") {
        std::string hello;
        net::ws::append_frame(hello, net::ws::Opcode::text, "Hello");
        CHECK(hello == "\x81\x05Hello");
        std::string masked;
        net::ws::append_masked_frame(masked, net::ws::Opcode::text, "Hello",
                                     {0x37, 0xfa, 0x21, 0x3d});
        CHECK(masked == "\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58");
    }

    TEST_CASE("lengths are written in their shortest form") {
        CHECK(head_of(0) == std::string("\x82\x00", 2));
        CHECK(head_of(125) == "\x82\x7d");
        CHECK(head_of(126) == std::string("\x82\x7e\x00\x7e", 4));
        CHECK(head_of(0xffff) == "\x82\x7e\xff\xff");
        CHECK(head_of(0x10000) == std::string("\x82\x7f\x00\x00\x00\x00\x00\x01\x00\x00", 10));
        const net::ws::MaskKey mask{1, 2, 3, 4};
        CHECK(head_of(0x10000, &mask).size() == net::ws::head_bytes_max);
    }

    TEST_CASE("a close frame's reason is cut at a character and at its bound") {
        CHECK(net::ws::close_payload(net::ws::CloseCode::normal, "") == "\x03\xe8");
        CHECK(net::ws::close_payload(net::ws::CloseCode::message_too_big, "big") ==
              "\x03\xf1"
              "big");
        const std::string fits(net::ws::close_reason_bytes_max, 'x');
        CHECK(net::ws::close_payload(net::ws::CloseCode::normal, fits) == "\x03\xe8" + fits);
        const std::string long_one = std::string(122, 'x') + "\xc3\xa9";
        CHECK(net::ws::close_payload(net::ws::CloseCode::normal, long_one) ==
              "\x03\xe8" + std::string(122, 'x'));
    }

    TEST_CASE("only codes that RFC 6455 and IANA allow may be sent") {
        for (const int code : {1000, 1001, 1002, 1003, 1007, 1011, 1014, 3000, 3999, 4999}) {
            CHECK(net::ws::may_be_sent(static_cast<std::uint16_t>(code)));
        }
        for (const int code : {0, 999, 1004, 1005, 1006, 1015, 2000, 2999, 5000, 65535}) {
            CHECK_FALSE(net::ws::may_be_sent(static_cast<std::uint16_t>(code)));
        }
    }

    TEST_CASE("masking twice gives the bytes back, wherever they are cut") {
        CHECK(rc::check("masking", [](const std::string& bytes, net::ws::MaskKey mask) {
            const std::size_t cut =
                bytes.empty() ? 0 : *rc::gen::inRange<std::size_t>(0, bytes.size());
            std::string whole = bytes;
            net::ws::apply_mask(whole, mask);
            std::string parts = bytes;
            net::ws::apply_mask(std::span(parts).first(cut), mask);
            net::ws::apply_mask(std::span(parts).subspan(cut), mask, cut);
            RC_ASSERT(whole == parts);
            net::ws::apply_mask(whole, mask);
            RC_ASSERT(whole == bytes);
        }));
    }
}
