#include "courseselect/queue/sqlite_task_queue.hpp"

#include <utility>

#include "sqlite_task_store.hpp"
#include "stored_task_queue.hpp"

namespace courseselect::queue {

async::Task<core::Result<std::unique_ptr<TaskQueue>>> open_task_queue(
    async::EventLoop& loop, const core::Clock& clock, storage::WriteQueue& writer,
    storage::ReaderPool& readers, RandomBytes random, TaskQueueOptions options) {
    std::uint64_t new_key = 0;
    for (const std::uint8_t byte : random()) {
        new_key = new_key << 8 | byte;
    }
    COURSESELECT_CO_TRY(auto stored, co_await SqliteTaskStore::read_all(writer, readers,
                                                                        clock.wall_now(), new_key));
    std::unique_ptr<TaskStore> store = std::make_unique<SqliteTaskStore>(writer, readers);
    co_return std::unique_ptr<TaskQueue>(std::make_unique<StoredTaskQueue>(
        loop, clock, std::move(store), std::move(stored), std::move(random), options));
}

}  // namespace courseselect::queue
