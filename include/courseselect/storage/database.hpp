#pragma once
/// `Database`: opens connections, takes backups. Which engine it is, `DATABASE_URL` says.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "courseselect/core/result.hpp"
#include "courseselect/storage/connection.hpp"
#include "courseselect/storage/faults.hpp"

namespace courseselect::storage {

enum class Engine : std::uint8_t { sqlite };

/// A parsed `DATABASE_URL`.
struct DatabaseUrl {
    Engine engine = Engine::sqlite;
    std::string path;  ///< empty: a private database that vanishes when closed

    /// Reads `sqlite:///relative/path`, `sqlite:////absolute/path` and `sqlite://` (in memory).
    /// Errors: invalid_argument `database_url` with a sentence for the operator; other schemes get
    /// `unknown_engine`.
    [[nodiscard]] static core::Result<DatabaseUrl> parse(std::string_view text);
};

/// How much a commit survives.
enum class Durability : std::uint8_t {
    full,    ///< power loss: every commit is on disk before it is acknowledged
    normal,  ///< process death; a power loss may take the last commits, never consistency
    off,     ///< process death only; a power loss may corrupt the file (tests, throw-away data)
};

struct DatabaseOptions {
    Durability durability = Durability::full;
    /// Reading beside the process that owns the database (backup command): takes no lock.
    bool read_only = false;
    /// Check the file at start unless its last owner closed it and nobody touched it since: after
    /// kill -9 or power loss, and when a copy or a backup was put in its place.
    bool check_after_crash = true;
    /// Larger files start unchecked, with a warning: reading takes about a second per GiB.
    std::uint64_t check_bytes_max = std::uint64_t{16} * 1024 * 1024 * 1024;
    std::chrono::milliseconds busy_timeout{5'000};
    std::size_t statements_max = 256;                ///< prepared statements kept per connection
    std::size_t value_bytes_max = 16 * 1024 * 1024;  ///< longest text, blob or SQL
    /// Pages (4 KiB) in the write-ahead log at which a background thread starts copying them into
    /// the database, and at which the writer itself finishes that work and starts the log anew.
    std::size_t wal_background_pages = 4'096;
    std::size_t wal_pages_max = 16'384;
    Faults* faults = nullptr;  ///< tests only; must outlive the database
};

/// A database that this process owns for writing, or reads only. Everything opened from it must be
/// destroyed first.
/// Thread-safety: any thread.
class Database {
  public:
    virtual ~Database() = default;

    /// Opens or creates it (files 0600). Errors: failed_precondition `database_locked` (another
    /// process owns it; the detail names its pid) or `foreign_database` (made by another program);
    /// data_corrupt `database_corrupt` (damaged, or no database at all; the detail tells the
    /// operator how to restore a backup, the files are left as they are, and every later open
    /// checks again); unavailable `database_io`.
    [[nodiscard]] static core::Result<std::unique_ptr<Database>> open(const DatabaseUrl& url,
                                                                      DatabaseOptions options = {});

    /// The connection that writes; give it to a `WriteQueue`. One at a time.
    [[nodiscard]] virtual core::Result<std::unique_ptr<Connection>> connect_writer() = 0;
    /// A connection that cannot write; sees every commit that was acknowledged before it reads.
    [[nodiscard]] virtual core::Result<std::unique_ptr<Connection>> connect_reader() = 0;

    /// Writes a consistent copy of everything committed so far to `path` (0600; replaced in one
    /// step, so a half-made backup is never seen). Does not hold up the writer. Blocks: not on an
    /// event loop.
    [[nodiscard]] virtual core::Result<> backup_to(const std::string& path) = 0;

    /// Bytes of the write-ahead log, for `/health` and tests.
    [[nodiscard]] virtual std::uint64_t wal_bytes() const = 0;
};

}  // namespace courseselect::storage
