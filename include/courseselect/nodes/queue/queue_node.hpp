#pragma once
/// The queue node: durable submissions and their way to a decision (contract §6).

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "courseselect/api/service.hpp"
#include "courseselect/async/task_group.hpp"
#include "courseselect/net/http/client.hpp"
#include "courseselect/nodes/node.hpp"
#include "courseselect/nodes/queue/dispatcher.hpp"
#include "courseselect/nodes/queue/task_news.hpp"
#include "courseselect/nodes/wire/course.hpp"
#include "courseselect/nodes/wire/queue.hpp"
#include "courseselect/nodes/wire/selection.hpp"
#include "courseselect/queue/task_queue.hpp"
#include "courseselect/ratelimit/keyed_limiter.hpp"
#include "courseselect/storage/database.hpp"
#include "courseselect/storage/reader_pool.hpp"
#include "courseselect/storage/write_queue.hpp"

namespace courseselect::nodes::queue {

struct QueueNodeOptions {
    storage::DatabaseUrl database{.path = "queue_data.db"};
    storage::DatabaseOptions storage;
    api::ServiceOptions service;
    /// Limits of submissions by student and by client address (contract §1.5); unset: none.
    std::optional<ratelimit::LimiterOptions> student_limit;
    std::optional<ratelimit::LimiterOptions> address_limit;
    courseselect::queue::TaskQueueOptions tasks;
    DispatcherOptions dispatcher;
    std::size_t degraded_over = 1'000;  ///< waiting tasks (contract §6, /queue/health)
    std::size_t unhealthy_over = 5'000;
    std::chrono::hours keep_finished{24 * 30};  ///< then purged, a step an hour
};

/// A submission is answered after the commit that holds it. Beside the contract's paths there are
/// `POST /internal/queue/submit` for batches, `wait=SECONDS` on `/queue/status`, and, for
/// operators, `GET /queue/tasks` and `GET /queue/task`. It tells the realtime server where tasks
/// stand and what became of them.
class QueueNode final : public Node {
  public:
    QueueNode(Runtime runtime, QueueNodeOptions options,
              std::unique_ptr<net::http::Client> data_node);
    ~QueueNode() override;

    [[nodiscard]] std::string_view name() const override { return "queue_node"; }
    [[nodiscard]] net::http::Handler& handler() override { return service_; }
    [[nodiscard]] api::Service& service() override { return service_; }
    void apply(const Settings& settings) override;
    [[nodiscard]] async::Task<core::Result<>> start() override;
    [[nodiscard]] async::Task<> stop() override;
    void drain() override;
    void report_to(std::vector<std::unique_ptr<net::http::Client>> realtime) override;
    [[nodiscard]] std::size_t outboxes() const override { return 1; }
    [[nodiscard]] NodeParts parts() override;

  private:
    void add_routes();
    void add_submit_routes();
    void add_list_routes();
    async::Task<net::http::Response> submit_one(api::Context& context,
                                                wire::QueueSubmission submission);
    async::Task<core::Result<wire::QueueOutcomeBatch>> submit_batch(
        wire::QueueSubmissionBatch batch);
    async::Task<core::Result<wire::TaskStatus>> status(wire::TaskQuery query);
    async::Task<core::Result<wire::Done>> cancel(wire::CancelQuery query);
    async::Task<core::Result<wire::QueueStats>> stats();
    async::Task<core::Result<wire::StudentTasks>> student_tasks(wire::StudentTasksQuery query);
    async::Task<core::Result<wire::TaskList>> list_tasks(wire::TaskListQuery query);
    async::Task<core::Result<wire::TaskDetails>> task(wire::TaskIdQuery query);
    async::Task<core::Result<wire::QueueHealth>> health();

    [[nodiscard]] std::optional<wire::QueueOutcome> over_limit(
        const wire::QueueSubmission& submission);
    [[nodiscard]] std::int64_t estimated_seconds(std::size_t position) const;
    async::Task<> purge_regularly(std::stop_token stop);

    Runtime runtime_;
    QueueNodeOptions options_;
    std::unique_ptr<net::http::Client> data_node_;
    std::optional<ratelimit::KeyedLimiter> student_limiter_;
    std::optional<ratelimit::KeyedLimiter> address_limiter_;
    std::unique_ptr<storage::Database> database_;
    std::unique_ptr<storage::WriteQueue> writes_;
    std::unique_ptr<storage::ReaderPool> readers_;
    std::unique_ptr<courseselect::queue::TaskQueue> tasks_;
    std::unique_ptr<Dispatcher> dispatcher_;
    TaskNews news_;
    std::unique_ptr<events::Publisher> publisher_;
    async::TaskGroup background_;
    api::Service service_;
};

}  // namespace courseselect::nodes::queue
