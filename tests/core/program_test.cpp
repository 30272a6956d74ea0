#include "courseselect/core/program.hpp"

#include <doctest/doctest.h>

using courseselect::core::conclude;
using courseselect::core::Environment;
using courseselect::core::ProgramFlags;

TEST_SUITE("core/program") {
    TEST_CASE("flags are stronger than variables, and only those that were given count") {
        Environment environment;
        environment.set_variable("CHAT_HOST", "10.0.0.1");
        environment.set_variable("CHAT_PORT", "7");
        environment.set_variable("PORT", "8");
        ProgramFlags flags;
        flags.port = "9";
        flags.no_rate_limit = true;
        flags.add_to(environment, "CHAT_");
        CHECK(environment.text("CHAT_PORT", "") == "9");
        CHECK(environment.text("CHAT_HOST", "") == "10.0.0.1");
        CHECK(environment.text("PORT", "") == "8");
        CHECK_FALSE(environment.boolean("RATE_LIMITS", true));
        CHECK_FALSE(environment.boolean("COURSESELECT_DEV", false));
        flags.host = "::1";
        flags.is_dev = true;
        flags.add_to(environment);
        CHECK(environment.text("HOST", "") == "::1");
        CHECK(environment.text("PORT", "") == "9");
        CHECK(environment.boolean("COURSESELECT_DEV", false));
    }

    TEST_CASE(
        "a program goes on unless it was only asked for its configuration, or cannot use it") {
        Environment environment;
        ProgramFlags flags;
        CHECK_FALSE(conclude(environment, flags));
        flags.check_config = true;
        CHECK(conclude(environment, flags) == 0);
        environment.add_fault("PORT: is none");
        CHECK(conclude(environment, flags) == 2);
        flags.check_config = false;
        CHECK(conclude(environment, flags) == 2);
    }
}
