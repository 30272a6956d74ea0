#include "courseselect/core/uuid.hpp"

#include <doctest/doctest.h>

using namespace courseselect;

TEST_SUITE("core/uuid") {
    TEST_CASE("a UUID reads back as it was written, in lower case") {
        const auto uuid = core::parse_uuid("F81D4FAE-7dec-41d0-a765-00a0c91e6bf6");
        REQUIRE(uuid);
        CHECK(core::format_uuid(*uuid) == "f81d4fae-7dec-41d0-a765-00a0c91e6bf6");
        CHECK(core::Uuid{}.is_nil());
    }

    TEST_CASE("version 4 sets six bits and keeps the others") {
        std::array<std::uint8_t, 16> ones{};
        ones.fill(0xff);
        CHECK(core::format_uuid(core::make_uuid_v4(ones)) ==
              "ffffffff-ffff-4fff-bfff-ffffffffffff");
        CHECK(core::format_uuid(core::make_uuid_v4({})) == "00000000-0000-4000-8000-000000000000");
    }

    TEST_CASE("other forms are refused") {
        for (const char* bad :
             {"", "f81d4fae7dec41d0a76500a0c91e6bf6", "{81d4fae-7dec-41d0-a765-00a0c91e6bf}",
              "f81d4fae-7dec-41d0-a765-00a0c91e6bf", "f81d4fae-7dec-41d0-a765-00a0c91e6bfg",
              "f81d4fae7-dec-41d0-a765-00a0c91e6bf6"}) {
            CAPTURE(bad);
            CHECK_FALSE(core::parse_uuid(bad));
        }
    }
}
