#include "courseselect/json/writer.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "json/sample_types.hpp"

using namespace courseselect;

TEST_SUITE("json/writer") {
    TEST_CASE("a described struct is written in declared order") {
        test::CourseSeen course;
        course.course_id = core::CourseId(7);
        course.course_name = "Algebra \"I\"";
        course.course_credit = 3;
        course.course_teacher_id = core::TeacherId(2);
        course.course_schedule = {{"monday", {1, 2}}};
        course.course_tags = {"a", "b"};
        course.extra.text = R"({"k":[]})";
        CHECK(json::to_text(course) ==
              R"({"course_id":7,"course_name":"Algebra \"I\"","course_credit":3.0,)"
              R"("course_teacher_id":2,"course_capacity":1,"course_time_begin":null,)"
              R"("course_schedule":{"monday":[1,2]},"course_tags":["a","b"],"course_notes":"",)"
              R"("is_active":true,"created_at":"1970-01-01T00:00:00.000000Z","extra":{"k":[]}})");
    }

    TEST_CASE("an absent Patch and an empty member marked omit_empty are not written") {
        test::CoursePatch patch;
        CHECK(json::to_text(patch) == "{}");
        patch.course_time_begin = json::Patch<int>(std::nullopt);
        patch.course_name = "B";
        CHECK(json::to_text(patch) == R"({"course_name":"B","course_time_begin":null})");
    }

    TEST_CASE("strings are escaped; what is not UTF-8 is replaced byte by byte") {
        using namespace std::string_view_literals;
        CHECK(json::to_text("\"\\\b\f\n\r\t\x01\x1f\0/\x7f"sv) ==
              "\"\\\"\\\\\\b\\f\\n\\r\\t\\u0001\\u001f\\u0000/\x7f\"");
        CHECK(json::to_text("\xE8\xAF\xBE\xF0\x9F\x8E\x93"sv) ==
              "\"\xE8\xAF\xBE\xF0\x9F\x8E\x93\"");
        CHECK(json::to_text("a\xFF\xC0\xAFz\xE8\xAF"sv) ==
              "\"a\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBDz\xEF\xBF\xBD\xEF\xBF\xBD\"");
    }

    TEST_CASE("doubles look like Python's floats and read back equal") {
        struct Row {
            double value;
            const char* text;
        };
        const Row rows[] = {{0, "0.0"},
                            {-0.0, "-0.0"},
                            {3, "3.0"},
                            {-2.5, "-2.5"},
                            {0.1, "0.1"},
                            {12.05, "12.05"},
                            {0.07, "0.07"},
                            {-0.01, "-0.01"},
                            {100000, "100000.0"},
                            {1e22, "1e+22"},
                            {1.0 / 3, "0.3333333333333333"},
                            {0.125, "0.125"},
                            {5e-324, "5e-324"},
                            {1.15, "1.15"}};
        for (const Row& row : rows) {
            CHECK(json::to_text(row.value) == row.text);
        }
        CHECK(json::to_text(std::nan("")) == "null");
        CHECK(json::to_text(std::numeric_limits<double>::infinity()) == "null");
    }

    TEST_CASE("integers are exact to 64 bits") {
        CHECK(json::to_text(std::numeric_limits<std::int64_t>::min()) == "-9223372036854775808");
        CHECK(json::to_text(std::numeric_limits<std::int64_t>::max()) == "9223372036854775807");
    }

    TEST_CASE("small objects and lists by hand") {
        CHECK(json::make_object("success", true, "message", "ok", "n", 3, "x", nullptr) ==
              R"({"success":true,"message":"ok","n":3,"x":null})");
        CHECK(json::make_object() == "{}");
        std::string out;
        {
            json::ObjectWriter object(out);
            object.add_raw("detail", "[]");
            json::ArrayWriter list(object.slot("items"));
            list.add(1).add("two").add(std::vector<int>{3}).add_raw("{}");
        }
        CHECK(out == R"({"detail":[],"items":[1,"two",[3],{}]})");
    }
}
