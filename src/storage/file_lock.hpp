#pragma once
/// An advisory lock that says which process owns a database.

#include <memory>
#include <string>

#include "courseselect/core/result.hpp"

namespace courseselect::storage {

/// Holds `path` locked (flock) until destroyed; the kernel releases it when the process dies.
/// The file stays: removing it would let two owners lock two files of one name. While somebody
/// owns it, it names the pid; afterwards it holds what the owner left, if there was time.
class FileLock {
  public:
    /// Errors: failed_precondition `database_locked` naming the owner's pid; unavailable
    /// `database_io`.
    [[nodiscard]] static core::Result<std::unique_ptr<FileLock>> take(const std::string& path);
    ~FileLock();
    FileLock(const FileLock&) = delete;
    FileLock& operator=(const FileLock&) = delete;

    /// What the file said before it was taken, at most 127 bytes; empty for a new one.
    [[nodiscard]] const std::string& found_note() const { return found_note_; }
    /// Replaces the pid by a word for the next owner. Failing is harmless: it finds the pid.
    void leave_note(const std::string& note);

  private:
    explicit FileLock(int descriptor) : descriptor_(descriptor) {}
    [[nodiscard]] bool write(const std::string& text);

    int descriptor_;
    std::string found_note_;
};

}  // namespace courseselect::storage
