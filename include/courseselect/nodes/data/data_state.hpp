#pragma once
/// What the data node holds: the database and its image in memory.

#include <cstdint>
#include <memory>
#include <optional>

#include "courseselect/async/mutex.hpp"
#include "courseselect/async/task.hpp"
#include "courseselect/core/result.hpp"
#include "courseselect/domain/catalogue.hpp"
#include "courseselect/domain/seat_ledger.hpp"
#include "courseselect/nodes/node.hpp"
#include "courseselect/repo/catalogue_repo.hpp"
#include "courseselect/storage/database.hpp"
#include "courseselect/storage/reader_pool.hpp"
#include "courseselect/storage/write_queue.hpp"

namespace courseselect::nodes::data {

/// Reads are answered from memory; a change is written first and shown afterwards. Whoever changes
/// anything holds `gate`, so changes are decided one at a time, in order of arrival.
/// Invariant: outside `gate`, catalogue and ledger equal the committed database.
/// Thread-safety: the runtime's loop.
class DataState {
  public:
    /// Opens and migrates the database and loads everything. Blocks: call it before serving.
    [[nodiscard]] static core::Result<std::unique_ptr<DataState>> open(
        Runtime runtime, const storage::DatabaseUrl& url, storage::DatabaseOptions options,
        domain::LedgerLimits limits);

    /// Loads the ledger from the database again, after a commit whose outcome is unknown.
    [[nodiscard]] async::Task<core::Result<>> reload_ledger();
    /// Flushes the write queue.
    [[nodiscard]] async::Task<> close() { return writes->stop(); }

    Runtime runtime;
    std::unique_ptr<storage::Database> database;
    std::unique_ptr<storage::WriteQueue> writes;
    std::unique_ptr<storage::ReaderPool> readers;
    domain::Catalogue catalogue;
    domain::SeatLedger ledger;
    async::Mutex gate;
    /// New at each start: what a caller remembers from before is worth nothing.
    std::int64_t epoch = 0;
    /// Counts changes of courses other than their seats.
    std::int64_t structure = 0;
    /// Set when memory may differ from the database; the next change reloads first.
    bool ledger_is_stale = false;

  private:
    DataState(Runtime r, domain::LedgerLimits limits) : runtime(r), ledger(limits), gate(r.loop) {}
};

}  // namespace courseselect::nodes::data
