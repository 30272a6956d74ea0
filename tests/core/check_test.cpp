#include "courseselect/core/check.hpp"

#include <doctest/doctest.h>

#include "support/death.hpp"

using namespace courseselect;

TEST_SUITE("core/check") {
    TEST_CASE("a condition that holds costs nothing but its evaluation, once") {
        int evaluated = 0;
        COURSESELECT_CHECK(++evaluated == 1);
        CHECK(evaluated == 1);
    }

    TEST_CASE("a violated condition aborts, also in release builds, and says where and what") {
        const auto death = test::death_of([] { COURSESELECT_CHECK(1 + 1 == 3); });
        CHECK(death.signal == SIGABRT);
        CHECK(death.error.find("check_test.cpp:") != std::string::npos);
        CHECK(death.error.find("1 + 1 == 3") != std::string::npos);
    }

    TEST_CASE("it is one statement, so that an else keeps its if") {
        bool reached = false;
        if (reached)
            COURSESELECT_CHECK(false);
        else
            reached = true;
        CHECK(reached);
    }
}
