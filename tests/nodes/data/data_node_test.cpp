#include "courseselect/nodes/data/data_node.hpp"

#include <doctest/doctest.h>

#include "nodes/three_nodes.hpp"

using namespace courseselect;
using net::http::Method;

namespace {

constexpr const char* course_body =
    R"({"course_name":"Algebra","course_credit":"2.5","course_type":"required",)"
    R"("course_teacher_id":1,"course_location":"A1","course_capacity":2})";

}  // namespace

TEST_SUITE("nodes/data/data_node") {
    TEST_CASE("courses: create, read, list, search, update, delete") {
        test::ThreeNodes nodes;
        auto& data = *nodes.data;
        const auto made = nodes.inside(data, Method::post, "/add/course", course_body);
        CHECK(made.status == 201);
        CHECK(made.body["course_credit"].number() == 2.5);
        CHECK(made.body["course_left"].integer() == 2);
        CHECK(made.body["course_selected_count"].integer() == 0);
        CHECK(made.body["course_time_begin"].is_null());
        CHECK(made.body["created_at"].string().value_or("").ends_with("Z"));
        CHECK(nodes.inside(data, Method::get, "/get/course?course_id=1").status == 200);
        CHECK(nodes.inside(data, Method::get, "/get/course?course_id=2").detail() ==
              "Course not found");
        CHECK(nodes.inside(data, Method::get, "/courses").body.is_array());
        CHECK(nodes.inside(data, Method::get, "/courses?limit=1").body.size() == 1);
        const auto found =
            nodes.inside(data, Method::get, "/get/courses?search=alGE&page=1&page_size=1000");
        CHECK(found.body["total"].integer() == 1);
        CHECK(nodes.inside(data, Method::get, "/get/courses?search=%25").body["total"].integer() ==
              0);
        CHECK(nodes.inside(data, Method::get, "/get/courses?page_size=1001").status == 422);
        const auto updated = nodes.inside(data, Method::post, "/update/course?course_id=1",
                                          R"({"course_capacity":5,"course_name":null})");
        CHECK(updated.body["course_capacity"].integer() == 5);
        CHECK(updated.body["course_name"].string() == "Algebra");
        const auto gone = nodes.inside(data, Method::post, "/delete/course?course_id=1");
        CHECK(gone.body["message"].string() == "Course deleted successfully");
        CHECK(nodes.inside(data, Method::post, "/delete/course?course_id=1").status == 404);
    }

    TEST_CASE("selecting directly: first error that applies, in the contract's words") {
        test::ThreeNodes nodes;
        auto& data = *nodes.data;
        const auto course = nodes.add_course("Algebra", 1);
        const auto alice = nodes.add_student("alice");
        const auto bob = nodes.add_student("bob");
        const auto select = [&](std::int64_t student, std::int64_t wanted,
                                std::string path = "/select/course") {
            return nodes.inside(data, Method::post, std::move(path),
                                json::make_object("student_id", student, "course_id", wanted));
        };
        CHECK(select(99, 99).detail() == "Student not found");
        CHECK(select(alice, 99).status == 404);
        CHECK(select(alice, 99).detail() == "Course not found");
        CHECK(select(alice, course).body["message"].string() == "Course selected successfully");
        CHECK(select(bob, course).detail() == "Course is full");
        CHECK(select(bob, course).status == 400);
        const auto none = select(bob, course, "/deselect/course");
        CHECK(none.detail() == "Student has not selected this course");
        CHECK(select(alice, course, "/deselect/course").body["message"].string() ==
              "Course deselected successfully");
        CHECK(select(bob, course).status == 200);
    }

    TEST_CASE("people: created, repeated, updated by query or body, deleted") {
        test::ThreeNodes nodes;
        auto& data = *nodes.data;
        CHECK(nodes.inside(data, Method::post, "/add/student", R"({"student_name":"a"})").status ==
              201);
        const auto again =
            nodes.inside(data, Method::post, "/add/student", R"({"student_name":"a"})");
        CHECK(again.status == 400);
        CHECK(again.detail() == "Student with this name already exists");
        const auto tagged = nodes.inside(
            data, Method::post, "/update/student?student_id=1&student_tags=x&student_tags=y%20z");
        CHECK(tagged.body["student_tags"][1].string() == "y z");
        const auto cleared = nodes.inside(data, Method::post, "/update/student?student_id=1",
                                          R"({"student_tags":[]})");
        CHECK(cleared.body["student_tags"].size() == 0);
        CHECK(
            nodes.inside(data, Method::get, "/tags/available?tag_type=user").body["tags"].size() ==
            2);
        CHECK(nodes.inside(data, Method::post, "/delete/student?student_id=1")
                  .body["message"]
                  .string() == "Student deleted successfully");
        CHECK(nodes.inside(data, Method::get, "/get/student?student_id=1").status == 404);
        CHECK(nodes.inside(data, Method::post, "/add/teacher", R"({"teacher_name":"t"})").status ==
              201);
        nodes.add_course("Algebra", 1);
        CHECK(nodes.inside(data, Method::get, "/get/teacher?teacher_id=1")
                  .body["teacher_courses"][0]
                  .integer() == 1);
    }

    TEST_CASE("a batch is decided in order, each id once, and leaves its trace in the outbox") {
        test::ThreeNodes nodes;
        auto& data = *nodes.data;
        const auto course = nodes.add_course("Algebra", 1);
        const auto alice = nodes.add_student("alice");
        const std::string task =
            R"({"task_id":"f81d4fae-7dec-41d0-a765-00a0c91e6bf6","task_type":"select",)"
            R"("student_id":)" +
            std::to_string(alice) + R"(,"course_id":)" + std::to_string(course) + "}";
        const std::string batch = "{\"tasks\":[" + task + "]}";
        const auto first = nodes.inside(data, Method::post, "/internal/decisions", batch);
        CHECK(first.body["decisions"][0]["accepted"].boolean() == true);
        const auto second = nodes.inside(data, Method::post, "/internal/decisions", batch);
        CHECK(second.text == first.text);
        const auto events = nodes.inside(data, Method::get, "/internal/events?after=0");
        CHECK(events.body["events"].size() == 1);
        CHECK(events.body["events"][0]["code"].string() == "accepted");
        CHECK(events.body["events"][0]["message"].string() == "");
        CHECK(events.body["events"][0]["course_name"].string() == "Algebra");
        CHECK(events.body["last"].integer() == 1);
        const auto bad = nodes.inside(
            data, Method::post, "/internal/decisions",
            R"({"tasks":[{"task_id":"f81d4fae-7dec-41d0-a765-00a0c91e6bfX","task_type":"select",)"
            R"("student_id":1,"course_id":1}]})");
        CHECK(bad.status == 400);
    }

    TEST_CASE("everybody may know what a timetable is made of") {
        test::ThreeNodes nodes;
        const auto config =
            nodes.call(nodes.data->handler(), Method::get, "/courses/schedule-config", "",
                       {{"Authorization", "Bearer whoever"}});
        CHECK(config.status == 200);
        CHECK(config.body["weekdays"].size() == 7);
        CHECK(config.body["weekdays"][0]["number"].integer() == 1);
        CHECK(config.body["weekdays"][0]["name"].string() == "monday");
        CHECK(config.body["periods"].size() == 13);
        CHECK(config.body["periods"][12].integer() == 13);
        CHECK(config.body["time_format"].string() == "HHMM");
    }

    TEST_CASE("events say why a selection was refused, and where the outbox ends") {
        test::ThreeNodes nodes;
        auto& data = *nodes.data;
        CHECK(nodes.inside(data, Method::get, "/internal/events").body["last"].integer() == 0);
        const auto course = nodes.add_course("Algebra", 1);
        for (const char* name : {"alice", "bob"}) {
            nodes.inside(
                data, Method::post, "/select/course",
                json::make_object("student_id", nodes.add_student(name), "course_id", course));
        }
        nodes.inside(data, Method::post, "/delete/course?course_id=" + std::to_string(course));
        const auto events =
            nodes.inside(data, Method::get, "/internal/events?after=1&limit=1").body;
        REQUIRE(events["events"].size() == 1);
        CHECK(events["events"][0]["accepted"].boolean() == false);
        CHECK(events["events"][0]["message"].string() == "Course is full");
        CHECK_FALSE(events["events"][0]["course_name"].string().has_value());  // it is gone
        CHECK(events["last"].integer() == 3);  // the seat was withdrawn
    }

    TEST_CASE("the catalogue tells what changed since the last time") {
        test::ThreeNodes nodes;
        auto& data = *nodes.data;
        const auto course = nodes.add_course("Algebra", 2);
        nodes.add_course("Biology", 2);
        const auto alice = nodes.add_student("alice");
        const auto full = nodes.inside(data, Method::get, "/internal/catalogue");
        CHECK(full.body["full"].boolean() == true);
        CHECK(full.body["courses"].size() == 2);
        const auto since = [&] {
            return "/internal/catalogue?epoch=" + full.body["epoch"].text() +
                   "&structure=" + full.body["structure"].text() +
                   "&since=" + full.body["version"].text();
        };
        CHECK(nodes.inside(data, Method::get, since()).body["courses"].size() == 0);
        nodes.inside(data, Method::post, "/select/course",
                     json::make_object("student_id", alice, "course_id", course));
        const auto changed = nodes.inside(data, Method::get, since());
        CHECK(changed.body["full"].boolean() == false);
        REQUIRE(changed.body["courses"].size() == 1);
        CHECK(changed.body["courses"][0]["course_left"].integer() == 1);
        nodes.add_course("Chemistry", 2);
        CHECK(nodes.inside(data, Method::get, since()).body["full"].boolean() == true);
    }
}
