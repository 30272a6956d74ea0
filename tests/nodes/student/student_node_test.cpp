#include "courseselect/nodes/student/student_node.hpp"

#include <doctest/doctest.h>

#include "nodes/three_nodes.hpp"

using namespace courseselect;
using net::http::Method;

TEST_SUITE("nodes/student/student_node") {
    TEST_CASE("a selection goes its way: receipt, decision, schedule, stats, deselection") {
        test::ThreeNodes nodes;
        const auto course = nodes.add_course(
            "Algebra", 2,
            R"(,"course_time_begin":800,"course_time_end":950,"course_schedule":{"tuesday":[1,2]})");
        const auto alice = nodes.add_student("alice");
        const auto receipt = nodes.select(alice, course);
        REQUIRE(receipt.status == 200);
        CHECK(receipt.body["message"].string() == "Course selection submitted to queue");
        CHECK(receipt.body["position"].integer() == 1);
        const auto done = nodes.wait(alice, receipt);
        CHECK(done.body["status"].string() == "completed");
        CHECK(done.body["message"].string() == "Task completed successfully");
        const auto selected = nodes.as(alice, Method::get, "/student/courses/selected");
        CHECK(selected.body["courses"][0]["course_id"].integer() == course);
        CHECK(selected.body["total_credit"].number() == 1.5);
        const auto week = nodes.as(alice, Method::get, "/student/schedule");
        CHECK(week.body["schedule"].size() == 7);
        CHECK(week.body["schedule"]["2"][0]["course_name"].string() == "Algebra");
        CHECK(week.body["schedule"]["1"].size() == 0);
        const auto stats = nodes.as(alice, Method::get, "/student/stats");
        CHECK(stats.body["courses_by_type"]["elective"].integer() == 1);
        CHECK(stats.body["credit_by_type"]["elective"].number() == 1.5);
        const auto detail = nodes.as(alice, Method::post, "/student/course/detail",
                                     json::make_object("course_id", course));
        CHECK(detail.body["is_selected"].boolean() == true);
        const auto back = nodes.as(alice, Method::post, "/student/course/deselect",
                                   json::make_object("course_id", course));
        CHECK(back.body["message"].string() == "Course deselection submitted to queue");
        CHECK(nodes.wait(alice, back).body["status"].string() == "completed");
        const auto empty = nodes.as(alice, Method::get, "/student/courses/selected");
        CHECK(empty.body["courses"].size() == 0);
    }

    TEST_CASE("a full course is refused at once, and free again as soon as a seat is given back") {
        nodes::student::StudentNodeOptions options;
        options.snapshot_age = std::chrono::milliseconds{0};  // ask the data node every time
        test::ThreeNodes nodes({}, std::move(options));
        const auto course = nodes.add_course("Algebra", 1);
        const auto alice = nodes.add_student("alice");
        const auto bob = nodes.add_student("bob");
        nodes.wait(alice, nodes.select(alice, course));
        const auto first = nodes.select(bob, course);
        if (first.status == 200) {  // the copy did not show the decision yet
            const auto decided = nodes.wait(bob, first);
            CHECK(decided.body["message"].string() == "Course is full");
            CHECK(decided.body["reasons"][0]["code"].string() == "course_full");
        }
        const auto refused = nodes.select(bob, course);
        CHECK(refused.status == 400);
        CHECK(refused.detail() == "Course is full");
        nodes.wait(alice, nodes.as(alice, Method::post, "/student/course/deselect",
                                   json::make_object("course_id", course)));
        CHECK(nodes.wait(bob, nodes.select(bob, course)).body["status"].string() == "completed");
    }

    TEST_CASE("unknown courses, other people's tasks and missing fields") {
        test::ThreeNodes nodes;
        const auto course = nodes.add_course("Algebra", 1);
        const auto alice = nodes.add_student("alice");
        const auto bob = nodes.add_student("bob");
        const auto missing = nodes.select(alice, 4711);
        CHECK(missing.status == 404);
        CHECK(missing.detail() == "Course not found");
        const auto receipt = nodes.select(alice, course);
        CHECK(nodes.wait(bob, receipt).detail() == "Task not found");
        CHECK(nodes.as(alice, Method::get, "/student/queue/status?task_id=x").status == 404);
        const auto nothing = nodes.as(alice, Method::post, "/student/course/detail", "{}");
        CHECK(nothing.status == 400);
        CHECK(nothing.detail() == "course_id is required");
        CHECK(nodes.as(alice, Method::post, "/student/course/detail", "").status == 422);
        CHECK(nodes.as(alice, Method::post, "/student/course/select", "{}").status == 422);
        const auto teacher =
            nodes.call(nodes.student->handler(), Method::get, "/student/stats", "",
                       {{"Authorization", "Bearer " + nodes.token(1, auth::UserKind::teacher)}});
        CHECK(teacher.status == 403);
        CHECK(teacher.detail() == "Student access required");
        const auto nobody =
            nodes.call(nodes.student->handler(), Method::get, "/student/stats", "", {});
        CHECK(nobody.status == 422);
    }

    TEST_CASE("available courses: active, with the student's tags, paged by body or query") {
        test::ThreeNodes nodes;
        nodes.add_course("Open", 5);
        nodes.add_course("Honours", 5, R"(,"course_tags":["honours"])");
        const auto alice = nodes.add_student("alice");
        const auto best = nodes.add_student("best", R"(,"student_tags":["honours"])");
        const auto plain = nodes.as(alice, Method::post, "/student/courses/available", "{}");
        CHECK(plain.body["total"].integer() == 1);
        const auto all = nodes.as(best, Method::post, "/student/courses/available", "");
        CHECK(all.body["total"].integer() == 2);
        CHECK(all.body["page_size"].integer() == 20);
        const auto second = nodes.as(best, Method::post, "/student/courses/available?page=1",
                                     R"({"page":2,"page_size":1})");
        CHECK(second.body["courses"][0]["course_name"].string() == "Honours");
        const auto any_type = nodes.as(best, Method::post, "/student/courses/available",
                                       R"({"course_type":"","page":null})");
        CHECK(any_type.body["total"].integer() == 2);  // a client's "all types"
        const auto bad = nodes.as(best, Method::post, "/student/courses/available",
                                  R"({"page":0,"page_size":1001})");
        CHECK(bad.body["detail"].size() == 2);
    }

    TEST_CASE("a check names every obstacle") {
        test::ThreeNodes nodes;
        const std::string hours = R"(,"course_time_begin":800,"course_time_end":950)";
        const auto first = nodes.add_course("Algebra", 5, hours);
        const auto second = nodes.add_course("Biology", 5, hours);
        const auto alice = nodes.add_student("alice");
        nodes.wait(alice, nodes.select(alice, first));
        const auto check = nodes.as(alice, Method::post, "/student/course/check",
                                    json::make_object("course_id", second));
        CHECK(check.body["can_select"].boolean() == false);
        CHECK(check.body["conflicts"][0]["type"].string() == "time_conflict");
        CHECK(check.body["conflicts"][0]["course_id"].integer() == first);
        const auto unknown = nodes.as(alice, Method::post, "/student/course/check",
                                      json::make_object("course_id", 99));
        CHECK(unknown.status == 200);
        CHECK(unknown.body["conflicts"][0]["type"].string() == "not_found");
        const auto refused = nodes.wait(alice, nodes.select(alice, second));
        CHECK(refused.body["status"].string() == "failed");
        CHECK(refused.body["reasons"][0]["code"].string() == "time_conflict");
    }

    TEST_CASE("while the data node is away requests are kept and decided later") {
        test::ThreeNodes nodes;
        const auto course = nodes.add_course("Algebra", 1);
        const auto alice = nodes.add_student("alice");
        nodes.data_away = true;
        const auto receipt = nodes.select(alice, course);
        REQUIRE(receipt.status == 200);
        CHECK(nodes.as(alice, Method::get, "/student/stats").status == 503);
        nodes.data_away = false;
        CHECK(nodes.wait(alice, receipt).body["status"].string() == "completed");
    }

    TEST_CASE("without the queue nothing is promised") {
        test::ThreeNodes nodes;
        const auto course = nodes.add_course("Algebra", 1);
        const auto alice = nodes.add_student("alice");
        nodes.queue_away = true;
        const auto refused = nodes.select(alice, course);
        CHECK(refused.status == 503);
        CHECK(refused.detail() == "Service communication error");
    }

    TEST_CASE("the same idempotency key gives the same task") {
        test::ThreeNodes nodes;
        const auto course = nodes.add_course("Algebra", 3);
        const auto alice = nodes.add_student("alice");
        const auto submit = [&](std::string key, std::int64_t wanted) {
            return nodes.call(nodes.student->handler(), Method::post, "/student/course/select",
                              json::make_object("course_id", wanted),
                              {{"Authorization", "Bearer " + nodes.token(alice)},
                               {"Idempotency-Key", std::move(key)}});
        };
        const auto first = submit("k1", course);
        const auto again = submit("k1", course);
        CHECK(first.body["task_id"].string() == again.body["task_id"].string());
        CHECK(submit("k2", course).body["task_id"].string() != first.body["task_id"].string());
        CHECK(submit(std::string(129, 'k'), course).status == 400);
        CHECK(submit("k1", nodes.add_course("Biology", 1)).status == 409);
    }
}
