// Contract §6, row by row.

#include "conformance/http_contract.hpp"

using namespace courseselect;
using test::Method;

namespace {

const std::vector<test::DeclaredRoute> queue_routes{
    {Method::get, "/health", api::Access::open},
    {Method::post, "/queue/submit", api::Access::internal},
    {Method::get, "/queue/status", api::Access::internal},
    {Method::post, "/queue/cancel", api::Access::internal},
    {Method::get, "/queue/stats", api::Access::internal},
    {Method::get, "/queue/student/tasks", api::Access::internal},
    {Method::get, "/queue/health", api::Access::open},
    // For operators, beyond the contract.
    {Method::get, "/queue/tasks", api::Access::internal},
    {Method::get, "/queue/task", api::Access::internal},
};

const std::string queued_shape = "{success:bool,task_id:str,position:int,estimated_time:int}";
const std::string status_shape =
    "{task_id:str,status:str,message:str,created_at:ts,started_at:ts?,completed_at:ts?,"
    "position:int?,reasons:[{code:str,message:str}]}";
const std::string tasks_shape =
    "{tasks:[{task_id:str,course_id:int,task_type:str,status:str,created_at:ts,"
    "completed_at:ts?}]}";
const std::string health_shape =
    "{status:str,queue_status:\"active\",database_connected:bool,pending_tasks:int,"
    "processing_tasks:int}";

std::string submission(std::int64_t student, std::int64_t course,
                       const std::string& type = "select", int priority = 0) {
    return json::make_object("student_id", student, "course_id", course, "task_type", type,
                             "priority", priority);
}

/// A queue whose tasks wait, because the data node is away.
class WaitingQueue {
  public:
    explicit WaitingQueue(nodes::queue::QueueNodeOptions options = {}) : nodes(std::move(options)) {
        nodes.data_away = true;
    }
    test::Answer post(std::string target, std::string body = {}) {
        return nodes.inside(*nodes.queue, Method::post, std::move(target), std::move(body));
    }
    test::Answer get(std::string target) {
        return nodes.inside(*nodes.queue, Method::get, std::move(target));
    }
    std::string submit(std::int64_t student, std::int64_t course, int priority = 0) {
        const auto receipt = post("/queue/submit", submission(student, course, "select", priority));
        return receipt.body["task_id"].string().value_or("");
    }
    /// Cancels; a task that is on its way at this instant is asked for again.
    test::Answer cancel(const std::string& target) {
        test::Answer answer = post(target);
        while (answer.detail() == "Cannot cancel task with status: processing") {
            answer = post(target);
        }
        return answer;
    }
    void walk(const std::vector<test::Exchange>& rows) {
        test::walk(nodes, *nodes.queue, test::internal_headers(), rows);
    }

    test::ThreeNodes nodes;
};

}  // namespace

