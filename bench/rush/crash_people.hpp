#pragma once
/// The people beside the rush of `course-bench crash`: students and teachers register, log in and
/// log out, and an administrator gives and takes seats, while any of the daemons dies. What they
/// were told is kept, and afterwards compared with what the auth and the data node have stored.

#include <atomic>
#include <cstdint>
#include <exception>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "rush/databases.hpp"
#include "rush/fleet.hpp"

namespace courseselect::bench {

/// What became of one account, as its owner knows it.
struct CrashAccount {
    std::string username;
    bool is_student = false;
    bool is_promised = false;    ///< its registration was answered 200
    bool is_logged_out = false;  ///< its logout was answered 200
    std::string refresh_token;   ///< of its session; empty when the last step was not answered
};

/// Thread-safety: `start`, `finish` and the others from one thread. Between `start` and `finish`
/// three threads of its own send requests, so the fleet's ports must not change (they never do).
/// Ownership: borrows the fleet.
class CrashPeople {
  public:
    /// `ids`: of the rush, for the seats that are given and taken.
    CrashPeople(const Fleet& fleet, TermIds ids, std::uint64_t seed);
    ~CrashPeople();
    CrashPeople(const CrashPeople&) = delete;
    CrashPeople& operator=(const CrashPeople&) = delete;

    /// Makes the round's registration codes, which have fewer uses than people want, and starts.
    /// All daemons run. Throws std::runtime_error when the codes cannot be made.
    void start(std::size_t round);
    /// Lets the people under way come to an end; throws what stopped one of them.
    void finish();

    /// What disagrees, a sentence each. Nothing may be in progress. With `settled` every profile
    /// must have arrived, and it is waited for; else it may still be in the outbox.
    [[nodiscard]] std::vector<std::string> check(bool settled);

    [[nodiscard]] std::size_t registrations() const;
    [[nodiscard]] std::size_t logouts() const;
    [[nodiscard]] std::size_t seats_moved() const { return seats_moved_; }

  private:
    void log_in_admin();
    [[nodiscard]] std::string make_code(const std::string& kind);
    void register_people(std::size_t worker);
    void move_seats();
    void check_codes(storage::Connection& auth, std::vector<std::string>& faults) const;
    void check_accounts(storage::Connection& auth, std::vector<std::string>& faults) const;
    void check_logouts(std::vector<std::string>& faults);
    void check_profiles(storage::Connection& auth, std::vector<std::string>& faults) const;

    const Fleet& fleet_;
    const TermIds ids_;
    const std::uint64_t seed_;
    std::string admin_token_;
    std::size_t round_ = 0;
    std::map<std::string, std::string> round_codes_;  // by kind
    std::vector<CrashAccount> accounts_;              // of all rounds
    std::vector<std::vector<CrashAccount>> made_;     // this round's, by worker
    std::size_t logouts_checked_ = 0;                 // of accounts_
    std::size_t seats_moved_ = 0;
    std::atomic<bool> stopping_ = false;
    std::vector<std::exception_ptr> faults_;  // by thread
    std::vector<std::thread> threads_;
};

}  // namespace courseselect::bench
