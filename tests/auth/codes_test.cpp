#include "courseselect/auth/codes.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <set>

#include "courseselect/core/encoding.hpp"

using namespace courseselect;

TEST_SUITE("auth/codes") {
    TEST_CASE("a registration code is 24 bytes in 32 characters that are safe in a URL") {
        crypto::SeededRandomSource random(1);
        std::set<std::string> seen;
        for (int i = 0; i < 100; ++i) {
            const std::string code = auth::make_registration_code(random);
            REQUIRE(code.size() == 32);
            REQUIRE(core::base64url_decode(code)->size() == 24);
            seen.insert(code);
        }
        CHECK(seen.size() == 100);
    }

    TEST_CASE("a reset code is 8 characters that cannot be mistaken for each other") {
        crypto::SeededRandomSource random(2);
        for (int i = 0; i < 100; ++i) {
            const std::string code = auth::make_reset_code(random);
            REQUIRE(code.size() == 8);
            REQUIRE(code.find_first_of("ILOUilou-") == std::string::npos);
            REQUIRE(auth::normalize_reset_code(code) == code);
        }
    }

    TEST_CASE("case, hyphens and look-alikes do not matter") {
        CHECK(auth::normalize_reset_code("abcd-1230") == "ABCD1230");
        CHECK(auth::normalize_reset_code("ABCD-I23O") == "ABCD1230");
        CHECK(auth::normalize_reset_code("abcdl23o") == "ABCD1230");
        CHECK(auth::normalize_reset_code("A-B-C-D-1-2-3-0") == "ABCD1230");
    }

    TEST_CASE("a text may have 16 characters, of which 8 count") {
        CHECK(auth::normalize_reset_code("--------ABCD1230") == "ABCD1230");
        CHECK_FALSE(auth::normalize_reset_code("---------ABCD1230"));
        CHECK_FALSE(auth::normalize_reset_code(std::string(1'000'000, 'A')));
    }

    TEST_CASE("what cannot be a code is none") {
        for (const char* bad : {"", "--------", "ABCD123", "ABCD12300", "ABCD123U", "ABCD 1230",
                                "ABCD123!", "\xe5\xad\xa6\xe5\xad\xa6"}) {
            CAPTURE(bad);
            CHECK_FALSE(auth::normalize_reset_code(bad));
        }
        CHECK(rc::check("any text", [](const std::string& typed) {
            const auto code = auth::normalize_reset_code(typed);
            if (code) {  // RC_ASSERT evaluates both sides of an ||
                RC_ASSERT(code->size() == 8U);
                RC_ASSERT(auth::normalize_reset_code(*code) == code);
            }
        }));
    }
}
