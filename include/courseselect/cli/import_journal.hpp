#pragma once
/// What an import has done so far, so that one that was killed goes on where it was.

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "courseselect/core/result.hpp"

namespace courseselect::cli {

/// A file of mode 0600 that only grows: passwords that were made are in it, and on the disk, before
/// any account has them; rows are in it once their account is known to be there. A last line that
/// was cut by a crash is ignored.
/// Thread-safety: one thread; another process that wants the same journal is refused.
class ImportJournal {
  public:
    struct Made {
        std::int64_t row = 0;
        std::string password;
    };

    struct Done {
        std::int64_t row = 0;
        bool existed = false;  ///< the account was there before this import
    };

    /// Opens or begins the journal of the import `key` (hexadecimal) in `directory` (made 0700).
    /// Journals that nobody has touched for 30 days are forgotten.
    /// Errors: unavailable `file`; failed_precondition `import_running`.
    [[nodiscard]] static core::Result<ImportJournal> open(const std::string& directory,
                                                          const std::string& key);
    ImportJournal(ImportJournal&& other) noexcept;
    ImportJournal& operator=(ImportJournal&&) = delete;
    ~ImportJournal();

    /// What was there when it was opened.
    [[nodiscard]] const std::vector<Made>& made_before() const { return made_; }
    [[nodiscard]] const std::vector<Done>& done_before() const { return done_; }

    /// Notes passwords; they are on the disk when it returns. Errors: unavailable `file`.
    [[nodiscard]] core::Result<> note_made(const std::vector<Made>& passwords);
    /// Notes that a row's account is there. Errors: unavailable `file`.
    [[nodiscard]] core::Result<> note_done(const Done& done);
    /// All is done: the journal goes.
    void forget();

  private:
    ImportJournal(std::string path, int descriptor)
        : path_(std::move(path)), descriptor_(descriptor) {}
    [[nodiscard]] core::Result<> load(const std::string& key);
    [[nodiscard]] core::Result<> append(std::string_view text);

    std::string path_;
    int descriptor_;
    std::vector<Made> made_;
    std::vector<Done> done_;
};

}  // namespace courseselect::cli
