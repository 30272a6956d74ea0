#include "courseselect/cli/private_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>

namespace courseselect::cli {
namespace {

core::Error file_error(const char* what, const std::string& path, int error) {
    return {core::Errc::unavailable, "file",
            fmt::format("Cannot {} {}: {}", what, path, std::generic_category().message(error))};
}

/// A rename is on the disk when its directory is.
void sync_directory_of(const std::string& path) {
    const auto slash = path.rfind('/');
    const std::string directory = slash == std::string::npos ? "." : path.substr(0, slash + 1);
    const int descriptor = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor >= 0) {
        ::fsync(descriptor);
        ::close(descriptor);
    }
}

}  // namespace

core::Result<PrivateFile> PrivateFile::create(std::string path) {
    struct stat known {};
    if (::stat(path.c_str(), &known) == 0) {
        if (S_ISDIR(known.st_mode)) {
            return file_error("write", path, EISDIR);
        }
        if (!S_ISREG(known.st_mode)) {
            return open_device(std::move(path));
        }
        std::error_code ignored;  // what a link leads to is replaced, not the link
        const auto target = std::filesystem::canonical(path, ignored);
        path = ignored ? path : target.string();
    }
    std::string temporary = path + ".XXXXXX";
    const int descriptor = ::mkostemp(temporary.data(), O_CLOEXEC);  // mode 0600
    if (descriptor < 0) {
        return file_error("write", path, errno);
    }
    std::FILE* const file = ::fdopen(descriptor, "w");
    if (file == nullptr) {
        const int error = errno;
        ::close(descriptor);
        ::unlink(temporary.c_str());
        return file_error("write", path, error);
    }
    return PrivateFile(std::move(path), std::move(temporary), file);
}

core::Result<PrivateFile> PrivateFile::open_device(std::string path) {
    std::FILE* const file = std::fopen(path.c_str(), "we");
    if (file == nullptr) {
        return file_error("write", path, errno);
    }
    return PrivateFile(std::move(path), std::string(), file);
}

PrivateFile::PrivateFile(PrivateFile&& other) noexcept
    : path_(std::move(other.path_)),
      temporary_(std::move(other.temporary_)),
      file_(std::exchange(other.file_, nullptr)) {}

PrivateFile::~PrivateFile() {
    if (file_ != nullptr) {
        std::fclose(file_);
        discard();
    }
}

void PrivateFile::discard() const {
    if (!temporary_.empty()) {
        ::unlink(temporary_.c_str());
    }
}

core::Error PrivateFile::failed(int error) {
    if (file_ != nullptr) {
        std::fclose(std::exchange(file_, nullptr));
    }
    discard();
    return file_error("write", path_, error);
}

core::Result<> PrivateFile::write(std::string_view bytes) {
    if (std::fwrite(bytes.data(), 1, bytes.size(), file_) != bytes.size()) {
        return failed(errno);
    }
    return {};
}

core::Result<> PrivateFile::commit() {
    const bool is_device = temporary_.empty();
    if (std::fflush(file_) != 0 || (!is_device && ::fsync(::fileno(file_)) != 0)) {
        return failed(errno);
    }
    if (is_device) {
        return std::fclose(std::exchange(file_, nullptr)) == 0 ? core::Result<>() : failed(errno);
    }
    if (std::fclose(std::exchange(file_, nullptr)) != 0 ||
        ::rename(temporary_.c_str(), path_.c_str()) != 0) {
        return failed(errno);
    }
    sync_directory_of(path_);
    return {};
}

core::Result<> make_private_directory(const std::string& path) {
    if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) {
        return file_error("make", path, errno);
    }
    if (::chmod(path.c_str(), 0700) != 0) {
        return file_error("protect", path, errno);
    }
    return {};
}

}  // namespace courseselect::cli
