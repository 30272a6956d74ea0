#include "courseselect/json/value.hpp"

#include <doctest/doctest.h>

using courseselect::json::Value;

TEST_SUITE("json/value") {
    TEST_CASE("a path is followed without checks in between") {
        const auto parsed =
            Value::parse(R"({"courses":[{"id":7,"c":3.0,"n":"A","ok":true}],"z":null})");
        REQUIRE(parsed);
        const Value& value = *parsed;
        CHECK(value["courses"][0]["id"].integer() == 7);
        CHECK(value["courses"][0]["c"].integer() == 3);
        CHECK(value["courses"][0]["c"].number() == 3.0);
        CHECK(value["courses"][0]["n"].string() == "A");
        CHECK(value["courses"][0]["ok"].boolean() == true);
        CHECK(value["z"].is_null());
        CHECK_FALSE(value["no"][3]["where"].exists());
        CHECK_FALSE(value["courses"]["id"].integer().has_value());
        CHECK_FALSE(value["courses"][0]["n"].integer().has_value());
        CHECK(value["no"].text() == "null");
    }

    TEST_CASE("items and members are listed; a part keeps the document alive") {
        Value part;
        {
            const auto parsed = Value::parse(R"({"a":[1,2,3],"b":{}})");
            REQUIRE(parsed);
            CHECK(parsed->members().size() == 2);
            CHECK(parsed->members()[0].first == "a");
            part = (*parsed)["a"];
        }
        CHECK(part.size() == 3);
        CHECK(part.items()[2].integer() == 3);
        CHECK(part.text() == "[1,2,3]");
    }

    TEST_CASE("what is not JSON is data_corrupt with the place") {
        const auto parsed = Value::parse("[1,");
        REQUIRE_FALSE(parsed);
        CHECK(parsed.error().detail() == "Expecting value (byte 3)");
    }
}
