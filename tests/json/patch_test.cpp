#include "courseselect/json/patch.hpp"

#include <doctest/doctest.h>

using courseselect::json::Patch;

TEST_SUITE("json/patch") {
    TEST_CASE("absent changes nothing, null clears, a value replaces") {
        std::optional<int> target = 1;
        Patch<int>().apply_to(target);
        CHECK(target == 1);
        Patch<int>(5).apply_to(target);
        CHECK(target == 5);
        Patch<int>(std::nullopt).apply_to(target);
        CHECK_FALSE(target.has_value());
    }

    TEST_CASE("a target that cannot be null is changed by a value only") {
        int target = 1;
        Patch<int>(std::nullopt).apply_to(target);
        Patch<int>().apply_to(target);
        CHECK(target == 1);
        Patch<int>(2).apply_to(target);
        CHECK(target == 2);
    }
}
