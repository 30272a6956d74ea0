/// The routes of the queue node; what they do is in queue_node.cpp.

#include <utility>

#include "courseselect/nodes/queue/queue_node.hpp"

namespace courseselect::nodes::queue {

void QueueNode::add_submit_routes() {
    using api::Access;
    service_.add(api::post("/queue/submit")
                     .summary("Queue a selection; answered once it is stored.")
                     .description("An Idempotency-Key header, or client_ref in the body, makes a "
                                  "repeated submission give the same task.")
                     .tag("queue")
                     .access(Access::internal)
                     .body<wire::QueueSubmission>()
                     .error(409, "The idempotency key belongs to another submission")
                     .error(429, "Rate limit exceeded. Please wait N seconds."),
                 [this](api::Context& context, wire::QueueSubmission submission) {
                     return submit_one(context, std::move(submission));
                 });
    service_.add(api::post("/internal/queue/submit")
                     .summary("Queue many selections in one commit.")
                     .tag("internal")
                     .access(Access::internal)
                     .body<wire::QueueSubmissionBatch>(),
                 [this](api::Context&, wire::QueueSubmissionBatch batch) {
                     return submit_batch(std::move(batch));
                 });
}

void QueueNode::add_list_routes() {
    using api::Access;
    service_.add(
        api::get("/queue/tasks")
            .summary("The tasks of all students, newest first.")
            .description("A page may be shorter than `limit`, even empty, while there is "
                         "a next one: go on with `before` until `next_before` is null.")
            .tag("queue")
            .access(Access::internal)
            .query<wire::TaskListQuery>()
            .error(404, "Task not found"),
        [this](api::Context&, wire::TaskListQuery query) { return list_tasks(std::move(query)); });
    service_.add(api::get("/queue/task")
                     .summary("All there is to know about a task.")
                     .tag("queue")
                     .access(Access::internal)
                     .query<wire::TaskIdQuery>()
                     .error(404, "Task not found"),
                 [this](api::Context&, wire::TaskIdQuery query) { return task(std::move(query)); });
}

void QueueNode::add_routes() {
    using api::Access;
    service_.add(api::get("/queue/status")
                     .summary("Where a task stands; waits for its end when asked to.")
                     .tag("queue")
                     .access(Access::internal)
                     .query<wire::TaskQuery>()
                     .error(404, "Task not found"),
                 [this](api::Context&, wire::TaskQuery query) { return status(std::move(query)); });
    service_.add(
        api::post("/queue/cancel")
            .summary("Take a waiting task back.")
            .tag("queue")
            .access(Access::internal)
            .query<wire::CancelQuery>()
            .error(404, "Task not found")
            .error(400, "Cannot cancel task with status: completed"),
        [this](api::Context&, wire::CancelQuery query) { return cancel(std::move(query)); });
    service_.add(api::get("/queue/stats")
                     .summary("Figures of the queue.")
                     .tag("queue")
                     .access(Access::internal),
                 [this](api::Context&) { return stats(); });
    service_.add(api::get("/queue/student/tasks")
                     .summary("A student's tasks, newest first.")
                     .tag("queue")
                     .access(Access::internal)
                     .query<wire::StudentTasksQuery>(),
                 [this](api::Context&, wire::StudentTasksQuery query) {
                     return student_tasks(std::move(query));
                 });
    service_.add(api::get("/queue/health").summary("How the queue is doing.").tag("health"),
                 [this](api::Context&) { return health(); });
}

}  // namespace courseselect::nodes::queue
