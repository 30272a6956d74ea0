#include "courseselect/net/ws/utf8_check.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <string>
#include <vector>

#include "courseselect/core/encoding.hpp"

using namespace courseselect;

namespace {

bool accepts_in_pieces(std::string_view text, std::size_t step) {
    net::ws::Utf8Check check;
    for (std::size_t at = 0; at < text.size(); at += step) {
        if (!check.put(text.substr(at, step))) {
            return false;
        }
    }
    return check.is_complete();
}

}  // namespace

TEST_SUITE("net/ws/utf8_check") {
    TEST_CASE("it agrees with the check of whole texts, wherever the text is cut") {
        // Bytes around every bound of the table in RFC 3629 §4.
        const std::vector<int> edges{0x00, 0x41, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf,
                                     0xc0, 0xc1, 0xc2, 0xdf, 0xe0, 0xe1, 0xec, 0xed, 0xee,
                                     0xef, 0xf0, 0xf1, 0xf3, 0xf4, 0xf5, 0xff};
        CHECK(rc::check("agrees", [&edges] {
            const auto bytes = *rc::gen::container<std::vector<int>>(rc::gen::elementOf(edges));
            const std::string text(bytes.begin(), bytes.end());
            for (const std::size_t step : {1U, 2U, 3U, 9U, 1000U}) {
                RC_ASSERT(accepts_in_pieces(text, step) == core::is_valid_utf8(text));
            }
        }));
    }

    TEST_CASE("every two and three bytes are judged as the whole-text check does") {
        std::string text;
        for (int first = 0; first < 256; ++first) {
            for (int second = 0; second < 256; ++second) {
                text = {static_cast<char>(first), static_cast<char>(second), '\x80'};
                REQUIRE(accepts_in_pieces(text, 1) == core::is_valid_utf8(text));
                REQUIRE(accepts_in_pieces(text + "\x80", 1) == core::is_valid_utf8(text + "\x80"));
                text.pop_back();
                REQUIRE(accepts_in_pieces(text, 1) == core::is_valid_utf8(text));
            }
        }
    }

    TEST_CASE("a wrong byte shows at once, and nothing mends it") {
        net::ws::Utf8Check check;
        CHECK(check.put("ok \xe2\x82"));
        CHECK_FALSE(check.is_complete());
        CHECK_FALSE(check.put("\x41"));
        CHECK_FALSE(check.put("fine"));
        CHECK_FALSE(check.is_complete());
        check.reset();
        CHECK(check.put("\xe2\x82\xac"));
        CHECK(check.is_complete());
    }
}
