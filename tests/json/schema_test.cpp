#include "courseselect/json/schema.hpp"

#include <doctest/doctest.h>

#include "courseselect/json/value.hpp"
#include "json/sample_types.hpp"

using namespace courseselect;

namespace {

json::Value schema_definition(const json::TypeInfo& type) {
    std::string out;
    json::append_definition(out, type);
    auto value = json::Value::parse(out);
    REQUIRE_MESSAGE(value, out);
    return *std::move(value);
}

}  // namespace

TEST_SUITE("json/schema") {
    TEST_CASE("a definition carries bounds, texts, defaults, examples and what is required") {
        const json::Value schema = schema_definition(json::type_of<test::CourseBody>());
        const json::Value fields = schema["properties"];
        CHECK(schema["required"].text() ==
              R"(["course_name","course_credit","course_teacher_id","course_capacity"])");
        CHECK(
            fields["course_name"].text() ==
            R"({"type":"string","minLength":1,"maxLength":200,"description":"Shown in lists.","examples":["Algebra"]})");
        CHECK(fields["course_credit"].text() == R"({"type":"number","minimum":0})");
        CHECK(fields["course_teacher_id"].text() == R"({"type":"integer","minimum":1})");
        CHECK(fields["course_time_begin"].text() ==
              R"({"type":["integer","null"],"minimum":0,"maximum":2359})");
        CHECK(
            fields["course_schedule"].text() ==
            R"({"type":["object","null"],"additionalProperties":{"type":"array","items":{"type":"integer","minimum":1,"maximum":13}},"propertyNames":{"enum":["monday","tuesday"]}})");
        CHECK(
            fields["course_tags"].text() ==
            R"({"type":"array","items":{"type":"string","minLength":1,"maxLength":5},"maxItems":3,"default":[]})");
        CHECK(fields["is_active"].text() == R"({"type":"boolean","default":true})");
    }

    TEST_CASE("secrets, patterns, enumerations and times") {
        const json::Value login = schema_definition(json::type_of<test::Login>())["properties"];
        CHECK(login["password"].text() == R"({"type":"string","minLength":6,"format":"password"})");
        CHECK(login["totp_code"]["pattern"].string() == "^[0-9]{6}$");
        CHECK(login["user_type"].text() == R"({"type":"string","enum":["student","teacher"]})");
        CHECK(login["language"]["enum"].text() == R"(["en","zh","de"])");
        const json::Value seen = schema_definition(json::type_of<test::CourseSeen>())["properties"];
        CHECK(seen["created_at"].text() == R"({"type":"string","format":"date-time"})");
        CHECK(seen["course_name"]["maxLength"].integer() == 200);
    }

    TEST_CASE("a check without a regular expression is told in words") {
        json::FieldInfo address;
        address.name = "address";
        address.type = &json::type_of<std::string>();
        json::pattern("a street and a number", &test::is_six_digits)(address);
        std::string plain, described;
        json::append_schema(plain, json::type_of<test::Login>(), address);
        json::doc("Where to.")(address);
        json::append_schema(described, json::type_of<test::Login>(), address);
        CHECK(plain == R"({"type":"string","description":"Must be a street and a number."})");
        CHECK(described ==
              R"({"type":"string","description":"Where to. Must be a street and a number."})");
    }

    TEST_CASE("nested structs are references, and each named type is found once") {
        const json::Value fields =
            schema_definition(json::type_of<test::Catalogue>())["properties"];
        CHECK(fields["courses"].text() ==
              R"({"type":"array","items":{"$ref":"#/components/schemas/CourseSeen"}})");
        CHECK(fields["draft"].text() ==
              R"({"anyOf":[{"$ref":"#/components/schemas/CourseBody"},{"type":"null"}]})");
        std::vector<const json::TypeInfo*> found;
        json::collect_named(json::type_of<std::vector<test::Catalogue>>(), found);
        json::collect_named(json::type_of<test::Catalogue>(), found);
        REQUIRE(found.size() == 3);
        CHECK(found[0]->name == "Catalogue");
        CHECK(found[1]->name == "CourseSeen");
        CHECK(found[2]->name == "CourseBody");
    }
}
