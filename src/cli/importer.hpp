#pragma once
/// The engine of `import csv`. Private to the module.

#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "courseselect/async/mutex.hpp"
#include "courseselect/async/task.hpp"
#include "courseselect/async/task_group.hpp"
#include "courseselect/cli/admin_api.hpp"
#include "courseselect/cli/import_file.hpp"
#include "courseselect/cli/import_journal.hpp"
#include "courseselect/core/function.hpp"
#include "courseselect/crypto/random.hpp"

namespace courseselect::cli {

struct ImportOptions {
    std::string path;
    std::string user_type;
    bool makes_passwords = false;
    std::size_t parallel = 16;          ///< rows under way; each has a connection of its own
    std::chrono::seconds patience{60};  ///< with services that are away, before the import stops
};

struct ImportFailure {
    std::int64_t line = 0;
    std::string username;
    std::string text;
};

struct ImportTally {
    std::int64_t total = 0;
    std::int64_t succeeded = 0;
    std::int64_t done_before = 0;    ///< of these, by an earlier run of the same import
    std::int64_t already_there = 0;  ///< of these, accounts nobody of this import made
    /// By row.
    std::map<std::int64_t, ImportFailure> failures;
};

/// Reads the file twice: once to count and check all of it, once to make the accounts. Memory: the
/// rows under way, and some 60 bytes for each row of the file.
///
/// A row is done once, whatever happens: its outcome is asked for again when no answer came, and a
/// user name that exists with the same kind, name and address is this row's account, made by a run
/// that was killed.
/// Ownership: borrows everything it is given. Thread-safety: the services' loop.
class Importer {
  public:
    Importer(AdminApi& api, crypto::RandomSource& random, ImportOptions options);

    /// Counts and checks. Errors: those of `ImportFile`.
    [[nodiscard]] core::Result<> scan();
    /// After `scan`: takes up what the journal in `directory` says. Errors: those of the journal.
    [[nodiscard]] core::Result<> resume(const std::string& directory);
    /// After `resume`: makes the accounts. `on_row` is told after every row how many are over.
    /// Errors: what stopped all of it (a service that stays away, the session, the disk).
    [[nodiscard]] async::Task<core::Result<>> run(core::UniqueFunction<void(std::int64_t)> on_row);
    /// Rows under way are finished, no other is begun.
    void stop() { is_stopping_ = true, pauses_.request_stop(); }
    [[nodiscard]] bool was_stopped() const { return is_stopping_; }
    [[nodiscard]] std::size_t under_way() const { return under_way_; }

    [[nodiscard]] const ImportTally& tally() const { return tally_; }
    /// Whether the row's account is there.
    [[nodiscard]] bool is_done(std::int64_t row) const { return is_done_[index_of(row)]; }
    /// The password this import made for the row; "" when there is none.
    [[nodiscard]] std::string password_of(std::int64_t row) const;
    /// Nothing is left to be done or told: the journal goes.
    void forget_journal() { journal_->forget(); }

  private:
    enum class Verdict : std::uint8_t { done, existed, failed, again, broken };
    struct Work {
        UserRow row;
        bool was_begun = false;  ///< an earlier run may have made it
        core::MonoTime first_try{};
        int tries = 0;
        int codes = 0;
        std::string failure;
    };

    static std::size_t index_of(std::int64_t row) { return static_cast<std::size_t>(row - 1); }
    static async::Task<> work(Importer& self);
    [[nodiscard]] std::optional<Work> next_work();
    [[nodiscard]] core::Result<> prepare();
    [[nodiscard]] async::Task<Verdict> carry_out(Work& work);
    [[nodiscard]] async::Task<Verdict> judge(Work& work, net::http::ClientResponse response);
    [[nodiscard]] async::Task<Verdict> look_for_account(Work& work);
    [[nodiscard]] async::Task<bool> password_is_right(const Work& work);
    [[nodiscard]] async::Task<Verdict> wait_and_retry(Work& work, std::string why,
                                                      std::chrono::milliseconds pause);
    [[nodiscard]] async::Task<core::Result<std::string>> take_code();
    [[nodiscard]] core::Result<> settle(const Work& work, Verdict verdict);
    void give_up(core::Error error);
    void set_password(std::int64_t row, const std::string& password);

    AdminApi& api_;
    crypto::RandomSource& random_;
    const ImportOptions options_;
    ImportTally tally_;
    std::string key_;
    std::vector<bool> is_done_;
    std::vector<bool> was_begun_;
    std::string passwords_;  ///< 16 characters a row; the first one is 0 where there is none
    std::optional<ImportJournal> journal_;

    std::optional<ImportFile> file_;
    std::deque<Work> prepared_;
    std::int64_t begun_ = 0;  ///< rows whose work was handed out, or that need none
    std::int64_t over_ = 0;
    std::size_t under_way_ = 0;
    core::UniqueFunction<void(std::int64_t)> on_row_;

    async::Mutex making_codes_;
    std::vector<std::string> codes_;
    bool is_stopping_ = false;
    std::optional<core::Error> broken_;
    std::stop_source pauses_;
};

}  // namespace courseselect::cli
