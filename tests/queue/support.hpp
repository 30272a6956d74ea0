#pragma once
/// Task queues of both kinds for tests.

#include <cstring>
#include <memory>
#include <random>

#include "courseselect/queue/sqlite_task_queue.hpp"
#include "storage/support.hpp"
#include "support/run.hpp"
#include "support/temp_dir.hpp"

namespace courseselect::test {

inline queue::RandomBytes seeded_bytes(std::uint64_t seed) {
    return [random = std::mt19937_64(seed)]() mutable {
        std::array<std::uint8_t, 16> bytes{};
        for (std::size_t i = 0; i < bytes.size(); i += 8) {
            const std::uint64_t word = random();
            std::memcpy(bytes.data() + i, &word, 8);
        }
        return bytes;
    };
}

struct MemoryQueue {
    explicit MemoryQueue(queue::TaskQueueOptions options = {})
        : tasks(queue::make_memory_task_queue(loop, clock, seeded_bytes(1), options)) {}

    static constexpr bool is_durable = false;
    async::EventLoop loop;
    core::ManualClock clock;
    std::unique_ptr<queue::TaskQueue> tasks;
};

/// A queue in a file; `reopen` is what a restart does.
struct SqliteQueue {
    explicit SqliteQueue(queue::TaskQueueOptions o = {}) : options(o) { open(); }
    explicit SqliteQueue(std::string existing) : path(std::move(existing)) { open(); }
    ~SqliteQueue() { shut(); }
    void reopen() {
        shut();
        open();
    }

    static constexpr bool is_durable = true;
    TempDir dir;
    std::string path = dir.file("queue.db");
    queue::TaskQueueOptions options;
    async::EventLoop loop;
    core::ManualClock clock;
    storage::Faults faults;
    std::unique_ptr<storage::Database> database;
    std::unique_ptr<storage::WriteQueue> writer;
    std::unique_ptr<storage::ReaderPool> readers;
    std::unique_ptr<queue::TaskQueue> tasks;

  private:
    void open() {
        database = open_database(path, {.faults = &faults});
        auto connection = must(database->connect_writer());
        must(storage::migrate(*connection, queue::task_queue_migrations(), clock));
        writer = std::make_unique<storage::WriteQueue>(loop, std::move(connection));
        readers = must(storage::ReaderPool::open(loop, *database));
        run(loop, open_tasks(*this));
    }
    void shut() {
        tasks.reset();
        writer.reset();
        loop.poll();
        readers.reset();
        database.reset();
    }
    static async::Task<> open_tasks(SqliteQueue& self) {
        auto random = seeded_bytes(2);
        auto opened = co_await queue::open_task_queue(
            self.loop, self.clock, *self.writer, *self.readers, std::move(random), self.options);
        self.tasks = must(std::move(opened));
    }
};

}  // namespace courseselect::test
