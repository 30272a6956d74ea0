#include "courseselect/domain/student.hpp"

#include <doctest/doctest.h>

using namespace courseselect;

TEST_SUITE("domain/student") {
    TEST_CASE("students compare by all fields, the order of tags included") {
        const domain::Student one{.id = core::StudentId(1), .name = "Ada", .tags = {"a", "b"}};
        domain::Student other = one;
        CHECK(one == other);
        other.tags = {"b", "a"};
        CHECK_FALSE(one == other);
    }
}
