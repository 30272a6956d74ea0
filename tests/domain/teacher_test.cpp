#include "courseselect/domain/teacher.hpp"

#include <doctest/doctest.h>

using namespace courseselect;

TEST_SUITE("domain/teacher") {
    TEST_CASE("teachers compare by all fields") {
        const domain::Teacher one{.id = core::TeacherId(1), .name = "Noether"};
        domain::Teacher other = one;
        CHECK(one == other);
        other.name = "Hilbert";
        CHECK_FALSE(one == other);
    }
}
