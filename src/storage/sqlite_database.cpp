#include "sqlite_database.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <utility>

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

core::Result<> check_integrity(Connection& connection) {
    const auto first = [](const Row& row) { return row.get<std::string>(0); };
    COURSESELECT_TRY(const auto verdict, connection.one("PRAGMA quick_check(1)", first));
    const std::string finding = verdict ? *verdict : "no answer";
    if (finding != "ok") {
        return core::Error(core::Errc::data_corrupt, "database_corrupt",
                           "The integrity check failed: " + finding);
    }
    return {};
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
    COURSESELECT_TRY(lock_, FileLock::take(path_ + ".lock"));
    // The last connection to close removes the log, so one that is still there was left by a crash.
    const bool crashed = size_of(path_ + "-wal") > 0;
    COURSESELECT_TRY_OK(create_private(path_, 0));
    DatabaseOptions quiet = options_;
    quiet.faults = nullptr;
    COURSESELECT_TRY(auto connection, SqliteConnection::open(path_, Access::owner, quiet));
    COURSESELECT_TRY_OK(check_identity(*connection));
    COURSESELECT_TRY_OK(connection->run_script("PRAGMA journal_mode = WAL"));
    if (crashed && options_.check_after_crash) {
        COURSESELECT_TRY_OK(check_integrity(*connection));
    }
    checkpointer_ = std::make_unique<Checkpointer>(
        std::move(connection), options_.wal_background_pages, options_.wal_pages_max);
    return {};
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
