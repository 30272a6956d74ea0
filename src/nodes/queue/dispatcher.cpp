#include "courseselect/nodes/queue/dispatcher.hpp"

#include <algorithm>
#include <iterator>
#include <string_view>
#include <utility>

#include "courseselect/async/sleep.hpp"
#include "courseselect/core/uuid.hpp"
#include "courseselect/json/reader.hpp"
#include "courseselect/json/writer.hpp"

namespace courseselect::nodes::queue {
namespace {

using courseselect::queue::Finished;
using courseselect::queue::Task;

constexpr const char* refused_reason = "The data node cannot process this task";
constexpr const char* late_reason =
    "No decision within the time limit; look at your courses, it may have been carried out";

net::http::ClientRequest decision_request(const std::vector<Task>& tasks,
                                          const std::string& internal_token) {
    wire::DecisionBatch batch;
    batch.tasks.reserve(tasks.size());
    for (const Task& task : tasks) {
        batch.tasks.push_back({.task_id = core::format_uuid(task.id),
                               .student_id = task.student,
                               .course_id = task.course,
                               .task_type = std::string(courseselect::queue::name_of(task.type)),
                               .redelivered = task.redelivered});
    }
    net::http::ClientRequest request;
    request.method = net::http::Method::post;
    request.target = "/internal/decisions";
    request.headers.push_back({"Internal-Token", internal_token});
    request.body = json::to_text(batch);
    return request;
}

std::vector<Finished> finished_from(const std::vector<Task>& tasks,
                                    const wire::DecisionBatchAnswer& answer) {
    std::vector<Finished> finished;
    finished.reserve(tasks.size());
    for (std::size_t i = 0; i < tasks.size(); ++i) {
        const wire::Decision& decision = answer.decisions[i];
        finished.push_back(
            {.task_id = tasks[i].id,
             .success = decision.accepted,
             .message = decision.accepted ? "Task completed successfully" : decision.message,
             .reasons_json = json::to_text(decision.reasons)});
    }
    return finished;
}

/// The request never reached the data node (see `net::http::Client::send`).
bool did_not_arrive(const core::Error& error) {
    return error.code() == core::Errc::unavailable ||
           error.code() == core::Errc::deadline_exceeded ||
           error.code() == core::Errc::resource_exhausted;
}

bool took_too_long(const core::Error& error) {
    return error.code() == core::Errc::outcome_unknown && error.reason() == "timeout";
}

/// The answer holds one decision for each task, in order; anything else is a fault.
bool answers_all(const std::vector<Task>& tasks, const wire::DecisionBatchAnswer& answer) {
    return std::equal(tasks.begin(), tasks.end(), answer.decisions.begin(), answer.decisions.end(),
                      [](const Task& task, const wire::Decision& decision) {
                          return core::format_uuid(task.id) == decision.task_id;
                      });
}

}  // namespace

Dispatcher::Dispatcher(Runtime runtime, courseselect::queue::TaskQueue& tasks,
                       net::http::Client& data_node, std::string internal_token,
                       DispatcherOptions options)
    : runtime_(runtime),
      tasks_(tasks),
      data_node_(data_node),
      internal_token_(std::move(internal_token)),
      options_(options),
      completions_(runtime.loop),
      completion_ended_(runtime.loop),
      pause_(options.pause_min),
      measured_at_(runtime.clock.mono_now()) {}

async::Task<> Dispatcher::run(std::stop_token stop) {
    while (!stop.stop_requested()) {
        const Tasks tasks = tasks_.take(options_.batch_max);
        if (tasks.empty()) {
            co_await tasks_.wait_for_work(std::chrono::milliseconds(200));
            continue;
        }
        const core::MonoTime started = runtime_.clock.mono_now();
        const Sent sent = co_await send(tasks);
        sent_[static_cast<std::size_t>(sent)].add();
        if (sent == Sent::done) {
            batch_sizes_.observe(tasks.size());
            decision_times_.observe(runtime_.clock.mono_now() - started);
        }
        if (sent == Sent::away || sent == Sent::lost) {
            give_back(tasks, sent == Sent::lost);
            co_await pause(stop);
        } else if (sent == Sent::late) {
            co_await count_attempt(tasks, late_reason);
        } else if (sent == Sent::refused) {
            co_await send_one_by_one(tasks, stop);
        } else {
            pause_ = options_.pause_min;
        }
        while (completions_.running() >= options_.completions_max) {
            co_await completion_ended_.wait();
        }
    }
    co_await completions_.join();
}

async::Task<Dispatcher::Sent> Dispatcher::send(const Tasks& tasks) {
    auto request = decision_request(tasks, internal_token_);
    const auto response = co_await data_node_.send(std::move(request), options_.time_limit);
    if (!response) {
        if (took_too_long(response.error())) {
            co_return Sent::late;
        }
        co_return did_not_arrive(response.error()) ? Sent::away : Sent::lost;
    }
    if (response->status == 503 || response->status == 429) {
        co_return response->status == 429 ? Sent::away : Sent::lost;
    }
    if (response->status != 200) {
        co_return Sent::refused;
    }
    const auto answer = json::parse<wire::DecisionBatchAnswer>(response->body);
    if (!answer || !answers_all(tasks, *answer)) {
        co_return Sent::refused;
    }
    measure(tasks.size());
    completions_.spawn(store(tasks, finished_from(tasks, *answer)));
    co_return Sent::done;
}

async::Task<> Dispatcher::send_one_by_one(const Tasks& tasks, std::stop_token stop) {
    for (std::size_t i = 0; i < tasks.size(); ++i) {
        const Tasks one{tasks[i]};
        const Sent sent = co_await send(one);
        auto rest = tasks.begin() + static_cast<std::ptrdiff_t>(i);
        if (sent == Sent::refused) {
            co_await count_attempt(one, refused_reason);
        } else if (sent == Sent::late) {
            co_await count_attempt(one, late_reason);
            give_back(Tasks(++rest, tasks.end()), true);
            co_return;
        } else if (sent != Sent::done) {
            give_back(Tasks(rest, tasks.end()), true);
            co_await pause(stop);
            co_return;
        }
    }
}

async::Task<> Dispatcher::count_attempt(Tasks tasks, std::string reason) {
    for (const Task& task : tasks) {
        const auto outcome = co_await tasks_.retry(task.id, reason);
        if (!outcome) {
            give_back(Tasks{task}, true);
        } else if (*outcome == courseselect::queue::RetryOutcome::dead_letter && on_finished_) {
            on_finished_(task, false, reason);
        }
    }
}

async::Task<> Dispatcher::pause(std::stop_token stop) {
    co_await async::sleep_for(runtime_.loop, pause_, stop);
    pause_ = std::min(2 * pause_, options_.pause_max);
}

async::Task<> Dispatcher::store(Tasks tasks, std::vector<Finished> finished) {
    const auto stored = co_await tasks_.complete(finished);
    if (!stored) {
        give_back(tasks, true);  // decided already; the data node will say so again
    } else if (on_finished_) {
        for (std::size_t i = 0; i < tasks.size(); ++i) {
            on_finished_(tasks[i], finished[i].success, finished[i].message);
        }
    }
    completion_ended_.notify_all();
}

void Dispatcher::give_back(const Tasks& tasks, bool may_have_run) {
    std::vector<core::Uuid> ids;
    ids.reserve(tasks.size());
    for (const Task& task : tasks) {
        ids.push_back(task.id);
    }
    tasks_.give_back(ids, may_have_run);
}

void Dispatcher::measure(std::size_t decided) {
    decided_since_ += decided;
    const auto now = runtime_.clock.mono_now();
    const double seconds = std::chrono::duration<double>(now - measured_at_).count();
    if (seconds >= 0.2) {
        const double lately = static_cast<double>(decided_since_) / seconds;
        // After an idle phase the figure says nothing about what the nodes can do.
        rate_ = seconds > 2 ? rate_ : std::max(1.0, 0.7 * rate_ + 0.3 * lately);
        measured_at_ = now;
        decided_since_ = 0;
    }
}

void Dispatcher::collect(metrics::Scrape& scrape) const {
    constexpr std::string_view results[] = {"decided", "away", "lost", "refused", "late"};
    for (std::size_t i = 0; i < std::size(results); ++i) {
        scrape.counter("courseselect_dispatcher_batches_total",
                       "Batches sent to the data node, by what became of them.", sent_[i],
                       {{"result", results[i]}});
    }
    scrape.histogram("courseselect_dispatcher_batch_size", "Tasks in a batch that was decided.",
                     batch_sizes_);
    scrape.histogram("courseselect_dispatcher_decision_duration_seconds",
                     "Time from sending a batch to having its decisions.", decision_times_);
    scrape.gauge("courseselect_dispatcher_decisions_per_second", "Decisions a second, lately.",
                 rate_);
}

}  // namespace courseselect::nodes::queue
