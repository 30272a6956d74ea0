#pragma once
/// The task queue: order in memory, tasks in a `TaskStore`.

#include <deque>
#include <memory>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "courseselect/async/completion.hpp"
#include "courseselect/async/task_group.hpp"
#include "courseselect/queue/detail/queue_index.hpp"
#include "courseselect/queue/detail/task_id_codec.hpp"
#include "courseselect/queue/task_queue.hpp"
#include "queue_metrics.hpp"
#include "task_store.hpp"

namespace courseselect::queue {

class StoredTaskQueue final : public TaskQueue {
  public:
    StoredTaskQueue(async::EventLoop& loop, const core::Clock& clock,
                    std::unique_ptr<TaskStore> store, StoredTasks stored, RandomBytes random,
                    TaskQueueOptions options);

    async::Task<core::Result<std::vector<core::Result<Submitted>>>> submit(
        std::vector<NewTask> tasks) override;
    std::vector<Task> take(std::size_t limit) override;
    async::Task<> wait_for_work(std::chrono::milliseconds at_most) override;
    async::Task<core::Result<>> complete(std::vector<Finished> finished) override;
    async::Task<core::Result<RetryOutcome>> retry(core::Uuid task_id, std::string reason) override;
    void give_back(const std::vector<core::Uuid>& task_ids, bool may_have_run) override;
    async::Task<core::Result<CancelOutcome>> cancel(core::Uuid task_id,
                                                    core::StudentId student) override;
    async::Task<core::Result<std::optional<TaskView>>> status(core::Uuid task_id) override;
    async::Task<core::Result<std::optional<TaskView>>> wait(
        core::Uuid task_id, std::chrono::milliseconds at_most) override;
    async::Task<core::Result<TaskPage>> list(TaskFilter filter, std::size_t limit) override;
    QueueStatistics statistics() override;
    async::Task<core::Result<std::size_t>> purge(core::WallTime before) override;
    void set_patience(const Patience& patience) override { options_.patience = patience; }
    void end_waits() override;
    async::Task<> close() override;

  private:
    using Waiter = std::shared_ptr<struct WaitState>;

    [[nodiscard]] std::optional<core::Error> fault_of(const NewTask& task) const;
    [[nodiscard]] Task make_task(NewTask wanted, core::WallTime now);
    [[nodiscard]] core::Result<Submitted> admit(Task task, const Inserted& inserted);
    [[nodiscard]] Task* find(const core::Uuid& id);
    /// A task that is neither finished nor being written.
    [[nodiscard]] Task* find_open(const core::Uuid& id);
    [[nodiscard]] Task current(Task task) const;
    [[nodiscard]] TaskView view_of(const Task& task) const;
    void expire_leases();

    /// Keeps a task from being handed out or changed while its outcome is being written.
    void begin_writing(std::int64_t sequence);
    void end_writing(std::int64_t sequence);
    void note_finished(Task task);
    [[nodiscard]] async::Task<core::Result<>> finish(std::vector<Task> tasks);
    [[nodiscard]] std::chrono::milliseconds retry_delay(int attempts);
    /// Tasks with a sequence below `before`, newest first: a student's, or all.
    [[nodiscard]] async::Task<core::Result<std::vector<Task>>> older(TaskFilter filter,
                                                                     std::int64_t before,
                                                                     std::size_t limit);
    [[nodiscard]] async::Task<core::Result<std::vector<Task>>> gather(
        std::vector<std::int64_t> sequences);
    void forget(const PurgeStep& step);

    void wake(const Waiter& waiter);
    void wake_dispatcher();
    static async::Task<> end_wait(async::EventLoop& loop, Waiter waiter,
                                  std::chrono::milliseconds at_most);

    async::EventLoop& loop_;
    const core::Clock& clock_;
    const std::unique_ptr<TaskStore> store_;
    RandomBytes random_;
    TaskQueueOptions options_;
    const detail::TaskIdCodec codec_;
    std::int64_t last_sequence_;
    std::size_t submitting_ = 0;  ///< tasks on their way into the store
    detail::QueueIndex index_;
    std::unordered_map<std::int64_t, Task> tasks_;  ///< unfinished and recently finished
    std::deque<std::int64_t> finished_order_;
    std::unordered_set<std::int64_t> writing_;
    std::unordered_map<core::StudentId, std::vector<std::int64_t>> history_;
    QueueMetrics metrics_;
    std::unordered_multimap<std::int64_t, Waiter> waiters_;
    Waiter dispatcher_;
    bool closing_ = false;
    bool waits_ended_ = false;
    async::TaskGroup background_;
};

}  // namespace courseselect::queue
