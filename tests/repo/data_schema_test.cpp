#include "courseselect/repo/data_schema.hpp"

#include <doctest/doctest.h>

#include "repo/data_support.hpp"

using namespace courseselect;

namespace {

/// How SQLite would answer a query.
std::string plan(storage::Connection& connection, const std::string& sql) {
    std::string steps;
    const auto add = [&steps](const storage::Row& row) { steps += row.get<std::string>(3) + "; "; };
    test::must(connection.each("EXPLAIN QUERY PLAN " + sql, add));
    return steps;
}

}  // namespace

TEST_SUITE("repo/data_schema") {
    TEST_CASE("the schema is made once; doing it again changes nothing") {
        test::DataDatabase data;
        data.add_course(3);
        test::must(storage::migrate(*data.writer, repo::data_migrations(), data.clock));
        CHECK(data.number("SELECT count(*) FROM courses") == 1);
    }

    TEST_CASE("seats taken stay from 0 to the capacity, whatever the program believes") {
        test::DataDatabase data;
        data.add_course(2);
        const auto reason = [&](std::string_view sql) {
            const auto changed = data.writer->execute(sql);
            return changed ? std::string() : std::string(changed.error().reason());
        };
        CHECK(reason("UPDATE courses SET enrolled = 2") == "");
        CHECK(reason("UPDATE courses SET enrolled = 3") == "check_violation");
        CHECK(reason("UPDATE courses SET capacity = 1") == "check_violation");
        CHECK(reason("UPDATE courses SET enrolled = -1") == "check_violation");
        CHECK(reason("UPDATE courses SET capacity = 0, enrolled = 0") == "check_violation");
        CHECK(reason("UPDATE courses SET capacity = 'many'") != "");
    }

    TEST_CASE("an enrolment is there once, and both its sides exist") {
        test::DataDatabase data;
        const auto course = data.add_course(5);
        const auto student = data.add_student("alice");
        const auto enrol = [&](core::StudentId who, core::CourseId what) {
            const auto made =
                data.writer->execute("INSERT INTO enrolments VALUES (?, ?, 0)", who, what);
            return made ? std::string() : std::string(made.error().reason());
        };
        CHECK(enrol(student, course) == "");
        CHECK(enrol(student, course) == "unique_violation");
        CHECK(enrol(core::StudentId(9), course) == "foreign_key_violation");
        CHECK(enrol(student, core::CourseId(9)) == "foreign_key_violation");
        CHECK_FALSE(data.writer->execute("DELETE FROM students"));
        CHECK_FALSE(data.writer->execute("DELETE FROM courses"));
    }

    TEST_CASE("names of people and pairs of tags are unique, kinds are closed lists") {
        test::DataDatabase data;
        data.add_student("alice");
        const auto refused = [&](std::string_view sql) {
            return !data.writer->execute(sql).has_value();
        };
        CHECK(
            refused("INSERT INTO students (name, tags, created_at, updated_at) "
                    "VALUES ('alice', '[]', 0, 0)"));
        CHECK_FALSE(refused("INSERT INTO available_tags VALUES ('a', 'user', 1)"));
        CHECK_FALSE(refused("INSERT INTO available_tags VALUES ('a', 'course', 1)"));
        CHECK(refused("INSERT INTO available_tags VALUES ('a', 'user', 1)"));
        CHECK(refused("INSERT INTO available_tags VALUES ('a', 'admin', 1)"));
        CHECK(refused("INSERT INTO reserved_ids VALUES ('admin', 1)"));
    }

    TEST_CASE("ids of deleted courses are not given again") {
        test::DataDatabase data;
        const auto first = data.add_course(1);
        test::must(repo::delete_course(*data.writer, first));
        CHECK(data.add_course(1).value() == first.value() + 1);
    }

    TEST_CASE("the statements of every request find their rows by an index") {
        test::DataDatabase data;
        for (const char* sql :
             {"SELECT * FROM decisions WHERE task_id = x'00'",
              "SELECT * FROM decisions WHERE sequence > 5 ORDER BY sequence LIMIT 10",
              "UPDATE courses SET enrolled = enrolled + 1 WHERE course_id = 1",
              "DELETE FROM enrolments WHERE student_id = 1 AND course_id = 1",
              "UPDATE students SET tags = '[]' WHERE student_id = 1",
              "UPDATE available_tags SET usage_count = 2 WHERE tag_name = 'a' AND tag_type = "
              "'user'",
              "UPDATE reserved_ids SET next_id = 2 WHERE kind = 'student'"}) {
            const std::string steps = plan(*data.writer, sql);
            CAPTURE(sql);
            CAPTURE(steps);
            CHECK(steps.starts_with("SEARCH"));
            CHECK(steps.find("SCAN") == std::string::npos);
            CHECK(steps.find("TEMP B-TREE") == std::string::npos);
        }
    }
}
