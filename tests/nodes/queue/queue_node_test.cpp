#include "courseselect/nodes/queue/queue_node.hpp"

#include <doctest/doctest.h>

#include "nodes/three_nodes.hpp"

using namespace courseselect;
using net::http::Method;

namespace {

std::string submission(std::int64_t student, std::int64_t course, std::string type = "select",
                       int priority = 0) {
    return json::make_object("student_id", student, "course_id", course, "task_type", type,
                             "priority", priority);
}

}  // namespace

TEST_SUITE("nodes/queue/queue_node") {
    TEST_CASE("submit, status, cancel, stats and a student's tasks follow the contract") {
        test::ThreeNodes nodes;
        nodes.data_away = true;  // tasks stay pending
        const auto post = [&](std::string body) {
            return nodes.inside(*nodes.queue, Method::post, "/queue/submit", std::move(body));
        };
        const auto first = post(submission(1, 5));
        const auto second = post(submission(2, 5));
        const auto urgent = post(submission(3, 5, "deselect", 10));
        CHECK(first.body["success"].boolean() == true);
        CHECK(second.body["position"].integer().value_or(0) >= 1);
        CHECK(urgent.body["position"].integer() == 1);
        const std::string id = second.body["task_id"].string().value_or("");
        CHECK(id.size() == 36);
        const auto status = nodes.inside(*nodes.queue, Method::get, "/queue/status?task_id=" + id);
        CHECK(status.status == 200);
        CHECK(status.body["created_at"].string().value_or("").ends_with("Z"));
        const auto wrong = nodes.inside(*nodes.queue, Method::post,
                                        "/queue/cancel?task_id=" + id + "&student_id=9");
        CHECK(wrong.status == 404);
        CHECK(wrong.detail() == "Task not found");
        const auto tasks =
            nodes.inside(*nodes.queue, Method::get, "/queue/student/tasks?student_id=2");
        CHECK(tasks.body["tasks"][0]["task_id"].string() == id);
        const auto stats = nodes.inside(*nodes.queue, Method::get, "/queue/stats");
        CHECK(stats.body["queue_length"].integer() == 3);
        const auto health =
            nodes.call(nodes.queue->handler(), Method::get, "/queue/health", "", {});
        CHECK(health.body["status"].string() == "healthy");
        CHECK(health.body["database_connected"].boolean() == true);
        nodes.data_away = false;
        const auto ended =
            nodes.inside(*nodes.queue, Method::get, "/queue/status?wait=20&task_id=" + id);
        CHECK(ended.body["status"].string() == "failed");
        CHECK(ended.body["message"].string() == "Student not found");
        const auto late = nodes.inside(*nodes.queue, Method::post,
                                       "/queue/cancel?task_id=" + id + "&student_id=2");
        CHECK(late.status == 400);
        CHECK(late.detail() == "Cannot cancel task with status: failed");
    }

    TEST_CASE("operators see all tasks, page by page, and each one by its id") {
        test::ThreeNodes nodes;
        nodes.data_away = true;  // tasks stay pending
        std::vector<std::string> ids;
        for (int student = 1; student <= 3; ++student) {
            ids.push_back(nodes
                              .inside(*nodes.queue, Method::post, "/queue/submit",
                                      submission(student, 5, "select", student))
                              .body["task_id"]
                              .string()
                              .value_or(""));
        }
        const auto get = [&](const std::string& target) {
            return nodes.inside(*nodes.queue, Method::get, target);
        };
        const auto first = get("/queue/tasks?limit=2");
        REQUIRE(first.body["tasks"].size() == 2);
        const json::Value newest = first.body["tasks"][0];
        CHECK(newest["task_id"].string() == ids[2]);
        CHECK(newest["student_id"].integer() == 3);
        CHECK(newest["course_id"].integer() == 5);
        CHECK(newest["task_type"].string() == "select");
        CHECK(newest["priority"].integer() == 3);
        CHECK(newest["attempts"].integer() == 0);
        CHECK(newest["given_up"].boolean() == false);
        CHECK(newest["completed_at"].is_null());
        const auto second =
            get("/queue/tasks?limit=2&before=" + first.body["next_before"].string().value_or(""));
        REQUIRE(second.body["tasks"].size() == 1);
        CHECK(second.body["tasks"][0]["task_id"].string() == ids[0]);
        CHECK(second.body["next_before"].is_null());
        CHECK(get("/queue/tasks?student_id=2").body["tasks"][0]["task_id"].string() == ids[1]);
        CHECK(get("/queue/tasks?status_filter=completed").body["tasks"].size() == 0);
        CHECK(get("/queue/tasks?status_filter=dead").body["tasks"].size() == 0);
        for (const char* wrong : {"/queue/tasks?before=nonsense",
                                  "/queue/tasks?before=00000000-0000-4000-8000-000000000000",
                                  "/queue/task?task_id=nonsense"}) {
            CHECK(get(wrong).status == 404);
        }
        CHECK(get("/queue/tasks?limit=0&status_filter=lost").body["detail"].size() == 2);
        CHECK(get("/queue/tasks?limit=1001").status == 422);
        nodes.data_away = false;
        get("/queue/status?wait=20&task_id=" + ids[0]);
        const auto ended = get("/queue/task?task_id=" + ids[0]);
        CHECK(ended.body["status"].string() == "failed");
        CHECK(ended.body["message"].string() == "Student not found");
        CHECK(ended.body["completed_at"].string().value_or("").ends_with("Z"));
    }

    TEST_CASE("a student has ten submissions, then one every ten seconds") {
        nodes::queue::QueueNodeOptions options;
        options.student_limit =
            ratelimit::LimiterOptions{.bucket = {.capacity = 10, .refill_per_second = 0.1}};
        test::ThreeNodes nodes(std::move(options));
        for (int i = 0; i < 10; ++i) {
            CHECK(nodes.inside(*nodes.queue, Method::post, "/queue/submit", submission(1, 5))
                      .status == 200);
        }
        const auto refused =
            nodes.inside(*nodes.queue, Method::post, "/queue/submit", submission(1, 5));
        CHECK(refused.status == 429);
        CHECK(refused.detail().starts_with("Rate limit exceeded. Please wait "));
        CHECK(nodes.inside(*nodes.queue, Method::post, "/queue/submit", submission(2, 5)).status ==
              200);
    }

    TEST_CASE("bad submissions get every fault at once, and the wrong token nothing") {
        test::ThreeNodes nodes;
        const auto bad = nodes.inside(*nodes.queue, Method::post, "/queue/submit",
                                      R"({"student_id":0,"task_type":"swap"})");
        CHECK(bad.status == 422);
        CHECK(bad.body["detail"].size() == 3);
        const auto stranger = nodes.call(nodes.queue->handler(), Method::post, "/queue/submit",
                                         submission(1, 1), {{"Internal-Token", "wrong"}});
        CHECK(stranger.status == 403);
        CHECK(stranger.detail() == "Invalid internal token");
    }

    TEST_CASE("a hundred students and ten seats: ten are seated, ninety told why not") {
        test::ThreeNodes nodes;
        const auto course = nodes.add_course("Algebra", 10);
        std::string tasks;
        for (int i = 0; i < 100; ++i) {
            const auto student = nodes.add_student("s" + std::to_string(i));
            tasks += (tasks.empty() ? "" : ",") + submission(student, course);
        }
        const auto batch = nodes.inside(*nodes.queue, Method::post, "/internal/queue/submit",
                                        "{\"tasks\":[" + tasks + "]}");
        REQUIRE(batch.body["results"].size() == 100);
        int seated = 0;
        for (const json::Value& result : batch.body["results"].items()) {
            const auto ended = nodes.inside(
                *nodes.queue, Method::get,
                "/queue/status?wait=20&task_id=" + result["task_id"].string().value_or(""));
            seated += ended.body["status"].string() == "completed" ? 1 : 0;
        }
        CHECK(seated == 10);
        const auto students = nodes.inside(
            *nodes.data, Method::get, "/get/course/students?course_id=" + std::to_string(course));
        CHECK(students.body["total"].integer() == 10);
        // First come, first served: the ids were handed out in order.
        CHECK(students.body["students"][9]["student_id"].integer() == 10);
    }
}
