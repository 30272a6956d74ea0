#include "courseselect/realtime/args.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace courseselect;
using realtime::Args;

TEST_SUITE("realtime/args") {
    TEST_CASE("arguments are written as JSON, in order") {
        const Args args = Args::of(1, "two \"quoted\"", true).add_raw("{\"3\":[1,2]}");
        CHECK(args.text() == R"(1,"two \"quoted\"",true,{"3":[1,2]})");
        CHECK(args.size() == 4);
        CHECK(args.attachments().empty());
        CHECK(Args().empty());
        CHECK(Args().size() == 0);
    }

    TEST_CASE("each argument can be looked at, as text and as value") {
        const Args args = Args::from_text(R"("a,]\"",[1,{"b":"}"}],-2.50,{"c":[3,4]})", {});
        CHECK(args.size() == 4);
        CHECK(args.json(0) == R"("a,]\"")");
        CHECK(args.value(0).string() == "a,]\"");
        CHECK(args.json(1) == R"([1,{"b":"}"}])");
        CHECK(args.json(2) == "-2.50");
        CHECK(args.value(3)["c"][1].integer() == 4);
        CHECK(args.json(4).empty());
        CHECK_FALSE(args.value(4).exists());
    }

    TEST_CASE("binary arguments become attachments, numbered in order") {
        const Args args = Args().add_binary("first").add("label").add_binary(std::string("\0x", 2));
        CHECK(args.text() ==
              R"({"_placeholder":true,"num":0},"label",{"_placeholder":true,"num":1})");
        REQUIRE(args.binary(0) != nullptr);
        CHECK(*args.binary(0) == "first");
        CHECK(args.binary(1) == nullptr);
        CHECK(*args.binary(2) == std::string("\0x", 2));
        CHECK(args.binary(3) == nullptr);
    }

    TEST_CASE("an object that only looks like a placeholder names no attachment") {
        CHECK(Args::from_text(R"({"_placeholder":true,"num":0})", {}).binary(0) == nullptr);
        CHECK(Args::from_text(R"({"_placeholder":true,"num":-1})", {}).binary(0) == nullptr);
    }
}
