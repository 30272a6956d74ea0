#include "courseselect/storage/write_queue.hpp"

#include <condition_variable>
#include <mutex>
#include <thread>

#include "courseselect/core/check.hpp"
#include "courseselect/core/clock.hpp"

namespace courseselect::storage {

namespace {

/// A chain of jobs, in order of arrival. Owns nothing.
struct JobList {
    detail::WriteJob* first = nullptr;
    detail::WriteJob* last = nullptr;
    std::size_t size = 0;

    void push(detail::WriteJob& job) {
        job.next = nullptr;
        (last != nullptr ? last->next : first) = &job;
        last = &job;
        ++size;
    }
    [[nodiscard]] JobList take(std::size_t count_max) {
        JobList taken;
        while (first != nullptr && taken.size < count_max) {
            detail::WriteJob& job = *first;
            first = job.next;
            --size;
            taken.push(job);
        }
        if (first == nullptr) {
            last = nullptr;
        }
        return taken;
    }
};

void fail_all(const JobList& group, const core::Error& error) {
    for (auto* job = group.first; job != nullptr; job = job->next) {
        job->fail(error);
    }
}

core::Error lost(const core::Error& cause) {
    return cause.code() == core::Errc::outcome_unknown
               ? cause
               : core::Error(core::Errc::unavailable, "commit_failed", cause.to_string());
}

/// Runs every job in a savepoint of its own; an error means that the transaction itself is lost.
core::Result<> run_in_savepoints(Connection& writer, const JobList& group) {
    for (auto* job = group.first; job != nullptr; job = job->next) {
        COURSESELECT_TRY_OK(writer.control(Control::savepoint));
        const bool keep = job->execute(writer);
        if (!writer.is_in_transaction()) {
            return core::Error(core::Errc::unavailable, "the engine rolled the transaction back");
        }
        COURSESELECT_TRY_OK(
            writer.control(keep ? Control::release_savepoint : Control::rollback_to_savepoint));
    }
    return {};
}

/// One transaction for the whole group. Success means that it is durable.
core::Result<> run_group(Connection& writer, const JobList& group) {
    COURSESELECT_TRY_OK(writer.control(Control::begin_write));
    if (group.size == 1) {  // the transaction itself isolates a lone job
        const bool keep = group.first->execute(writer);
        if (!keep) {
            return writer.is_in_transaction() ? writer.control(Control::rollback)
                                              : core::Result<>();
        }
    } else {
        COURSESELECT_TRY_OK(run_in_savepoints(writer, group));
    }
    return writer.control(Control::commit);
}

}  // namespace

struct WriteQueue::State : std::enable_shared_from_this<State> {
    State(async::EventLoop& l, std::unique_ptr<Connection> w, WriteQueueOptions o)
        : loop(l), writer(std::move(w)), options(o) {}

    void work() {
        std::unique_lock lock(mutex);
        while (true) {
            wake.wait(lock, [this] { return closing || waiting.first != nullptr; });
            if (waiting.first == nullptr) {
                break;
            }
            const JobList group = waiting.take(options.group_max);
            pending_results += group.size;
            lock.unlock();
            execute(group);
            lock.lock();
        }
        alive = false;
        lock.unlock();
        // Behind the results of the last group: whoever waits for the end has seen them all.
        loop.post([self = shared_from_this()] { self->ended.set(true); });
    }

    void execute(const JobList& group) {
        const core::MonoTime started = clock.mono_now();
        const auto done = run_group(*writer, group);
        figures.group_sizes.observe(group.size);
        figures.group_times.observe(clock.mono_now() - started);
        if (!done) {
            figures.failed_groups.add();
            if (writer->is_in_transaction()) {
                [[maybe_unused]] const auto undone = writer->control(Control::rollback);
            }
            fail_all(group, lost(done.error()));
        }
        {
            const std::lock_guard lock(mutex);
            closures += group.size;
            ++groups;
        }
        loop.post([self = shared_from_this(), group] { self->deliver(group); });
        writer->maintain();
    }

    void deliver(const JobList& group) {
        {
            const std::lock_guard lock(mutex);
            pending_results -= group.size;
        }
        for (auto* job = group.first; job != nullptr;) {
            auto* const next = job->next;
            job->finish();
            job = next;
        }
    }

    /// Lets the thread finish what is queued, and waits for it.
    void close() {
        {
            const std::lock_guard lock(mutex);
            closing = true;
        }
        wake.notify_one();
        if (thread.joinable()) {
            thread.join();
        }
        writer.reset();  // results still on their way to the loop must not keep it open
    }

    async::EventLoop& loop;
    std::unique_ptr<Connection> writer;
    const WriteQueueOptions options;
    const core::SystemClock clock;  // how long a commit took is told to operators, nothing else
    WriteQueueFigures figures;
    mutable std::mutex mutex;
    std::condition_variable wake;
    JobList waiting;
    std::size_t pending_results = 0;
    std::uint64_t closures = 0;
    std::uint64_t groups = 0;
    bool closing = false;
    bool alive = true;
    async::Completion<bool> ended;  // the loop's thread
    std::thread thread;
};

WriteQueue::WriteQueue(async::EventLoop& loop, std::unique_ptr<Connection> writer,
                       WriteQueueOptions options)
    : state_(std::make_shared<State>(loop, std::move(writer), options)) {
    state_->thread = std::thread([state = state_.get()] { state->work(); });
}

WriteQueue::~WriteQueue() { state_->close(); }

std::optional<core::Error> WriteQueue::enqueue(detail::WriteJob& job) {
    bool was_idle = false;
    {
        const std::lock_guard lock(state_->mutex);
        if (state_->closing) {
            return core::Error(core::Errc::unavailable, "write_queue_stopped",
                               "The database is being closed");
        }
        if (state_->waiting.size >= state_->options.queued_max) {
            return core::Error(core::Errc::resource_exhausted, "write_queue_full",
                               "The server is busy, try again shortly");
        }
        was_idle = state_->waiting.first == nullptr;
        state_->waiting.push(job);
    }
    if (was_idle) {
        state_->wake.notify_one();
    }
    return std::nullopt;
}

async::Task<> WriteQueue::stop() {
    {
        const std::lock_guard lock(state_->mutex);
        state_->closing = true;
    }
    state_->wake.notify_one();
    auto& ended = state_->ended;
    if (!ended.is_set()) {
        co_await ended;
    }
    state_->close();
}

const WriteQueueFigures& WriteQueue::figures() const { return state_->figures; }

WriteQueueStatistics WriteQueue::statistics() const {
    const std::lock_guard lock(state_->mutex);
    return {.queue_size = state_->waiting.size,
            .pending_results = state_->pending_results,
            .worker_alive = state_->alive,
            .queue_enabled = !state_->closing,
            .closures = state_->closures,
            .groups = state_->groups};
}

}  // namespace courseselect::storage
