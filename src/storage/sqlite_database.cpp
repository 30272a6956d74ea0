#include "sqlite_database.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <utility>

#include "courseselect/core/log.hpp"

namespace courseselect::storage::sqlite {

namespace {

/// "CSel" in the file's header: tells our files from those of other programs.
constexpr std::int64_t application_id = 0x4353656c;

core::Error file_error(const std::string& doing, const std::string& path) {
    return {core::Errc::unavailable, "database_io", doing + path + ": " + std::strerror(errno)};
}

/// SQLite gives its log the permissions of the database, so these come first.
core::Result<> create_private(const std::string& path, int extra_flags) {
    const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | extra_flags, 0600);
    if (descriptor < 0) {
        return file_error("Cannot create ", path);
    }
    ::close(descriptor);
    return {};
}

core::Result<> flush_to_disk(const std::string& path) {
    const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) {
        return file_error("Cannot open ", path);
    }
    const int failed = ::fsync(descriptor);
    ::close(descriptor);
    return failed != 0 ? file_error("Cannot flush ", path) : core::Result<>();
}

std::uint64_t size_of(const std::string& path) {
    std::error_code absent;
    const auto size = std::filesystem::file_size(path, absent);
    return absent ? 0 : size;
}

core::Result<std::int64_t> number(Connection& connection, std::string_view sql) {
    const auto first = [](const Row& row) { return row.get<std::int64_t>(0); };
    COURSESELECT_TRY(const auto found, connection.one(sql, first));
    return found.value_or(0);
}

}  // namespace

core::Result<std::unique_ptr<ScratchDirectory>> ScratchDirectory::make() {
    std::error_code none;
    const bool has_shm = std::filesystem::is_directory("/dev/shm", none);
    std::string pattern =
        has_shm ? "/dev/shm" : std::filesystem::temp_directory_path(none).string();
    pattern += "/courseselect-XXXXXX";
    if (::mkdtemp(pattern.data()) == nullptr) {
        return file_error("Cannot create ", pattern);
    }
    return std::unique_ptr<ScratchDirectory>(new ScratchDirectory(pattern));
}

ScratchDirectory::~ScratchDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
}

core::Result<std::unique_ptr<Database>> SqliteDatabase::open(const std::string& path,
                                                             DatabaseOptions options) {
    std::unique_ptr<ScratchDirectory> scratch;
    std::string file = path;
    if (path.empty()) {
        COURSESELECT_TRY(scratch, ScratchDirectory::make());
        file = scratch->path() + "/database";
        options.durability = Durability::off;
        options.read_only = false;
    }
    std::unique_ptr<SqliteDatabase> database(
        new SqliteDatabase(std::move(file), options, std::move(scratch)));
    if (!options.read_only) {
        COURSESELECT_TRY_OK(database->take_ownership());
    } else {
        COURSESELECT_TRY(const auto reader,
                         SqliteConnection::open(database->path_, Access::reader, options));
        COURSESELECT_TRY_OK(database->check_identity(*reader));
    }
    return std::unique_ptr<Database>(std::move(database));
}