TEST_SUITE("conformance/http_contract/queue") {
    TEST_CASE("routes, methods, slashes, preflights and the internal token") {
        test::ThreeNodes nodes;
        test::check_declared(nodes.queue->service(), queue_routes);
        test::check_transport(nodes, *nodes.queue, queue_routes);
        test::check_internal_gate(nodes, *nodes.queue, queue_routes);
        test::walk(
            nodes, *nodes.queue, {},
            {{Method::get, "/health", "", 200, "{status:\"healthy\",service:\"queue_node\"}"},
             {Method::get, "/queue/health", "", 200, health_shape}});
    }

    TEST_CASE("answers and refusals") {
        WaitingQueue queue;
        const std::string unknown = "/queue/status?task_id=00000000-0000-4000-8000-000000000000";
        queue.walk({
            {Method::post, "/queue/submit", submission(1, 5), 200, queued_shape},
            {Method::post, "/queue/submit",
             R"({"student_id":"1","course_id":6,"task_type":"select"})", 200, queued_shape},
            {Method::post, "/queue/submit", "{}", 422,
             "body.student_id,body.course_id,body.task_type"},
            {Method::post, "/queue/submit", submission(0, -1, "swap", 1001), 422,
             "body.student_id,body.course_id,body.task_type,body.priority"},
            {Method::post, "/queue/submit", "", 422, "body"},
            {Method::get, unknown, "", 404, "Task not found"},
            {Method::get, "/queue/status?task_id=nonsense", "", 404, "Task not found"},
            {Method::get, "/queue/status", "", 422, "query.task_id"},
            {Method::get, "/queue/status?task_id=x&wait=26", "", 422, "query.wait"},
            {Method::post, "/queue/cancel", "", 422, "query.task_id,query.student_id"},
            {Method::post, "/queue/cancel?task_id=nonsense&student_id=1", "", 404,
             "Task not found"},
            {Method::get, "/queue/stats", "", 200,
             "{pending_tasks:int,processing_tasks:int,completed_tasks_today:int,"
             "failed_tasks_today:int,average_processing_time:float,queue_length:int}"},
            {Method::get, "/queue/student/tasks?student_id=1", "", 200, tasks_shape},
            {Method::get, "/queue/student/tasks?student_id=1&status_filter=failed&limit=1000", "",
             200, tasks_shape},
            {Method::get, "/queue/student/tasks?status_filter=lost&limit=1001", "", 422,
             "query.student_id,query.status_filter,query.limit"},
        });
    }

    TEST_CASE("a task waits with a position, runs, and tells its end") {
        WaitingQueue queue;
        const auto course = [&] {
            queue.nodes.add_student("alice");
            return queue.nodes.add_course("Algebra", 1);
        }();
        const std::string id = queue.submit(1, course);
        const auto waiting = queue.get("/queue/status?task_id=" + id);
        test::check_answer(waiting, {Method::get, "/queue/status", "", 200, status_shape});
        const bool pending = waiting.body["status"].string() == "pending";
        CHECK(waiting.body["position"].is_null() == !pending);
        CHECK(waiting.body["completed_at"].is_null());
        queue.nodes.data_away = false;
        const auto done = queue.get("/queue/status?wait=20&task_id=" + id);
        test::check_answer(done, {Method::get, "/queue/status", "", 200, status_shape});
        CHECK(done.body["status"].string() == "completed");
        CHECK(done.body["message"].string() == "Task completed successfully");
        CHECK(done.body["position"].is_null());
        CHECK_FALSE(done.body["completed_at"].is_null());
        const std::string full = queue.submit(1, course);
        const auto failed = queue.get("/queue/status?wait=20&task_id=" + full);
        CHECK(failed.body["status"].string() == "failed");
        CHECK(failed.body["message"].string() == "Course is full");
        const auto late = queue.post("/queue/cancel?student_id=1&task_id=" + id);
        test::check_answer(late, {Method::post, "/queue/cancel", "", 400,
                                  "Cannot cancel task with status: completed"});
        const auto stats = queue.get("/queue/stats");
        CHECK(stats.body["completed_tasks_today"].integer() == 1);
        CHECK(stats.body["failed_tasks_today"].integer() == 1);
        CHECK(stats.body["queue_length"].integer() == 0);
        CHECK(stats.body["average_processing_time"].number().value_or(-1) >= 0);
    }

    TEST_CASE("positions count tasks of the same or higher priority; the newest is listed first") {
        WaitingQueue queue;
        std::vector<std::string> ids;
        for (int course = 1; course <= 12; ++course) {
            ids.push_back(queue.submit(1, course));
        }
        const auto urgent = queue.post("/queue/submit", submission(2, 1, "deselect", 10));
        CHECK(urgent.body["position"].integer() == 1);
        CHECK(urgent.body["estimated_time"].integer().value_or(-1) >= 0);
        const auto last = queue.post("/queue/submit", submission(3, 1, "select", -1));
        CHECK(last.body["position"].integer().value_or(0) >= 13);
        const auto tasks = queue.get("/queue/student/tasks?student_id=1");
        CHECK(tasks.body["tasks"].size() == 10);  // the default limit
        CHECK(tasks.body["tasks"][0]["task_id"].string() == ids.back());
        const auto all = queue.get("/queue/student/tasks?student_id=1&limit=100");
        CHECK(all.body["tasks"].size() == 12);
        CHECK(all.body["tasks"][11]["task_id"].string() == ids.front());
    }

    TEST_CASE("a cancelled task is failed, says why, and never runs") {
        WaitingQueue queue;
        queue.nodes.add_student("alice");
        const auto course = queue.nodes.add_course("Algebra", 1);
        const std::string id = queue.submit(1, course);
        const std::string cancel = "/queue/cancel?task_id=" + id + "&student_id=";
        test::check_answer(queue.cancel(cancel + "2"),
                           {Method::post, cancel, "", 404, "Task not found"});
        test::check_answer(
            queue.cancel(cancel + "1"),
            {Method::post, cancel, "", 200, test::done_shape("Task cancelled successfully")});
        queue.nodes.data_away = false;
        const std::string next = queue.submit(1, course + 1);
        queue.get("/queue/status?wait=20&task_id=" + next);  // whatever was before it is over
        const auto status = queue.get("/queue/status?task_id=" + id);
        CHECK(status.body["status"].string() == "failed");
        CHECK(status.body["message"].string() == "Cancelled by user");
        const auto seats = queue.nodes.inside(*queue.nodes.data, Method::get,
                                              "/get/course?course_id=" + std::to_string(course));
        CHECK(seats.body["course_selected"].integer() == 0);
        CHECK(queue.post(cancel + "1").detail() == "Cannot cancel task with status: failed");
    }

    TEST_CASE(
        "health: degraded over its bound, unhealthy over the next, without database unhealthy") {
        nodes::queue::QueueNodeOptions options;
        options.degraded_over = 2;
        options.unhealthy_over = 4;
        WaitingQueue queue(std::move(options));
        std::vector<std::string> states;
        for (int waiting = 1; waiting <= 5; ++waiting) {
            queue.submit(waiting, 1);
            auto health = queue.get("/queue/health");
            while (health.body["pending_tasks"].integer() != waiting) {
                health = queue.get("/queue/health");  // a batch is on its way and comes back
            }
            states.push_back(health.body["status"].string().value_or(""));
        }
        const std::vector<std::string> wanted{"healthy", "healthy", "degraded", "degraded",
                                              "unhealthy"};
        CHECK(states == wanted);
        const nodes::queue::QueueNodeOptions defaults;
        CHECK(defaults.degraded_over == 1'000);
        CHECK(defaults.unhealthy_over == 5'000);
    }

    TEST_CASE("a queue whose database is gone says so with status 200") {
        test::ThreeNodes nodes;
        test::run(nodes.loop, nodes.queue->stop());
        test::walk(nodes, *nodes.queue, {},
                   {{Method::get, "/queue/health", "", 200,
                     "{status:\"unhealthy\",error:\"Service unavailable\","
                     "database_connected:bool}"}});
    }

    TEST_CASE("limits by student and by address: whole seconds, in the text and in Retry-After") {
        nodes::queue::QueueNodeOptions options;
        options.student_limit =
            ratelimit::LimiterOptions{.bucket = {.capacity = 2, .refill_per_second = 0.1}};
        options.address_limit =
            ratelimit::LimiterOptions{.bucket = {.capacity = 3, .refill_per_second = 0.1}};
        WaitingQueue queue(std::move(options));
        const auto submit = [&](std::int64_t student, const std::string& address) {
            test::Headers headers = test::internal_headers();
            headers.push_back({"X-Forwarded-For", address});
            return queue.nodes.call(queue.nodes.queue->handler(), Method::post, "/queue/submit",
                                    submission(student, 1), headers);
        };
        CHECK(submit(1, "198.51.100.1, 10.0.0.1").status == 200);
        CHECK(submit(1, "198.51.100.2").status == 200);
        test::check_rate_limited(submit(1, "198.51.100.3"), 10);  // the student's third
        CHECK(submit(2, "198.51.100.1").status == 200);
        CHECK(submit(3, "198.51.100.1").status == 200);
        test::check_rate_limited(submit(4, "198.51.100.1"), 10);  // the address's fourth
        CHECK(submit(4, "198.51.100.4").status == 200);
    }
}
