#include "courseselect/json/field_error.hpp"

#include <doctest/doctest.h>

using namespace courseselect;

TEST_SUITE("json/field_error") {
    TEST_CASE("the body of a 422 lists type, place, text, input and context") {
        json::FieldError error{
            .type = "t", .loc = {"body", 3, "n"}, .msg = "m", .ctx = "{\"ge\":1}"};
        CHECK(json::validation_body({json::missing_error("header", "Internal-Token"), error}) ==
              R"({"detail":[{"type":"missing","loc":["header","Internal-Token"],)"
              R"("msg":"Field required","input":null},)"
              R"({"type":"t","loc":["body",3,"n"],"msg":"m","input":null,"ctx":{"ge":1}}]})");
        CHECK(json::to_string(error) == "body.3.n: m");
    }
}