core::Result<> SqliteDatabase::take_ownership() {
    COURSESELECT_TRY(auto lock, FileLock::take(path_ + ".lock"));
    // A log that is still there was left by a crash: the last connection to close removes it. A
    // file other than the last owner left may be anything, a torn copy of a running database too.
    const bool suspect =
        wal_bytes() > 0 || (size_of(path_) > 0 && lock->found_note() != closing_note());
    COURSESELECT_TRY_OK(create_private(path_, 0));
    DatabaseOptions quiet = options_;
    quiet.faults = nullptr;
    auto opened = SqliteConnection::open(path_, Access::owner, quiet);
    if (!opened) {
        return with_remedy(opened.error());
    }
    auto connection = *std::move(opened);
    // Until the file is known to be sound, closing must not write the log into it: what a repair
    // may need stays, and so does the reason for the next start to check again.
    sqlite3_db_config(connection->handle(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
    if (const auto ready = prepare_file(*connection, suspect); !ready) {
        return with_remedy(ready.error());
    }
    sqlite3_db_config(connection->handle(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0, nullptr);
    checkpointer_ = std::make_unique<Checkpointer>(
        std::move(connection), options_.wal_background_pages, options_.wal_pages_max);
    lock_ = std::move(lock);
    return {};
}

SqliteDatabase::~SqliteDatabase() {
    checkpointer_.reset();  // its connection is the last one: closing it empties the log
    const bool is_flushed = options_.durability != Durability::off && wal_bytes() == 0;
    if (lock_ != nullptr && is_flushed) {
        lock_->leave_note(closing_note());
    }
}

/// Tells this state of the file from any other: a copy, a restored backup, a later write.
std::string SqliteDatabase::closing_note() const {
    struct stat status {};
    if (::stat(path_.c_str(), &status) != 0) {
        return {};
    }
    return "closed " + std::to_string(status.st_size) + " " +
           std::to_string(status.st_mtim.tv_sec) + "." + std::to_string(status.st_mtim.tv_nsec);
}

core::Result<> SqliteDatabase::prepare_file(SqliteConnection& connection, bool suspect) const {
    COURSESELECT_TRY_OK(check_identity(connection));
    COURSESELECT_TRY_OK(connection.run_script("PRAGMA journal_mode = WAL"));
    return suspect && options_.check_after_crash ? check_integrity(connection) : core::Result<>();
}

core::Result<> SqliteDatabase::check_integrity(SqliteConnection& connection) const {
    const std::uint64_t bytes = size_of(path_) + wal_bytes();
    if (bytes > options_.check_bytes_max) {
        core::log::warn("database_unchecked", {{"path", path_}, {"bytes", bytes}});
        return {};
    }
    core::log::info("database_check", {{"path", path_}, {"bytes", bytes}});
    const auto first = [](const Row& row) { return row.get<std::string>(0); };
    COURSESELECT_TRY(const auto verdict, connection.one("PRAGMA quick_check(1)", first));
    std::string finding = verdict ? *verdict : "no answer";
    if (finding == "ok") {
        return {};
    }
    std::replace(finding.begin(), finding.end(), '\n', ' ');
    return core::Error(core::Errc::data_corrupt, "database_corrupt", std::move(finding));
}

/// Tells the operator what to do about damage; other errors pass.
core::Error SqliteDatabase::with_remedy(const core::Error& error) const {
    if (error.code() != core::Errc::data_corrupt) {
        return error;
    }
    return {core::Errc::data_corrupt, "database_corrupt",
            path_ + " is damaged or no database, and was not opened: " + error.detail() +
                ". Restore a backup: move " + path_ + ", " + path_ + "-wal and " + path_ +
                "-shm away, copy the backup to " + path_ + " and start again"};
}

core::Result<> SqliteDatabase::check_identity(SqliteConnection& connection) const {
    COURSESELECT_TRY(const auto id, number(connection, "PRAGMA application_id"));
    if (id == application_id) {
        return {};
    }
    COURSESELECT_TRY(const auto objects, number(connection, "SELECT count(*) FROM sqlite_schema"));
    if (id != 0 || objects != 0) {
        return core::Error(core::Errc::failed_precondition, "foreign_database",
                           path_ + " is a database of another program; choose another file");
    }
    if (options_.read_only) {
        return {};
    }
    return connection.run_script("PRAGMA application_id = " + std::to_string(application_id));
}

core::Result<std::unique_ptr<Connection>> SqliteDatabase::connect_writer() {
    if (options_.read_only) {
        return core::Error(core::Errc::failed_precondition, "database_read_only",
                           path_ + " was opened for reading only");
    }
    COURSESELECT_TRY(auto connection, SqliteConnection::open(path_, Access::owner, options_));
    connection->set_wal_keeper(*checkpointer_);
    return std::unique_ptr<Connection>(std::move(connection));
}

core::Result<std::unique_ptr<Connection>> SqliteDatabase::connect_reader() {
    COURSESELECT_TRY(auto connection, SqliteConnection::open(path_, Access::reader, options_));
    return std::unique_ptr<Connection>(std::move(connection));
}

core::Result<> SqliteDatabase::backup_to(const std::string& path) {
    // VACUUM INTO reads one snapshot. The stepwise backup interface would start over at each write,
    // or hold up the writer.
    const std::string unfinished = path + ".unfinished-" + std::to_string(::getpid());
    ::unlink(unfinished.c_str());
    COURSESELECT_TRY_OK(create_private(unfinished, O_EXCL));
    const auto copy = [&]() -> core::Result<> {
        COURSESELECT_TRY(const auto source,
                         SqliteConnection::open(path_, Access::backup, options_));
        COURSESELECT_TRY_OK(source->execute("VACUUM INTO ?", unfinished));
        COURSESELECT_TRY_OK(flush_to_disk(unfinished));
        if (::rename(unfinished.c_str(), path.c_str()) != 0) {
            return file_error("Cannot rename the backup to ", path);
        }
        const auto directory = std::filesystem::path(path).parent_path();
        return flush_to_disk(directory.empty() ? "." : directory.string());
    };
    auto result = copy();
    if (!result) {
        ::unlink(unfinished.c_str());
    }
    return result;
}

std::uint64_t SqliteDatabase::wal_bytes() const { return size_of(path_ + "-wal"); }

}  // namespace courseselect::storage::sqlite
