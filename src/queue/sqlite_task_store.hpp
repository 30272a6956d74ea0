#pragma once
/// `TaskStore` in a database.

#include "courseselect/storage/reader_pool.hpp"
#include "courseselect/storage/write_queue.hpp"
#include "task_store.hpp"

namespace courseselect::queue {

/// Two tables that only grow at their end: `tasks` when submitted, `outcomes` when finished. No
/// index on ids or students (see `TaskIdCodec`; the queue knows each student's tasks in memory),
/// so that a group commit writes few pages.
class SqliteTaskStore final : public TaskStore {
  public:
    SqliteTaskStore(storage::WriteQueue& writer, storage::ReaderPool& readers)
        : writer_(writer), readers_(readers) {}

    /// Reads what a queue is rebuilt from; `now` says which day is today. `new_key` becomes the
    /// key of the ids if the database has none yet.
    [[nodiscard]] static async::Task<core::Result<StoredTasks>> read_all(
        storage::WriteQueue& writer, storage::ReaderPool& readers, core::WallTime now,
        std::uint64_t new_key);

    async::Task<core::Result<std::vector<Inserted>>> insert(std::vector<Task> tasks) override;
    async::Task<core::Result<>> finish(std::vector<Task> tasks) override;
    async::Task<core::Result<>> save_attempt(Task task) override;
    async::Task<core::Result<std::vector<Task>>> load(std::vector<std::int64_t> sequences) override;
    async::Task<core::Result<std::vector<Task>>> older(std::int64_t before, bool given_up_only,
                                                       std::size_t limit) override;
    async::Task<core::Result<PurgeStep>> purge(core::WallTime before, std::int64_t cursor,
                                               std::size_t step) override;

  private:
    storage::WriteQueue& writer_;
    storage::ReaderPool& readers_;
};

}  // namespace courseselect::queue
