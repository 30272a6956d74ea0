#pragma once
/// Passwords: policy, hashing and checking (contract §1.4).

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "courseselect/core/result.hpp"
#include "courseselect/core/secret.hpp"
#include "courseselect/crypto/random.hpp"

namespace courseselect::auth {

/// What a new password must be like.
struct PasswordPolicy {
    std::size_t characters_min = 6;  ///< code points
    std::size_t bytes_max = 1024;    ///< UTF-8; far above any phrase, far below a burden

    /// Errors: invalid_argument with reason `password_short`, `password_long`, `password_text`
    /// (not UTF-8, or with a NUL character, which bcrypt cannot hold).
    [[nodiscard]] core::Result<> check(std::string_view password) const;
};

/// bcrypt with cost 10 at least is the contract's rule; below is for tests only.
inline constexpr int bcrypt_cost_production_min = 10;

struct PasswordOptions {
    int bcrypt_cost = 12;               ///< 4 to 31; each step doubles the time (12: about 0.25 s)
    std::size_t bytes_max = 1024;       ///< longer passwords match nothing
    int pbkdf2_rounds_max = 1'000'000;  ///< stored hashes asking for more match nothing
    int bcrypt_cost_max = 16;           ///< the same for bcrypt: a bad row must not stall a thread
};

/// Makes and checks password hashes.
///
/// **Blocking**: every call but `needs_rehash` burns tens to hundreds of milliseconds on purpose.
/// Call them on an `async::BlockingPool`, never on a loop.
///
/// New hashes are `$2b$`. A UTF-8 password over 72 bytes, the most bcrypt reads, is replaced by its
/// SHA-256 hex digest first. Also checked, for databases taken over: `$2a$`, `$2y$`, and passlib's
/// `$pbkdf2-sha256$` and `$bcrypt-sha256$` (version 1 and 2).
///
/// Ownership: borrows the random source. Thread-safety: any thread.
class PasswordHasher {
  public:
    /// Errors: invalid_argument (cost out of 4..31, or above `bcrypt_cost_max`).
    [[nodiscard]] static core::Result<PasswordHasher> create(PasswordOptions options,
                                                             crypto::RandomSource& random);

    /// Errors: invalid_argument (NUL inside, too long), internal (the library refused).
    [[nodiscard]] core::Result<std::string> hash(const core::Secret& password) const;

    /// Whether the password is the one behind `stored`. A malformed or unknown hash matches
    /// nothing, after the time of a normal check.
    [[nodiscard]] bool verify(const core::Secret& password, std::string_view stored) const;

    /// Takes the time of `verify` for a user who does not exist, so that the answer's time does
    /// not tell which names do. Always false. A wrong password takes the same time for every
    /// bcrypt hash of the present cost or a lower one; older kinds take their own until their
    /// owner logs in.
    [[nodiscard]] bool verify_unknown_user(const core::Secret& password) const;

    /// Whether a hash that just matched should be replaced: another kind, or a lower cost.
    [[nodiscard]] bool needs_rehash(std::string_view stored) const;

    /// Rounds of bcrypt computed so far, 2^cost for each hash: how much work was done, whatever
    /// the clock says.
    [[nodiscard]] std::uint64_t rounds() const { return rounds_->load(); }

  private:
    PasswordHasher(PasswordOptions options, crypto::RandomSource& random);
    [[nodiscard]] bool can_match(std::string_view text) const;
    /// The work of checking a hash of that cost, for nothing.
    void burn(const std::string& input, int cost) const;

    PasswordOptions options_;
    crypto::RandomSource* random_;
    std::shared_ptr<std::atomic<std::uint64_t>> rounds_ =
        std::make_shared<std::atomic<std::uint64_t>>(0);
};

}  // namespace courseselect::auth
