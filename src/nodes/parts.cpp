#include "courseselect/nodes/parts.hpp"

#include "courseselect/net/http/client.hpp"
#include "courseselect/nodes/node.hpp"
#include "courseselect/queue/task_queue.hpp"
#include "courseselect/storage/reader_pool.hpp"
#include "courseselect/storage/write_queue.hpp"

namespace courseselect::nodes {
namespace {

double figure(std::size_t count) { return static_cast<double>(count); }

void collect_writes(const storage::WriteQueue& writes, metrics::Scrape& scrape) {
    const auto now = writes.statistics();
    const auto& figures = writes.figures();
    scrape.gauge("courseselect_write_queue_waiting", "Closures waiting for the database's writer.",
                 figure(now.queue_size));
    scrape.gauge("courseselect_write_queue_pending_results",
                 "Closures that were carried out and not yet told.", figure(now.pending_results));
    scrape.gauge("courseselect_write_queue_worker_alive", "1 while the writer's thread runs.",
                 now.worker_alive ? 1 : 0);
    scrape.counter("courseselect_write_queue_closures_total", "Closures carried out.",
                   now.closures);
    scrape.histogram("courseselect_write_queue_group_size", "Closures in one transaction.",
                     figures.group_sizes);
    scrape.histogram("courseselect_write_queue_commit_duration_seconds",
                     "Time of a transaction, from its begin to its commit.", figures.group_times);
    scrape.counter("courseselect_write_queue_failed_groups_total",
                   "Transactions that were lost with all their closures.", figures.failed_groups);
}

void collect_tasks(courseselect::queue::TaskQueue& tasks, metrics::Scrape& scrape) {
    const auto now = tasks.statistics();
    const auto state = [&scrape](std::string_view name, std::size_t count) {
        scrape.gauge("courseselect_queue_tasks",
                     "Tasks by state; completed and failed are those since midnight UTC.",
                     figure(count), {{"state", name}});
    };
    state("pending", now.pending_tasks);
    state("processing", now.processing_tasks);
    state("completed_today", now.completed_tasks_today);
    state("failed_today", now.failed_tasks_today);
}

}  // namespace

void Node::report_to(std::vector<std::unique_ptr<net::http::Client>> /*realtime*/) {}

NodeParts Node::parts() { return {}; }

void collect_parts(const NodeParts& parts, metrics::Scrape& scrape) {
    if (parts.writes != nullptr) {
        collect_writes(*parts.writes, scrape);
    }
    if (parts.readers != nullptr) {
        scrape.gauge("courseselect_reader_pool_waiting", "Reads waiting for a database connection.",
                     figure(parts.readers->queued()));
    }
    if (parts.hashing_queued) {
        scrape.gauge("courseselect_password_pool_waiting",
                     "Passwords waiting for a thread that hashes.", figure(*parts.hashing_queued));
    }
    if (parts.tasks != nullptr) {
        collect_tasks(*parts.tasks, scrape);
    }
    if (parts.more) {
        parts.more(scrape);
    }
}

}  // namespace courseselect::nodes
