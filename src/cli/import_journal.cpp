#include "courseselect/cli/import_journal.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <filesystem>
#include <optional>
#include <system_error>

#include "courseselect/cli/private_file.hpp"

namespace courseselect::cli {
namespace {

constexpr std::chrono::hours forgotten_after{24 * 30};
constexpr std::string_view suffix = ".journal";

core::Error journal_error(const char* what, const std::string& path) {
    return {core::Errc::unavailable, "file",
            fmt::format("Cannot {} {}: {}", what, path, std::generic_category().message(errno))};
}

void forget_old_journals(const std::string& directory) {
    namespace fs = std::filesystem;
    std::error_code ignored;
    const auto oldest = fs::file_time_type::clock::now() - forgotten_after;
    for (const fs::directory_entry& entry : fs::directory_iterator(directory, ignored)) {
        if (entry.path().extension() == suffix && entry.last_write_time(ignored) < oldest) {
            fs::remove(entry.path(), ignored);
        }
    }
}

std::optional<std::int64_t> number_of(std::string_view text) {
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{} || end != text.data() + text.size()) {
        return std::nullopt;
    }
    return number;
}

}  // namespace

core::Result<ImportJournal> ImportJournal::open(const std::string& directory,
                                                const std::string& key) {
    COURSESELECT_TRY_OK(make_private_directory(directory));
    forget_old_journals(directory);
    std::string path = fmt::format("{}/{}{}", directory, key, suffix);
    const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (descriptor < 0) {
        return journal_error("open", path);
    }
    ImportJournal journal(std::move(path), descriptor);
    if (::flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
        return core::Error(core::Errc::failed_precondition, "import_running",
                           "This import is running already");
    }
    COURSESELECT_TRY_OK(journal.load(key));
    return journal;
}

ImportJournal::ImportJournal(ImportJournal&& other) noexcept
    : path_(std::move(other.path_)),
      descriptor_(std::exchange(other.descriptor_, -1)),
      made_(std::move(other.made_)),
      done_(std::move(other.done_)) {}

ImportJournal::~ImportJournal() {
    if (descriptor_ >= 0) {
        ::close(descriptor_);
    }
}

core::Result<> ImportJournal::load(const std::string& key) {
    std::string text;
    std::array<char, 65'536> block;  // uninitialised: it is filled
    ssize_t size = 0;
    while ((size = ::read(descriptor_, block.data(), block.size())) > 0) {
        text.append(block.data(), static_cast<std::size_t>(size));
    }
    if (size < 0) {
        return journal_error("read", path_);
    }
    const std::string head = "course-cli import 1 " + key + "\n";
    if (!text.starts_with(head)) {
        if (::ftruncate(descriptor_, 0) != 0) {
            return journal_error("write", path_);
        }
        return append(head);
    }
    std::size_t at = head.size();
    for (std::size_t end = 0; (end = text.find('\n', at)) != std::string::npos; at = end + 1) {
        const std::string_view line(text.data() + at, end - at);
        const std::string_view rest = line.substr(std::min<std::size_t>(2, line.size()));
        const std::size_t blank = std::min(rest.find(' '), rest.size());
        const auto row = number_of(rest.substr(0, blank));
        if (row && line.starts_with("P ") && blank < rest.size()) {
            made_.push_back({*row, std::string(rest.substr(blank + 1))});
        } else if (row && (line.starts_with("D ") || line.starts_with("E "))) {
            done_.push_back({*row, line.starts_with('E')});
        }
    }
    // A line that was cut would run into the next one.
    if (at != text.size() && ::ftruncate(descriptor_, static_cast<off_t>(at)) != 0) {
        return journal_error("write", path_);
    }
    return {};
}

core::Result<> ImportJournal::append(std::string_view text) {
    while (!text.empty()) {
        const ssize_t size = ::write(descriptor_, text.data(), text.size());
        if (size < 0 && errno == EINTR) {
            continue;
        }
        if (size < 0) {
            return journal_error("write", path_);
        }
        text.remove_prefix(static_cast<std::size_t>(size));
    }
    return {};
}

core::Result<> ImportJournal::note_made(const std::vector<Made>& passwords) {
    std::string text;
    for (const Made& made : passwords) {
        text += fmt::format("P {} {}\n", made.row, made.password);
    }
    COURSESELECT_TRY_OK(append(text));
    if (::fdatasync(descriptor_) != 0) {
        return journal_error("write", path_);
    }
    return {};
}

core::Result<> ImportJournal::note_done(const Done& done) {
    return append(fmt::format("{} {}\n", done.existed ? 'E' : 'D', done.row));
}

void ImportJournal::forget() { ::unlink(path_.c_str()); }

}  // namespace courseselect::cli
