#include "courseselect/core/encoding.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <array>
#include <utility>

using namespace courseselect;

TEST_SUITE("core/encoding") {
    TEST_CASE("the vectors of RFC 4648 §10 hold both ways") {
        const std::array<std::array<std::string, 3>, 4> vectors = {
            {{"", "", ""},
             {"f", "Zg==", "MY======"},
             {"fo", "Zm8=", "MZXQ===="},
             {"foobar", "Zm9vYmFy", "MZXW6YTBOI======"}}};
        for (const auto& [plain, base64, base32] : vectors) {
            CHECK(core::base64_encode(plain) == base64);
            CHECK(core::base64_decode(base64) == plain);
            CHECK(core::base32_encode(plain, core::Padding::required) == base32);
            CHECK(core::base32_decode(base32, core::Padding::required) == plain);
        }
        CHECK(core::hex_encode("\x01\xfe") == "01fe");
        CHECK(core::hex_decode("01FE") == "\x01\xfe");
        CHECK(core::base64url_encode("\xfb\xff") == "-_8");
    }

    TEST_CASE("decoders refuse what no encoder makes") {
        for (const char* bad : {"Zg", "Zg=", "Zg===", "Zh==", "Z===", "====", "Zm9v ", "Zm-v"}) {
            CAPTURE(bad);
            CHECK_FALSE(core::base64_decode(bad));
        }
        for (const char* bad : {"A", "Zh", "Zg==", "Zm+v", "Zm9v\n"}) {
            CAPTURE(bad);
            CHECK_FALSE(core::base64url_decode(bad));
        }
        for (const char* bad : {"A", "MZ", "my", "MY======", "M1"}) {
            CAPTURE(bad);
            CHECK_FALSE(core::base32_decode(bad));
        }
        CHECK_FALSE(core::hex_decode("abc"));
        CHECK_FALSE(core::hex_decode("0g"));
    }

    TEST_CASE("decoding into a buffer needs room for every byte") {
        std::array<char, 3> buffer{};
        CHECK(core::base64url_decode_into("Zm9v", buffer) == "foo");
        CHECK_FALSE(core::base64url_decode_into("Zm9vZg", buffer));
    }

    TEST_CASE("every byte string survives every encoding") {
        CHECK(rc::check("round trip", [](const std::string& bytes) {
            RC_ASSERT(core::hex_decode(core::hex_encode(bytes)) == bytes);
            RC_ASSERT(core::base64_decode(core::base64_encode(bytes)) == bytes);
            RC_ASSERT(core::base64url_decode(core::base64url_encode(bytes)) == bytes);
            RC_ASSERT(core::base32_decode(core::base32_encode(bytes)) == bytes);
            RC_ASSERT(core::crockford_decode(core::crockford_encode(bytes)) == bytes);
        }));
    }

    TEST_CASE("a typed Crockford code forgives case, hyphens and look-alikes") {
        CHECK(core::crockford_normalize("ol-i7z") == "0117Z");
        CHECK_FALSE(core::crockford_normalize("U"));
        CHECK_FALSE(core::crockford_normalize("A B"));
    }

    TEST_CASE("UTF-8 is counted in code points and overlong or surrogate forms are refused") {
        CHECK(core::utf8_length("a\xc3\xa4\xe5\xad\xa6\xf0\x9f\x98\x80") == 4U);
        CHECK(core::utf8_length("\xf4\x8f\xbf\xbf") == 1U);
        for (const char* bad : {"\x80", "\xc0\xaf", "\xc3", "\xe0\x80\x80", "\xed\xa0\x80",
                                "\xf0\x80\x80\x80", "\xf4\x90\x80\x80", "\xf5", "\xe5\xad"}) {
            CHECK_FALSE(core::is_valid_utf8(bad));
        }
    }

    TEST_CASE("percent-encoding keeps unreserved characters only") {
        CHECK(core::percent_encode("a-Z_0.~ /\xc3\xa4") == "a-Z_0.~%20%2F%C3%A4");
    }
}
