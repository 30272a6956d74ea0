#include "sqlite_checkpointer.hpp"

#include <utility>

namespace courseselect::storage::sqlite {

namespace {

/// Busy and I/O errors are left to the next round: the log stays valid, only longer.
void checkpoint_passively(sqlite3* handle) {
    sqlite3_wal_checkpoint_v2(handle, nullptr, SQLITE_CHECKPOINT_PASSIVE, nullptr, nullptr);
}

}  // namespace

Checkpointer::Checkpointer(std::unique_ptr<SqliteConnection> connection,
                           std::size_t background_pages, std::size_t pages_max)
    : background_pages_(background_pages),
      pages_max_(pages_max),
      connection_(std::move(connection)),
      thread_([this] { work(); }) {}

Checkpointer::~Checkpointer() {
    {
        const std::lock_guard lock(mutex_);
        closing_ = true;
    }
    wake_.notify_one();
    thread_.join();
}

void Checkpointer::wal_has(std::size_t pages, sqlite3* writer) {
    if (pages < asked_at_) {
        asked_at_ = 0;  // the log has started anew
    }
    if (pages >= pages_max_) {
        // One that is under way would make this one fail as busy, and the log grow on.
        const std::lock_guard turn(one_at_a_time_);
        checkpoint_passively(writer);
    }
    if (pages >= background_pages_ && pages >= asked_at_ + background_pages_ / 2) {
        asked_at_ = pages;
        {
            const std::lock_guard lock(mutex_);
            wanted_ = true;
        }
        wake_.notify_one();
    }
}

void Checkpointer::work() {
    std::unique_lock lock(mutex_);
    while (true) {
        wake_.wait(lock, [this] { return closing_ || wanted_; });
        if (closing_) {
            return;
        }
        wanted_ = false;
        lock.unlock();
        {
            const std::lock_guard turn(one_at_a_time_);
            checkpoint_passively(connection_->handle());
        }
        lock.lock();
    }
}

}  // namespace courseselect::storage::sqlite
