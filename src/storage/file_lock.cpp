#include "file_lock.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>

namespace courseselect::storage {

namespace {

std::string read_note(int descriptor) {
    std::array<char, 127> text{};
    const ssize_t length = ::pread(descriptor, text.data(), text.size(), 0);
    const std::string_view note(text.data(), length > 0 ? static_cast<std::size_t>(length) : 0);
    return std::string(note.substr(0, note.find('\n')));
}

/// The pid in the file; the owner has it written a moment after it took the lock.
std::string read_owner(int descriptor) {
    const std::string note = read_note(descriptor);
    const bool is_pid = !note.empty() && note.find_first_not_of("0123456789") == std::string::npos;
    return is_pid ? note : "unknown";
}

core::Error lock_error(const std::string& path) {
    return {core::Errc::unavailable, "database_io",
            "Cannot lock " + path + ": " + std::strerror(errno)};
}

}  // namespace

core::Result<std::unique_ptr<FileLock>> FileLock::take(const std::string& path) {
    const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (descriptor < 0) {
        return lock_error(path);
    }
    std::unique_ptr<FileLock> lock(new FileLock(descriptor));
    if (::flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK) {
            return lock_error(path);
        }
        return core::Error(core::Errc::failed_precondition, "database_locked",
                           "Process " + read_owner(descriptor) + " owns this database (" + path +
                               "); only one process may write it");
    }
    lock->found_note_ = read_note(descriptor);
    if (!lock->write(std::to_string(::getpid()))) {
        return lock_error(path);
    }
    return lock;
}

bool FileLock::write(const std::string& text) {
    const std::string line = text + "\n";
    return ::ftruncate(descriptor_, 0) == 0 &&
           ::pwrite(descriptor_, line.data(), line.size(), 0) == static_cast<ssize_t>(line.size());
}

void FileLock::leave_note(const std::string& note) { static_cast<void>(write(note)); }

FileLock::~FileLock() { ::close(descriptor_); }

}  // namespace courseselect::storage
