#pragma once
/// Files with secrets: nobody else reads them, and nobody ever sees half of one.

#include <cstdio>
#include <memory>
#include <string>
#include <string_view>

#include "courseselect/core/result.hpp"

namespace courseselect::cli {

/// A file of mode 0600 under a temporary name beside its own, which it gets when it is complete.
/// A destroyed one that was not committed leaves nothing behind. What is there and no file
/// (/dev/stdout, a pipe) is written to as it is; behind a link is what is replaced.
class PrivateFile {
  public:
    /// Errors: unavailable `file` with the path and what the system said.
    [[nodiscard]] static core::Result<PrivateFile> create(std::string path);
    PrivateFile(PrivateFile&& other) noexcept;
    PrivateFile& operator=(PrivateFile&&) = delete;
    ~PrivateFile();

    /// Buffered: what goes wrong may show only at `commit`. Errors: unavailable `file`.
    [[nodiscard]] core::Result<> write(std::string_view bytes);
    /// Puts the file on the disk and in its place. Errors: unavailable `file`; the old file stays.
    [[nodiscard]] core::Result<> commit();

  private:
    PrivateFile(std::string path, std::string temporary, std::FILE* file)
        : path_(std::move(path)), temporary_(std::move(temporary)), file_(file) {}
    [[nodiscard]] static core::Result<PrivateFile> open_device(std::string path);
    [[nodiscard]] core::Error failed(int error);
    void discard() const;

    std::string path_;
    std::string temporary_;
    std::FILE* file_;
};

/// Makes the directory with mode 0700, or takes it from everybody else. Its parent must exist.
/// Errors: unavailable `file`.
[[nodiscard]] core::Result<> make_private_directory(const std::string& path);

}  // namespace courseselect::cli
