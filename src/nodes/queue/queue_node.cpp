#include "courseselect/nodes/queue/queue_node.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "courseselect/async/sleep.hpp"
#include "courseselect/core/log.hpp"
#include "courseselect/core/uuid.hpp"
#include "courseselect/json/reader.hpp"
#include "courseselect/nodes/control/settings.hpp"
#include "courseselect/nodes/health.hpp"
#include "courseselect/nodes/parts.hpp"
#include "courseselect/queue/sqlite_task_queue.hpp"

namespace courseselect::nodes::queue {
namespace {

using courseselect::queue::CancelOutcome;
using courseselect::queue::NewTask;
using courseselect::queue::Submitted;
using courseselect::queue::Task;
using courseselect::queue::TaskFilter;
using courseselect::queue::TaskType;
using courseselect::queue::TaskView;

/// A task stays handed out for longer than its call may take: the lease only rescues what the
/// dispatcher forgot.
constexpr std::chrono::seconds lease_margin{10};

core::Error task_missing() { return {core::Errc::not_found, "Task not found"}; }

NewTask new_task(const wire::QueueSubmission& submission) {
    return {.student = submission.student_id,
            .course = submission.course_id,
            .type = submission.task_type == "select" ? TaskType::select : TaskType::deselect,
            .priority = submission.priority,
            .client_ref = submission.client_ref};
}

wire::QueueOutcome refusal(const core::Error& error) {
    wire::QueueOutcome outcome;
    outcome.status = api::http_status(error);
    outcome.detail = outcome.status < 500 ? error.detail() : std::string(api::communication_error);
    return outcome;
}

std::string status_message(const Task& task) {
    switch (task.status) {
        case courseselect::queue::TaskStatus::pending: return "Task is waiting";
        case courseselect::queue::TaskStatus::processing: return "Task in progress";
        default: return task.message;
    }
}

wire::TaskDetails details_of(const Task& task) {
    return {.task_id = core::format_uuid(task.id),
            .student_id = task.student,
            .course_id = task.course,
            .task_type = std::string(courseselect::queue::name_of(task.type)),
            .priority = task.priority,
            .status = std::string(courseselect::queue::name_of(task.status)),
            .message = status_message(task),
            .attempts = task.attempts,
            .given_up = task.given_up,
            .created_at = task.created_at,
            .started_at = task.started_at,
            .completed_at = task.completed_at};
}

wire::TaskStatus to_wire(const TaskView& view) {
    const Task& task = view.task;
    wire::TaskStatus status{.task_id = core::format_uuid(task.id),
                            .status = std::string(courseselect::queue::name_of(task.status)),
                            .message = status_message(task),
                            .created_at = task.created_at,
                            .started_at = task.started_at,
                            .completed_at = task.completed_at};
    if (view.position) {
        status.position = static_cast<std::int64_t>(*view.position);
    }
    if (task.is_finished() && !task.reasons_json.empty()) {
        auto reasons = json::parse<std::vector<wire::Reason>>(task.reasons_json);
        if (reasons) {
            status.reasons = *std::move(reasons);
        }
    }
    return status;
}

std::optional<ratelimit::KeyedLimiter> make_limiter(
    const std::optional<ratelimit::LimiterOptions>& options) {
    if (!options) {
        return std::nullopt;
    }
    auto limiter = ratelimit::KeyedLimiter::create(*options);
    COURSESELECT_CHECK(limiter.has_value());
    return *std::move(limiter);
}

}  // namespace

QueueNode::QueueNode(Runtime runtime, QueueNodeOptions options,
                     std::unique_ptr<net::http::Client> data_node)
    : runtime_(runtime),
      options_(std::move(options)),
      data_node_(std::move(data_node)),
      student_limiter_(make_limiter(options_.student_limit)),
      address_limiter_(make_limiter(options_.address_limit)),
      news_(core::format_uuid(core::make_uuid_v4(runtime.random.array<16>()))),
      background_(runtime.loop),
      service_(runtime.clock, options_.service) {
    options_.tasks.patience.lease =
        std::max(options_.tasks.patience.lease, options_.dispatcher.time_limit + lease_margin);
    add_health(service_, *this);
    add_submit_routes();
    add_routes();
    add_list_routes();
}

QueueNode::~QueueNode() = default;

void QueueNode::apply(const Settings& settings) {
    options_.dispatcher.time_limit = std::chrono::seconds(settings.queue.time_limit_seconds);
    options_.tasks.patience = {
        .lease = options_.dispatcher.time_limit + lease_margin,
        .attempts_max = settings.queue.attempts_max,
        .retry_delay_min = std::chrono::milliseconds(settings.queue.retry_delay_ms_min),
        .retry_delay_max = std::chrono::milliseconds(settings.queue.retry_delay_ms_max)};
    if (tasks_) {
        tasks_->set_patience(options_.tasks.patience);
    }
    if (dispatcher_) {
        dispatcher_->set_time_limit(options_.dispatcher.time_limit);
    }
}

async::Task<core::Result<>> QueueNode::start() {
    auto database = storage::Database::open(options_.database, options_.storage);
    if (!database) {
        co_return std::move(database).error();
    }
    database_ = *std::move(database);
    auto writer = database_->connect_writer();
    if (!writer) {
        co_return std::move(writer).error();
    }
    const auto migrated =
        storage::migrate(**writer, courseselect::queue::task_queue_migrations(), runtime_.clock);
    if (!migrated) {
        co_return core::Error(migrated.error());
    }
    writes_ = std::make_unique<storage::WriteQueue>(runtime_.loop, *std::move(writer));
    auto readers = storage::ReaderPool::open(runtime_.loop, *database_);
    if (!readers) {
        co_return std::move(readers).error();
    }
    readers_ = *std::move(readers);
    auto random = [this] { return runtime_.random.array<16>(); };
    COURSESELECT_CO_TRY(tasks_, co_await courseselect::queue::open_task_queue(
                                    runtime_.loop, runtime_.clock, *writes_, *readers_,
                                    std::move(random), options_.tasks));
    dispatcher_ = std::make_unique<Dispatcher>(
        runtime_, *tasks_, *data_node_, std::string(options_.service.internal_token.reveal()),
        options_.dispatcher);
    dispatcher_->on_finished([this](const Task& task, bool success, const std::string& message) {
        news_.finished(task.student, task.id, success, message);
    });
    if (publisher_) {
        news_.on_news([this] { publisher_->wake(); });
        publisher_->start();
    }
    background_.spawn(dispatcher_->run(background_.stop_token()));
    background_.spawn(purge_regularly(background_.stop_token()));
    co_return core::Result<>();
}

async::Task<> QueueNode::stop() {
    background_.request_stop();
    co_await background_.join();
    if (publisher_) {
        co_await publisher_->stop();
    }
    co_await tasks_->close();
    co_await writes_->stop();
}

void QueueNode::report_to(std::vector<std::unique_ptr<net::http::Client>> realtime) {
    publisher_ = std::make_unique<events::Publisher>(
        runtime_, std::make_unique<TaskOutbox>(news_), std::move(realtime.front()),
        std::string(options_.service.internal_token.reveal()),
        events::PublisherOptions{.farewell = std::chrono::milliseconds{1'000}});
}

void QueueNode::drain() {
    if (tasks_ != nullptr) {
        tasks_->end_waits();
    }
}

NodeParts QueueNode::parts() {
    NodeParts parts;
    parts.is_started = dispatcher_ != nullptr;
    parts.writes = writes_.get();
    parts.readers = readers_.get();
    parts.tasks = tasks_.get();
    parts.more = [this](metrics::Scrape& scrape) {
        const auto seconds = std::chrono::duration<double>(options_.dispatcher.time_limit);
        scrape.gauge("courseselect_queue_time_limit_seconds",
                     "Time a task may take, as the settings say.", seconds.count());
        scrape.gauge("courseselect_queue_attempts_max",
                     "Failed attempts until a task is given up, as the settings say.",
                     options_.tasks.patience.attempts_max);
        if (dispatcher_ != nullptr) {
            dispatcher_->collect(scrape);
        }
        if (publisher_) {
            publisher_->collect(scrape);
        }
    };
    return parts;
}

async::Task<> QueueNode::purge_regularly(std::stop_token stop) {
    while (!stop.stop_requested()) {
        co_await async::sleep_for(runtime_.loop, std::chrono::hours(1), stop);
        if (stop.stop_requested()) {
            co_return;
        }
        const auto purged =
            co_await tasks_->purge(runtime_.clock.wall_now() - options_.keep_finished);
        if (!purged) {
            core::log::warn("purge_failed", {{"error", purged.error()}});
        }
    }
}

std::int64_t QueueNode::estimated_seconds(std::size_t position) const {
    return static_cast<std::int64_t>(
        std::ceil(static_cast<double>(position) / dispatcher_->rate()));
}

std::optional<wire::QueueOutcome> QueueNode::over_limit(const wire::QueueSubmission& submission) {
    const auto refuse = [](const ratelimit::TakeResult& taken) {
        wire::QueueOutcome outcome;
        outcome.status = 429;
        outcome.detail =
            fmt::format("Rate limit exceeded. Please wait {} seconds.", taken.wait_seconds());
        outcome.retry_after = taken.retry_after_seconds();
        return outcome;
    };
    const auto now = runtime_.clock.mono_now();
    if (student_limiter_) {
        const auto key = std::to_string(submission.student_id.value());
        const auto taken = student_limiter_->try_take(key, now);
        if (!taken.allowed) {
            return refuse(taken);
        }
    }
    if (address_limiter_) {
        const auto taken =
            address_limiter_->try_take(submission.client_address.value_or("unknown"), now);
        if (!taken.allowed) {
            return refuse(taken);
        }
    }
    return std::nullopt;
}

async::Task<core::Result<wire::QueueOutcomeBatch>> QueueNode::submit_batch(
    wire::QueueSubmissionBatch batch) {
    wire::QueueOutcomeBatch answer;
    answer.results.resize(batch.tasks.size());
    std::vector<NewTask> tasks;
    std::vector<core::StudentId> students;
    std::vector<std::size_t> places;
    for (std::size_t i = 0; i < batch.tasks.size(); ++i) {
        if (auto refused = over_limit(batch.tasks[i])) {
            answer.results[i] = *std::move(refused);
        } else {
            tasks.push_back(new_task(batch.tasks[i]));
            students.push_back(batch.tasks[i].student_id);
            places.push_back(i);
        }
    }
    if (tasks.empty()) {
        co_return answer;
    }
    COURSESELECT_CO_TRY(const auto submitted, co_await tasks_->submit(std::move(tasks)));
    for (std::size_t i = 0; i < submitted.size(); ++i) {
        wire::QueueOutcome& outcome = answer.results[places[i]];
        if (!submitted[i]) {
            outcome = refusal(submitted[i].error());
            continue;
        }
        outcome.task_id = core::format_uuid(submitted[i]->task_id);
        outcome.position = static_cast<std::int64_t>(submitted[i]->position);
        outcome.estimated_time = estimated_seconds(submitted[i]->position);
        if (!submitted[i]->duplicate) {
            news_.queued(students[i], submitted[i]->task_id, submitted[i]->position);
        }
    }
    co_return answer;
}

async::Task<net::http::Response> QueueNode::submit_one(api::Context& context,
                                                       wire::QueueSubmission submission) {
    if (!submission.client_ref) {
        if (const auto key = context.request.header("Idempotency-Key")) {
            submission.client_ref = std::string(*key);
        }
    }
    if (!submission.client_address) {
        submission.client_address = context.client_address();
    }
    wire::QueueSubmissionBatch batch;
    batch.tasks.push_back(std::move(submission));
    const auto answer = co_await submit_batch(std::move(batch));
    if (!answer) {
        co_return api::error_response(answer.error());
    }
    const wire::QueueOutcome& outcome = answer->results.front();
    if (outcome.status != 200) {
        net::http::Response response = api::error_response(outcome.status, outcome.detail);
        if (outcome.retry_after) {
            response.headers.push_back({"Retry-After", std::to_string(*outcome.retry_after)});
        }
        co_return response;
    }
    net::http::Response response;
    response.body = json::to_text(wire::QueueReceipt{.task_id = outcome.task_id,
                                                     .position = outcome.position,
                                                     .estimated_time = outcome.estimated_time});
    co_return response;
}

async::Task<core::Result<wire::TaskStatus>> QueueNode::status(wire::TaskQuery query) {
    const auto id = core::parse_uuid(query.task_id);
    if (!id) {
        co_return task_missing();
    }
    COURSESELECT_CO_TRY(auto view, co_await tasks_->status(*id));
    const bool theirs = view && (!query.student_id || view->task.student == *query.student_id);
    if (!theirs) {
        co_return task_missing();
    }
    if (query.wait > 0 && !view->task.is_finished()) {
        COURSESELECT_CO_TRY(view, co_await tasks_->wait(*id, std::chrono::seconds(query.wait)));
        if (!view) {
            co_return task_missing();
        }
    }
    co_return to_wire(*view);
}

async::Task<core::Result<wire::Done>> QueueNode::cancel(wire::CancelQuery query) {
    const auto id = core::parse_uuid(query.task_id);
    if (!id) {
        co_return task_missing();
    }
    COURSESELECT_CO_TRY(const auto outcome, co_await tasks_->cancel(*id, query.student_id));
    if (outcome.kind == CancelOutcome::Kind::not_found) {
        co_return task_missing();
    }
    if (outcome.kind == CancelOutcome::Kind::not_cancellable) {
        co_return core::Error(core::Errc::failed_precondition,
                              fmt::format("Cannot cancel task with status: {}",
                                          courseselect::queue::name_of(outcome.status)));
    }
    news_.finished(query.student_id, *id, false, "Cancelled by user");
    co_return wire::Done{.message = "Task cancelled successfully"};
}

async::Task<core::Result<wire::QueueStats>> QueueNode::stats() {
    const auto statistics = tasks_->statistics();
    const auto count = [](std::size_t number) { return static_cast<std::int64_t>(number); };
    co_return wire::QueueStats{
        .pending_tasks = count(statistics.pending_tasks),
        .processing_tasks = count(statistics.processing_tasks),
        .completed_tasks_today = count(statistics.completed_tasks_today),
        .failed_tasks_today = count(statistics.failed_tasks_today),
        .average_processing_time = std::round(statistics.average_processing_time * 100) / 100,
        .queue_length = count(statistics.queue_length)};
}

async::Task<core::Result<wire::StudentTasks>> QueueNode::student_tasks(
    wire::StudentTasksQuery query) {
    TaskFilter filter{.student = query.student_id};
    if (query.status_filter) {
        filter.status = courseselect::queue::parse_task_status(*query.status_filter);
    }
    COURSESELECT_CO_TRY(
        const auto page,
        co_await tasks_->list(std::move(filter), static_cast<std::size_t>(query.limit)));
    wire::StudentTasks answer;
    for (const Task& task : page.tasks) {
        answer.tasks.push_back({.task_id = core::format_uuid(task.id),
                                .course_id = task.course,
                                .task_type = std::string(courseselect::queue::name_of(task.type)),
                                .status = std::string(courseselect::queue::name_of(task.status)),
                                .created_at = task.created_at,
                                .completed_at = task.completed_at});
    }
    co_return answer;
}

async::Task<core::Result<wire::TaskList>> QueueNode::list_tasks(wire::TaskListQuery query) {
    TaskFilter filter{.student = query.student_id};
    if (query.status_filter == "dead") {
        filter.given_up_only = true;
    } else if (query.status_filter) {
        filter.status = courseselect::queue::parse_task_status(*query.status_filter);
    }
    if (query.before) {
        filter.before = core::parse_uuid(*query.before);
        if (!filter.before) {
            co_return task_missing();
        }
    }
    const auto page =
        co_await tasks_->list(std::move(filter), static_cast<std::size_t>(query.limit));
    if (!page) {
        co_return page.error().reason() == "before" ? task_missing() : page.error();
    }
    wire::TaskList answer;
    for (const Task& task : page->tasks) {
        answer.tasks.push_back(details_of(task));
    }
    if (page->next_before) {
        answer.next_before = core::format_uuid(*page->next_before);
    }
    co_return answer;
}

async::Task<core::Result<wire::TaskDetails>> QueueNode::task(wire::TaskIdQuery query) {
    const auto id = core::parse_uuid(query.task_id);
    if (!id) {
        co_return task_missing();
    }
    COURSESELECT_CO_TRY(const auto view, co_await tasks_->status(*id));
    if (!view) {
        co_return task_missing();
    }
    co_return details_of(view->task);
}

async::Task<core::Result<wire::QueueHealth>> QueueNode::health() {
    wire::QueueHealth health;
    if (!writes_->statistics().worker_alive) {
        health.status = "unhealthy";
        health.error = "Service unavailable";
        health.database_connected = false;
        co_return health;
    }
    const auto statistics = tasks_->statistics();
    const std::size_t waiting = statistics.pending_tasks;
    health.status = waiting > options_.unhealthy_over  ? "unhealthy"
                    : waiting > options_.degraded_over ? "degraded"
                                                       : "healthy";
    health.queue_status = "active";
    health.pending_tasks = static_cast<std::int64_t>(waiting);
    health.processing_tasks = static_cast<std::int64_t>(statistics.processing_tasks);
    co_return health;
}

}  // namespace courseselect::nodes::queue
