#include "courseselect/nodes/data/catalogue_editor.hpp"

#include <doctest/doctest.h>

#include "nodes/data/fixture.hpp"

using namespace courseselect;
namespace wire = nodes::wire;

TEST_SUITE("nodes/data/catalogue_editor") {
    TEST_CASE("capacity cannot fall below the seats taken") {
        test::DataFixture data;
        const auto course = data.add_course("Algebra", 3);
        data.decide(
            {data.task(data.add_student("a"), course), data.task(data.add_student("b"), course)});
        wire::CourseUpdate update;
        update.course_capacity = 1;
        const auto refused = data.wait_result(data.editor->update_course(course, update));
        REQUIRE_FALSE(refused);
        CHECK(refused.error().detail() == "Capacity is below the number of selected students");
        update.course_capacity = 2;
        CHECK(data.wait(data.editor->update_course(course, update)).course_left == 0);
    }

    TEST_CASE("an update changes what it mentions; null clears what may be empty") {
        test::DataFixture data;
        const auto course = data.add_course("Algebra", 3);
        wire::CourseUpdate update;
        update.course_time_begin = 800;
        update.course_time_end = 950;
        update.course_schedule = wire::Schedule{{"monday", {1, 2}}};
        const auto timed = data.wait(data.editor->update_course(course, update));
        CHECK(timed.course_name == "Algebra");
        CHECK(timed.course_weekdays == std::vector{1});
        CHECK(timed.course_time_start == 800);
        wire::CourseUpdate clear;
        clear.course_time_begin = std::nullopt;
        clear.course_schedule = std::nullopt;
        clear.course_name = std::nullopt;
        const auto cleared = data.wait(data.editor->update_course(course, clear));
        CHECK_FALSE(cleared.course_time_begin.has_value());
        CHECK_FALSE(cleared.course_schedule.has_value());
        CHECK(cleared.course_name == "Algebra");
        update.course_time_begin = 1000;
        const auto backwards = data.wait_result(data.editor->update_course(course, update));
        REQUIRE_FALSE(backwards);
        CHECK(backwards.error().code() == core::Errc::invalid_argument);
    }

    TEST_CASE("an import judges each item on its own") {
        test::DataFixture data;
        data.add_course("Taken", 3);
        const std::string good =
            R"({"course_name":"New","course_credit":2,"course_type":"x","course_location":"y",)"
            R"("course_capacity":5,"course_schedule":{"friday":[3]}})";
        const auto report = data.wait(data.editor->import_courses(
            {{good},
             {good},
             {R"({"course_name":"Bad","course_credit":-1})"},
             {"7"},
             {R"({"course_name":"Taken","course_credit":2,"course_type":"x",)"
              R"("course_location":"y","course_capacity":5})"}}));
        CHECK(report.imported_count == 1);
        CHECK(report.error_count == 4);
        CHECK(report.errors[0].index == 1);
        CHECK(report.errors[0].error == "Course with this name already exists");
        CHECK(report.errors[1].course_name == "Bad");
        CHECK(report.errors[3].error == "Course with this name already exists");
        const auto& stored = *data.state->catalogue.find(report.imported[0].course_id);
        CHECK(stored.schedule->periods(domain::Weekday::friday) == std::vector{3});
        CHECK_FALSE(stored.teacher.is_set());
    }

    TEST_CASE("people: ids and names are unique, ids are never handed out twice") {
        test::DataFixture data;
        wire::StudentCreate eve;
        eve.student_name = "eve";
        eve.student_id = core::StudentId(10);
        CHECK(data.wait(data.editor->add_student(eve)).student_id.value() == 10);
        const auto twice = data.wait_result(data.editor->add_student(eve));
        CHECK(twice.error().detail() == "Student with this ID already exists");
        eve.student_id = core::StudentId(11);
        const auto name = data.wait_result(data.editor->add_student(eve));
        CHECK(name.error().detail() == "Student with this name already exists");
        const auto block = data.wait(data.editor->reserve_ids({.kind = "student", .count = 100}));
        CHECK(block.first == 11);
        CHECK(data.add_student("next").value() == 111);
    }

    TEST_CASE("tags: new ones are offered, counted and synced; an empty list clears") {
        test::DataFixture data;
        const auto alice = data.add_student("alice");
        wire::StudentUpdate update;
        update.student_tags = {{"honours", "2024"}};
        CHECK(data.wait(data.editor->update_student(alice, update)).student_tags.size() == 2);
        CHECK(data.wait(data.editor->add_tag({"honours", "user"})).message ==
              "Tag usage count incremented");
        CHECK(data.wait(data.editor->add_tag({"honours", "course"})).message ==
              "Tag added successfully");
        const auto tags = data.wait(data.editor->tags("user"));
        REQUIRE(tags.tags.size() == 2);
        CHECK(tags.tags[0].tag_name == "honours");
        CHECK(tags.tags[0].usage_count == 2);
        update.student_tags = std::vector<std::string>{};
        CHECK(data.wait(data.editor->update_student(alice, update)).student_tags.empty());
        CHECK(data.wait(data.editor->sync_tags()).user_tags_count == 0);
        const auto bad = data.wait_result(data.editor->add_tag({"x", "other"}));
        CHECK(bad.error().detail() == "tag_type must be 'user' or 'course'");
    }

    TEST_CASE("a teacher with courses cannot be deleted") {
        test::DataFixture data;
        wire::TeacherCreate curie;
        curie.teacher_name = "curie";
        const auto id = data.wait(data.editor->add_teacher(curie)).teacher_id;
        REQUIRE(id.value() == 1);
        const auto course = data.add_course("Physics", 3);
        const auto refused = data.wait_result(data.editor->delete_teacher(id));
        CHECK(refused.error().detail() == "Cannot delete teacher with assigned courses");
        data.wait(data.editor->delete_course(course));
        data.wait(data.editor->delete_teacher(id));
        CHECK(data.state->catalogue.find(id) == nullptr);
    }

    TEST_CASE("after an edit of unknown outcome memory follows the disk") {
        test::DataFixture data;
        const auto alice = data.add_student("alice");
        data.faults.commit = 1;
        wire::StudentCreate bob;
        bob.student_name = "bob";
        CHECK_FALSE(data.wait_result(data.editor->add_student(bob)));
        CHECK(data.state->is_stale);
        // As if the commit had reached the disk before it was reported as failed.
        const core::WallTime now = data.clock.wall_now();
        auto insert = [now](storage::Connection& connection) {
            domain::Student kept{
                .id = {}, .name = "bob", .tags = {}, .created_at = now, .updated_at = now};
            return repo::insert_student(connection, kept);
        };
        const auto id = data.wait(data.state->writes->run(insert));
        const auto again = data.wait_result(data.editor->add_student(bob));
        REQUIRE_FALSE(again);
        CHECK(again.error().detail() == "Student with this name already exists");
        CHECK_FALSE(data.state->is_stale);
        CHECK(data.state->catalogue.find(alice) != nullptr);
        const auto course = data.add_course("Algebra", 1);
        CHECK(data.decide({data.task(id, course)}).front().accepted);
    }

    TEST_CASE("an edit that is refused leaves memory as it is") {
        test::DataFixture data;
        data.add_student("alice");
        wire::StudentCreate same;
        same.student_name = "alice";
        CHECK_FALSE(data.wait_result(data.editor->add_student(same)));
        CHECK_FALSE(data.state->is_stale);
    }

    TEST_CASE("each start has another epoch, whatever the clock says") {
        test::DataFixture data;
        const auto before = data.state->epoch;
        CHECK(before > 0);
        data.close();
        data.open();
        CHECK(data.state->epoch != before);
    }
}
