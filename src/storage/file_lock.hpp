#pragma once
/// An advisory lock that says which process owns a database.

#include <memory>
#include <string>

#include "courseselect/core/result.hpp"

namespace courseselect::storage {

/// Holds `path` locked (flock) until destroyed; the kernel releases it when the process dies.
/// The file stays: removing it would let two owners lock two files of one name.
class FileLock {
  public:
    /// Errors: failed_precondition `database_locked` naming the owner's pid; unavailable
    /// `database_io`.
    [[nodiscard]] static core::Result<std::unique_ptr<FileLock>> take(const std::string& path);
    ~FileLock();
    FileLock(const FileLock&) = delete;
    FileLock& operator=(const FileLock&) = delete;

  private:
    explicit FileLock(int descriptor) : descriptor_(descriptor) {}
    int descriptor_;
};

}  // namespace courseselect::storage
