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

std::string read_owner(int descriptor) {
    std::array<char, 32> text{};
    const ssize_t length = ::pread(descriptor, text.data(), text.size(), 0);
    std::string_view owner(text.data(), length > 0 ? static_cast<std::size_t>(length) : 0);
    owner = owner.substr(0, owner.find('\n'));
    return owner.empty() ? "unknown" : std::string(owner);
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
    const std::string owner = std::to_string(::getpid()) + "\n";
    const auto length = static_cast<ssize_t>(owner.size());
    if (::ftruncate(descriptor, 0) != 0 ||
        ::pwrite(descriptor, owner.data(), owner.size(), 0) != length) {
        return lock_error(path);
    }
    return lock;
}

FileLock::~FileLock() { ::close(descriptor_); }

}  // namespace courseselect::storage
