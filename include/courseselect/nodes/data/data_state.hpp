#pragma once
/// What the data node holds: the database and its image in memory.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>

#include "courseselect/async/mutex.hpp"
#include "courseselect/async/task.hpp"
#include "courseselect/core/result.hpp"
#include "courseselect/domain/catalogue.hpp"
#include "courseselect/domain/seat_ledger.hpp"
#include "courseselect/nodes/node.hpp"
#include "courseselect/nodes/wire/course.hpp"
#include "courseselect/repo/catalogue_repo.hpp"
#include "courseselect/storage/database.hpp"
#include "courseselect/storage/reader_pool.hpp"
#include "courseselect/storage/write_queue.hpp"

namespace courseselect::nodes::data {

/// Reads are answered from memory; a change is written first and shown afterwards. Whoever changes
/// anything holds the gate, so changes are decided one at a time, in order of arrival.
/// Invariant: outside the gate, catalogue and ledger equal the committed database, unless
/// `is_stale`.
/// Thread-safety: the runtime's loop.
class DataState {
  public:
    /// Opens and migrates the database and loads everything. Blocks: call it before serving.
    [[nodiscard]] static core::Result<std::unique_ptr<DataState>> open(
        Runtime runtime, const storage::DatabaseUrl& url, storage::DatabaseOptions options,
        domain::LedgerLimits limits);

    /// Takes the gate for a change; when memory may differ from the database it is loaded first.
    /// Errors: unavailable (it cannot be loaded).
    [[nodiscard]] async::Task<core::Result<async::Mutex::Guard>> begin_change();

    /// Runs `closure` on the writer, with the gate held. Whether a failed commit reached the disk
    /// is not known for certain: the next change asks the disk.
    template <class F>
    [[nodiscard]] async::Task<std::invoke_result_t<F&, storage::Connection&>> write(F closure) {
        auto outcome = co_await writes->run(std::move(closure));
        if (!outcome && outcome.error().code() == core::Errc::unavailable) {
            is_stale = true;
        }
        if (outcome) {
            note_commit();
        }
        co_return outcome;
    }

    /// A course as clients see it: with its seats and its teacher's name.
    [[nodiscard]] wire::Course shown(const domain::Course& course) const;
    /// Flushes the write queue.
    [[nodiscard]] async::Task<> close() { return writes->stop(); }

    /// Something is durable that the outboxes may tell.
    void note_commit() const {
        if (on_commit) {
            on_commit();
        }
    }

    Runtime runtime;
    std::function<void()> on_commit;
    std::unique_ptr<storage::Database> database;
    std::unique_ptr<storage::WriteQueue> writes;
    std::unique_ptr<storage::ReaderPool> readers;
    domain::Catalogue catalogue;
    domain::SeatLedger ledger;
    /// New at each start: what a caller remembers from before is worth nothing.
    std::int64_t epoch = 0;
    /// Counts changes of courses other than their seats (their teachers' names included).
    std::int64_t structure = 0;
    /// Set when memory may differ from the database; the next change reloads first.
    bool is_stale = false;

  private:
    DataState(Runtime r, domain::LedgerLimits limits) : runtime(r), ledger(limits), gate_(r.loop) {}

    [[nodiscard]] async::Task<core::Result<>> reload();

    async::Mutex gate_;
};

}  // namespace courseselect::nodes::data
