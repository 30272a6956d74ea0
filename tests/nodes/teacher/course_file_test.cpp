#include "courseselect/nodes/teacher/course_file.hpp"

#include <doctest/doctest.h>

using namespace courseselect;
using nodes::teacher::read_course_file;

namespace {

std::string items(std::string_view content) {
    const auto read = read_course_file(content);
    if (!read) {
        return read.error().detail();
    }
    std::string text;
    for (const json::Raw& item : *read) {
        text += item.text + "\n";
    }
    return text;
}

}  // namespace

TEST_SUITE("nodes/teacher/course_file") {
    TEST_CASE("each line is an item with what its cells say; empty cells are left out") {
        CHECK(items("Course_Name,course_capacity,course_notes,unknown\n"
                    "Algebra,30,,x\n\"Say \"\"hi\"\"\",1,'=1+1,\n") ==
              "{\"course_name\":\"Algebra\",\"course_capacity\":\"30\"}\n"
              "{\"course_name\":\"Say \\\"hi\\\"\",\"course_capacity\":\"1\","
              "\"course_notes\":\"=1+1\"}\n");
    }

    TEST_CASE("tags are apart by semicolons") {
        CHECK(items("course_name,course_tags\nA,year1; honours ;;\n") ==
              "{\"course_name\":\"A\",\"course_tags\":[\"year1\",\"honours\"]}\n");
    }

    TEST_CASE("a schedule is JSON or short; what is neither is left to the data node") {
        const auto schedule = [](const std::string& cell) {
            const std::string text = items("course_name,course_schedule\nA," + cell + "\n");
            return text.substr(std::string("{\"course_name\":\"A\",\"course_schedule\":").size());
        };
        CHECK(schedule("\"{\"\"monday\"\":[1,2]}\"") == "{\"monday\":[1,2]}}\n");
        CHECK(schedule("\"monday:1-2,5; friday:3\"") == "{\"monday\":[1,2,5],\"friday\":[3]}}\n");
        CHECK(schedule("monday") == "\"monday\"}\n");
        CHECK(schedule("monday:x") == "\"monday:x\"}\n");
        CHECK(schedule("monday:1-100") == "\"monday:1-100\"}\n");
    }

    TEST_CASE("a file of 1000 courses is read, one of 1001 is not, one without names neither") {
        std::string file = "course_name\n";
        for (std::size_t i = 0; i < nodes::teacher::courses_imported_max; ++i) {
            file += "c\n";
        }
        CHECK(read_course_file(file)->size() == nodes::teacher::courses_imported_max);
        CHECK(items(file + "c\n") == "line 1002: more than 1000 rows");
        CHECK(items("name\nA\n") == "line 1: the file has no column course_name");
        CHECK(items("") == "line 1: the file is empty; its first line names the columns");
    }
}
