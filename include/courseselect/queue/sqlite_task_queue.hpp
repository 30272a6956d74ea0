#pragma once
/// The task queue in a database.

#include <memory>
#include <span>

#include "courseselect/queue/task_queue.hpp"
#include "courseselect/storage/migration.hpp"
#include "courseselect/storage/reader_pool.hpp"
#include "courseselect/storage/write_queue.hpp"

namespace courseselect::queue {

/// The queue's own schema, for `storage::migrate` on its own database file.
[[nodiscard]] std::span<const storage::Migration> task_queue_migrations();

/// Opens the queue in a migrated database and rebuilds its order in memory (one pass over the
/// tasks). The references must outlive the queue. Errors: those of the storage.
[[nodiscard]] async::Task<core::Result<std::unique_ptr<TaskQueue>>> open_task_queue(
    async::EventLoop& loop, const core::Clock& clock, storage::WriteQueue& writer,
    storage::ReaderPool& readers, RandomBytes random, TaskQueueOptions options = {});

}  // namespace courseselect::queue
