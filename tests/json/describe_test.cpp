#include "courseselect/json/describe.hpp"

#include <doctest/doctest.h>

#include "json/sample_types.hpp"

using namespace courseselect;

static_assert(json::type_of<test::CourseSeen>().fields.size() == 12);
static_assert(json::type_of<test::CourseSeen>().fields[1].name == "course_name");
static_assert(json::type_of<test::CourseBody>().fields[0].required);
static_assert(!json::type_of<test::CourseBody>().fields[4].required, "optional members may lack");
static_assert(json::type_of<test::Login>().fields[1].secret, "core::Secret is secret by itself");
static_assert(json::type_of<std::vector<core::CourseId>>().item->is_id);

TEST_SUITE("json/describe") {
    TEST_CASE("the tables reach members of the base and of the struct itself") {
        test::CourseSeen course;
        const auto fields = json::type_of<test::CourseSeen>().fields;
        CHECK(fields[0].address(&course) == &course.course_id);
        CHECK(fields[1].address(&course) == &course.course_name);
        CHECK(fields[11].address(&course) == &course.extra);
    }

    TEST_CASE("rules are where the options put them") {
        const auto& tags = json::type_of<test::CourseBody>().fields[6];
        CHECK(tags.rules.items_max == 3);
        CHECK(tags.item_rules.length_max == 5);
        CHECK(json::type_of<test::CourseBody>().fields[5].rules.keys.size() == 2);
    }
}
