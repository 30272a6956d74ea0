#include "stored_task_queue.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "courseselect/core/check.hpp"

namespace courseselect::queue {

namespace {

core::Error invalid(const char* reason, std::string detail) {
    return {core::Errc::invalid_argument, reason, std::move(detail)};
}

core::Error batch_too_large() { return invalid("batch_too_large", "Too many tasks in one batch"); }

}  // namespace

StoredTaskQueue::StoredTaskQueue(async::EventLoop& loop, const core::Clock& clock,
                                 std::unique_ptr<TaskStore> store, StoredTasks stored,
                                 RandomBytes random, TaskQueueOptions options)
    : loop_(loop),
      clock_(clock),
      store_(std::move(store)),
      random_(std::move(random)),
      options_(options),
      codec_(stored.id_key),
      last_sequence_(stored.last_sequence),
      metrics_(clock.wall_now(), stored.completed_today, stored.failed_today),
      background_(loop) {
    for (const auto& [sequence, student] : stored.all) {
        history_[student].push_back(sequence);
    }
    for (Task& task : stored.unfinished) {
        task.redelivered = true;  // nobody knows what was under way when the last process ended
        index_.add(task.sequence, task.student, task.priority);
        tasks_.emplace(task.sequence, std::move(task));
    }
}

// --- submit ---

async::Task<core::Result<std::vector<core::Result<Submitted>>>> StoredTaskQueue::submit(
    std::vector<NewTask> tasks) {
    if (tasks.size() > options_.batch_max) {
        co_return batch_too_large();
    }
    const core::WallTime now = clock_.wall_now();
    std::vector<core::Result<Submitted>> answers;
    std::vector<Task> accepted;
    for (NewTask& wanted : tasks) {
        auto fault = fault_of(wanted);
        if (!fault && index_.size() + submitting_ + accepted.size() >= options_.pending_max) {
            fault.emplace(core::Errc::resource_exhausted, "queue_full",
                          "Too many tasks are waiting, try again later");
        }
        if (fault) {
            answers.emplace_back(*std::move(fault));
            continue;
        }
        answers.emplace_back(Submitted{});
        accepted.push_back(make_task(std::move(wanted), now));
    }
    if (accepted.empty()) {
        co_return answers;
    }
    submitting_ += accepted.size();
    const auto stored = co_await store_->insert(accepted);
    submitting_ -= accepted.size();
    if (!stored) {
        co_return stored.error();
    }
    auto next = accepted.begin();
    for (auto& answer : answers) {
        if (answer) {
            const auto place = static_cast<std::size_t>(next - accepted.begin());
            answer = admit(std::move(*next), (*stored)[place]);
            ++next;
        }
    }
    wake_dispatcher();
    co_return answers;
}

std::optional<core::Error> StoredTaskQueue::fault_of(const NewTask& task) const {
    if (!task.student.is_set() || !task.course.is_set()) {
        return invalid("ids", "student_id and course_id must be positive");
    }
    if (std::abs(task.priority) > options_.priority_max) {
        return invalid("priority", "priority must be between -" +
                                       std::to_string(options_.priority_max) + " and " +
                                       std::to_string(options_.priority_max));
    }
    if (task.client_ref &&
        (task.client_ref->empty() || task.client_ref->size() > options_.client_ref_bytes_max)) {
        return invalid("client_ref", "client_ref must have 1 to " +
                                         std::to_string(options_.client_ref_bytes_max) + " bytes");
    }
    return std::nullopt;
}

Task StoredTaskQueue::make_task(NewTask wanted, core::WallTime now) {
    Task task;
    task.sequence = ++last_sequence_;
    task.id = codec_.make(task.sequence, random_());
    task.student = wanted.student;
    task.course = wanted.course;
    task.type = wanted.type;
    task.priority = wanted.priority;
    task.created_at = now;
    task.client_ref = std::move(wanted.client_ref);
    return task;
}

core::Result<Submitted> StoredTaskQueue::admit(Task task, const Inserted& inserted) {
    if (inserted.existing) {
        const Task& known = *inserted.existing;
        if (known.course != task.course || known.type != task.type) {
            return core::Error(core::Errc::conflict, "client_ref_reused",
                               "This client_ref belongs to a task with other content");
        }
        return Submitted{known.id, index_.position(known.sequence).value_or(0), true};
    }
    const std::int64_t sequence = task.sequence;
    Submitted receipt{task.id, 0, false};
    index_.add(sequence, task.student, task.priority);
    history_[task.student].push_back(sequence);
    tasks_.emplace(sequence, std::move(task));
    receipt.position = index_.position(sequence).value_or(0);
    return receipt;
}

// --- hand out ---

std::vector<Task> StoredTaskQueue::take(std::size_t limit) {
    expire_leases();
    const core::WallTime now = clock_.wall_now();
    std::vector<Task> taken;
    const std::size_t bound = std::min(limit, options_.batch_max);
    for (const std::int64_t sequence :
         index_.take(bound, clock_.mono_now() + options_.patience.lease)) {
        Task& task = tasks_.at(sequence);
        if (!task.started_at) {
            task.started_at = now;
        }
        taken.push_back(current(task));
    }
    return taken;
}

void StoredTaskQueue::expire_leases() {
    for (const std::int64_t sequence : index_.expire(clock_.mono_now())) {
        tasks_.at(sequence).redelivered = true;
    }
}

void StoredTaskQueue::give_back(const std::vector<core::Uuid>& task_ids, bool may_have_run) {
    for (const core::Uuid& id : task_ids) {
        const Task* const task = find_open(id);
        if (task != nullptr && index_.is_processing(task->sequence)) {
            tasks_.at(task->sequence).redelivered |= may_have_run;
            index_.put_back(task->sequence, std::nullopt);
        }
    }
    wake_dispatcher();
}

// --- outcomes ---

async::Task<core::Result<>> StoredTaskQueue::complete(std::vector<Finished> finished) {
    if (finished.size() > options_.batch_max) {
        co_return batch_too_large();
    }
    const core::WallTime now = clock_.wall_now();
    std::vector<Task> done;
    for (Finished& outcome : finished) {
        const Task* const open = find_open(outcome.task_id);
        if (open == nullptr) {
            continue;
        }
        Task task = *open;
        task.status = outcome.success ? TaskStatus::completed : TaskStatus::failed;
        task.message = std::move(outcome.message);
        task.reasons_json = std::move(outcome.reasons_json);
        task.started_at = task.started_at.value_or(now);
        task.completed_at = now;
        begin_writing(task.sequence);
        done.push_back(std::move(task));
    }
    if (done.empty()) {
        co_return core::Result<>();
    }
    co_return co_await finish(std::move(done));
}

async::Task<core::Result<>> StoredTaskQueue::finish(std::vector<Task> tasks) {
    const auto stored = co_await store_->finish(tasks);
    for (Task& task : tasks) {
        end_writing(task.sequence);
        if (stored) {
            note_finished(std::move(task));
        }
    }
    wake_dispatcher();  // the students' next tasks may run now
    co_return stored;
}

void StoredTaskQueue::begin_writing(std::int64_t sequence) {
    writing_.insert(sequence);
    index_.hold(sequence, core::MonoTime::max());
}

void StoredTaskQueue::end_writing(std::int64_t sequence) {
    writing_.erase(sequence);
    index_.hold(sequence, clock_.mono_now() + options_.patience.lease);
}

void StoredTaskQueue::note_finished(Task task) {
    const std::int64_t sequence = task.sequence;
    index_.remove(sequence);
    metrics_.turn_day(clock_.wall_now());
    metrics_.count(task.status == TaskStatus::completed);
    if (task.started_at) {
        metrics_.measure(*task.completed_at - *task.started_at);
    }
    tasks_.insert_or_assign(sequence, std::move(task));
    finished_order_.push_back(sequence);
    while (finished_order_.size() > options_.finished_cached_max) {
        tasks_.erase(finished_order_.front());
        finished_order_.pop_front();
    }
    const auto [first, last] = waiters_.equal_range(sequence);
    for (auto waiter = first; waiter != last; ++waiter) {
        wake(waiter->second);
    }
    waiters_.erase(first, last);
}

async::Task<core::Result<RetryOutcome>> StoredTaskQueue::retry(core::Uuid task_id,
                                                               std::string reason) {
    Task* const open = find_open(task_id);
    if (open == nullptr || !index_.is_processing(open->sequence)) {
        co_return RetryOutcome::not_running;
    }
    Task task = *open;
    const std::int64_t sequence = task.sequence;
    ++task.attempts;
    task.redelivered = true;
    task.message = std::move(reason);
    begin_writing(sequence);
    if (task.attempts >= options_.patience.attempts_max) {
        task.status = TaskStatus::failed;
        task.given_up = true;
        task.completed_at = clock_.wall_now();
        std::vector<Task> dead;
        dead.push_back(std::move(task));
        COURSESELECT_CO_TRY_OK(co_await finish(std::move(dead)));
        co_return RetryOutcome::dead_letter;
    }
    const auto saved = co_await store_->save_attempt(task);
    end_writing(sequence);
    if (!saved) {
        co_return saved.error();
    }
    Task& kept = tasks_.at(sequence);
    kept.attempts = task.attempts;
    kept.message = std::move(task.message);
    kept.redelivered = true;
    index_.put_back(sequence, clock_.mono_now() + retry_delay(task.attempts));
    wake_dispatcher();
    co_return RetryOutcome::scheduled;
}

std::chrono::milliseconds StoredTaskQueue::retry_delay(int attempts) {
    auto delay = options_.patience.retry_delay_min;
    for (int i = 1; i < attempts && delay < options_.patience.retry_delay_max; ++i) {
        delay *= 2;
    }
    delay = std::min(delay, options_.patience.retry_delay_max);
    // Half to all of it, so that tasks which failed together do not return together.
    const auto random = random_();
    return delay / 2 + delay * random[0] / 510;
}

async::Task<core::Result<CancelOutcome>> StoredTaskQueue::cancel(core::Uuid task_id,
                                                                 core::StudentId student) {
    using Kind = CancelOutcome::Kind;
    const auto known = co_await status(task_id);
    if (!known) {
        co_return known.error();
    }
    if (!*known || (*known)->task.student != student) {
        co_return CancelOutcome{};
    }
    const Task* const open = find_open(task_id);
    if (open == nullptr || open->redelivered || index_.is_processing(open->sequence)) {
        // It may run, or may have run, or it is being written just now.
        const TaskStatus now = (*known)->task.status;
        co_return CancelOutcome{Kind::not_cancellable,
                                now == TaskStatus::pending ? TaskStatus::processing : now};
    }
    Task task = *open;
    task.status = TaskStatus::failed;
    task.message = "Cancelled by user";
    task.reasons_json = "[]";
    task.completed_at = clock_.wall_now();
    const std::int64_t sequence = task.sequence;
    begin_writing(sequence);
    std::vector<Task> cancelled;
    cancelled.push_back(std::move(task));
    const auto stored = co_await finish(std::move(cancelled));
    if (!stored) {
        index_.put_back(sequence, std::nullopt);
        wake_dispatcher();
        co_return stored.error();
    }
    co_return CancelOutcome{Kind::cancelled, TaskStatus::failed};
}

}  // namespace courseselect::queue
