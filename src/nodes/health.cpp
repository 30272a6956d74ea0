#include "courseselect/nodes/health.hpp"

#include <utility>

#include "courseselect/nodes/measured_client.hpp"
#include "courseselect/nodes/parts.hpp"
#include "courseselect/queue/task_queue.hpp"
#include "courseselect/storage/write_queue.hpp"

namespace courseselect::nodes {
namespace {

std::int64_t count_of(std::size_t number) { return static_cast<std::int64_t>(number); }

HealthDetails details_of(Node& node) {
    const NodeParts parts = node.parts();
    HealthDetails details;
    details.ready = is_ready(node);
    if (parts.writes != nullptr) {
        const auto now = parts.writes->statistics();
        details.database_queue =
            DatabaseQueueHealth{.queue_size = count_of(now.queue_size),
                                .worker_alive = now.worker_alive,
                                .queue_enabled = now.queue_enabled,
                                .pending_results = count_of(now.pending_results)};
    }
    if (parts.tasks != nullptr) {
        const auto now = parts.tasks->statistics();
        details.tasks = TaskHealth{.pending = count_of(now.pending_tasks),
                                   .processing = count_of(now.processing_tasks)};
    }
    if (parts.hashing_queued) {
        details.passwords_waiting = count_of(*parts.hashing_queued);
    }
    details.notifications = parts.notifications;
    return details;
}

async::Task<core::Result<Health>> health(const api::Service& service, Node& node,
                                         const api::Context& context) {
    Health answer;
    answer.service = node.name();
    if (!service.is_privileged(context)) {
        co_return answer;
    }
    answer.dependencies.emplace();
    for (MeasuredClient* const upstream : node.upstreams()) {
        const ProbeOutcome outcome = co_await upstream->probe(dependency_timeout);
        DependencyHealth dependency;
        dependency.name = upstream->name();
        dependency.status = outcome.is_healthy ? "healthy" : "unreachable";
        dependency.response_ms =
            std::chrono::duration<double, std::milli>(outcome.duration).count();
        answer.status = outcome.is_healthy ? answer.status : "degraded";
        answer.dependencies->push_back(std::move(dependency));
    }
    answer.details = details_of(node);
    answer.status = answer.details->ready ? answer.status : "degraded";
    co_return answer;
}

async::Task<net::http::Response> readiness(Node& node) {
    Health answer;
    answer.service = node.name();
    net::http::Response response;
    if (!is_ready(node)) {
        answer.status = "unready";
        response.status = 503;
        response.headers.push_back({"Retry-After", "1"});
    } else {
        answer.status = "ready";
    }
    response.body = json::to_text(answer);
    co_return response;
}

}  // namespace

bool is_ready(Node& node) {
    const NodeParts parts = node.parts();
    if (parts.writes == nullptr) {
        return parts.is_started;
    }
    const auto now = parts.writes->statistics();
    return parts.is_started && now.worker_alive && now.queue_enabled;
}

void add_health(api::Service& service, Node& node) {
    service.add(
        api::get("/health")
            .summary("The node is alive; more for nodes and administrators.")
            .handler_reads(api::HandlerReads::optional_token)
            .tag("health"),
        [&service, &node](api::Context& context) { return health(service, node, context); });
    service.add(api::get("/health/ready")
                    .summary("The node can do its work.")
                    .tag("health")
                    .error(503, "It has not started, is stopping, or its database is away"),
                [&node](api::Context&) { return readiness(node); });
    service.metrics().add([&node](metrics::Scrape& scrape) {
        scrape.gauge("courseselect_ready", "1 when the node can do its work.",
                     is_ready(node) ? 1 : 0);
        collect_parts(node.parts(), scrape);
        for (const MeasuredClient* const upstream : node.upstreams()) {
            upstream->collect(scrape);
        }
    });
}

}  // namespace courseselect::nodes
