#pragma once
/// The SQLite engine behind `Database`.

#include <memory>
#include <string>

#include "courseselect/storage/database.hpp"
#include "file_lock.hpp"
#include "sqlite_checkpointer.hpp"

namespace courseselect::storage::sqlite {

/// A directory removed with all it holds; where databases "in memory" live.
class ScratchDirectory {
  public:
    [[nodiscard]] static core::Result<std::unique_ptr<ScratchDirectory>> make();
    ~ScratchDirectory();
    ScratchDirectory(const ScratchDirectory&) = delete;
    ScratchDirectory& operator=(const ScratchDirectory&) = delete;
    [[nodiscard]] const std::string& path() const { return path_; }

  private:
    explicit ScratchDirectory(std::string path) : path_(std::move(path)) {}
    std::string path_;
};

class SqliteDatabase final : public Database {
  public:
    [[nodiscard]] static core::Result<std::unique_ptr<Database>> open(const std::string& path,
                                                                      DatabaseOptions options);
    /// Leaves word for the next owner that the file was closed in order.
    ~SqliteDatabase() override;

    core::Result<std::unique_ptr<Connection>> connect_writer() override;
    core::Result<std::unique_ptr<Connection>> connect_reader() override;
    core::Result<> backup_to(const std::string& path) override;
    std::uint64_t wal_bytes() const override;

  private:
    SqliteDatabase(std::string path, DatabaseOptions options,
                   std::unique_ptr<ScratchDirectory> scratch)
        : path_(std::move(path)), options_(options), scratch_(std::move(scratch)) {}

    [[nodiscard]] core::Result<> take_ownership();
    [[nodiscard]] core::Result<> prepare_file(SqliteConnection& connection, bool suspect) const;
    [[nodiscard]] core::Result<> check_identity(SqliteConnection& connection) const;
    [[nodiscard]] core::Result<> check_integrity(SqliteConnection& connection) const;
    [[nodiscard]] std::string closing_note() const;
    [[nodiscard]] core::Error with_remedy(const core::Error& error) const;

    const std::string path_;
    const DatabaseOptions options_;
    std::unique_ptr<ScratchDirectory> scratch_;
    std::unique_ptr<FileLock> lock_;
    std::unique_ptr<Checkpointer> checkpointer_;  // closes its connection before the lock goes
};

}  // namespace courseselect::storage::sqlite
