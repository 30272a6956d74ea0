#pragma once
/// Hashing off the loop: the one place of the auth node that makes and checks password hashes.

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "courseselect/async/blocking_pool.hpp"
#include "courseselect/async/event_loop.hpp"
#include "courseselect/async/task.hpp"
#include "courseselect/auth/password.hpp"
#include "courseselect/core/secret.hpp"

namespace courseselect::nodes::accounts {

/// Who waits for a hash.
enum class HashLane : std::uint8_t {
    people,  ///< somebody who logs in or registers
    import,  ///< a list of accounts: gets what the processors have left
};

/// The threads of each lane. Imports have threads of their own that the kernel runs only when the
/// processors have nothing better to do: a login waits for no import's hash, and an import alone
/// has all processors.
struct HashThreads {
    async::BlockingPool::Options people{.threads = 2, .queued_max = 256, .niceness = 5};
    async::BlockingPool::Options import{.threads = 2, .queued_max = 256, .niceness = 19};
};

/// A few quiet threads that hash, so that neither the loop nor its other users feel a login storm.
///
/// Errors of both calls: resource_exhausted `pool_full` when `queued_max` passwords of that lane
/// wait already.
/// Ownership: borrows the loop. Thread-safety: the loop's thread.
class PasswordWork {
  public:
    PasswordWork(async::EventLoop& loop, courseselect::auth::PasswordHasher hasher,
                 const HashThreads& threads)
        : loop_(loop),
          hasher_(std::move(hasher)),
          threads_(threads.people),
          import_threads_(threads.import) {}

    /// Errors: also those of `PasswordHasher::hash`.
    [[nodiscard]] async::Task<core::Result<std::string>> hash(core::Secret password,
                                                              HashLane lane = HashLane::people);
    /// Whether the password is the one behind `stored`. Without `stored`, for a user who does not
    /// exist, the answer is no after the same work.
    [[nodiscard]] async::Task<core::Result<bool>> verify(core::Secret password,
                                                         std::optional<std::string> stored);
    [[nodiscard]] bool needs_rehash(std::string_view stored) const {
        return hasher_.needs_rehash(stored);
    }
    /// Passwords hashed and checked since start. Thread-safety: any thread.
    [[nodiscard]] std::uint64_t computations() const { return computations_.load(); }
    /// Rounds of bcrypt computed since start. Thread-safety: any thread.
    [[nodiscard]] std::uint64_t rounds() const { return hasher_.rounds(); }
    /// Passwords that wait for a thread. Thread-safety: any thread.
    [[nodiscard]] std::size_t queued() const {
        return threads_.queued() + import_threads_.queued();
    }

  private:
    async::EventLoop& loop_;
    courseselect::auth::PasswordHasher hasher_;
    std::atomic<std::uint64_t> computations_{0};
    async::BlockingPool threads_;  // last: the threads end before what they use
    async::BlockingPool import_threads_;
};

}  // namespace courseselect::nodes::accounts
