#pragma once
/// Keeps SQLite's write-ahead log short without making commits wait.

#include <sqlite3.h>

#include <condition_variable>
#include <cstddef>
#include <memory>
#include <mutex>
#include <thread>

#include "sqlite_connection.hpp"

namespace courseselect::storage::sqlite {

/// A thread of its own copies the log into the database ("passive" checkpoint) once it is
/// `background_pages` long; commits go on meanwhile. Under constant writing that alone never
/// reaches the end of the log, which then only grows. So at `pages_max` the writer, between two
/// commits, copies the little that is left; then the log starts anew.
class Checkpointer final : public WalKeeper {
  public:
    Checkpointer(std::unique_ptr<SqliteConnection> connection, std::size_t background_pages,
                 std::size_t pages_max);
    ~Checkpointer();
    Checkpointer(const Checkpointer&) = delete;
    Checkpointer& operator=(const Checkpointer&) = delete;

    void wal_has(std::size_t pages, sqlite3* writer) override;

  private:
    void work();

    const std::size_t background_pages_;
    const std::size_t pages_max_;
    const std::unique_ptr<SqliteConnection> connection_;
    std::size_t asked_at_ = 0;  // pages at the last request; the writer's thread
    std::mutex one_at_a_time_;  // held while a checkpoint runs
    std::mutex mutex_;
    std::condition_variable wake_;
    bool wanted_ = false;
    bool closing_ = false;
    std::thread thread_;
};

}  // namespace courseselect::storage::sqlite
