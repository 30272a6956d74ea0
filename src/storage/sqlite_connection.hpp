#pragma once
/// One SQLite connection: settings, statement cache, transactions.

#include <sqlite3.h>

#include <array>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "courseselect/storage/database.hpp"
#include "sqlite_statement.hpp"

namespace courseselect::storage::sqlite {

struct CloseHandle {
    void operator()(sqlite3* handle) const { sqlite3_close_v2(handle); }
};

enum class Access : std::uint8_t {
    owner,   ///< may write and change settings of the file
    reader,  ///< may only read
    backup,  ///< may only read, and attach the file that VACUUM INTO writes
};

/// Told by the writer how long the write-ahead log is, when nobody waits for the commit.
class WalKeeper {
  public:
    virtual void wal_has(std::size_t pages, sqlite3* writer) = 0;

  protected:
    ~WalKeeper() = default;
};

class SqliteConnection final : public Connection {
  public:
    [[nodiscard]] static core::Result<std::unique_ptr<SqliteConnection>> open(
        const std::string& path, Access access, const DatabaseOptions& options);

    core::Result<std::unique_ptr<Statement>> prepare(std::string_view sql) override;
    core::Result<> run_script(std::string_view sql) override;
    std::int64_t last_insert_id() const override;
    core::Result<> control(Control what) override;
    bool is_in_transaction() const override;
    void maintain() override;

    void set_wal_keeper(WalKeeper& keeper);
    [[nodiscard]] sqlite3* handle() const { return handle_.get(); }

  private:
    struct Hash {
        using is_transparent = void;
        std::size_t operator()(std::string_view text) const {
            return std::hash<std::string_view>{}(text);
        }
    };
    using Cache =
        std::unordered_map<std::string, std::unique_ptr<SqliteStatement>, Hash, std::equal_to<>>;

    SqliteConnection(sqlite3* handle, const DatabaseOptions& options)
        : options_(options), handle_(handle) {}

    [[nodiscard]] core::Result<> configure(Access access);
    core::Result<std::int64_t> run(std::string_view sql, std::span<const Value> values,
                                   RowSink* sink) override;
    [[nodiscard]] core::Result<SqliteStatement*> cached(std::string_view sql);

    const DatabaseOptions options_;
    std::unique_ptr<sqlite3, CloseHandle> handle_;
    Cache cache_;
    std::array<std::unique_ptr<SqliteStatement>, 7> controls_;
    WalKeeper* wal_keeper_ = nullptr;
    std::size_t wal_pages_ = 0;
};

}  // namespace courseselect::storage::sqlite
