#pragma once
/// How guessing is slowed down (contract §1.5): the one place of the auth node that throttles.

#include <string_view>

#include "courseselect/api/context.hpp"
#include "courseselect/auth/throttle.hpp"
#include "courseselect/core/clock.hpp"
#include "courseselect/nodes/auth/auth_options.hpp"
#include "courseselect/ratelimit/keyed_limiter.hpp"
#include "courseselect/repo/auth_users.hpp"

namespace courseselect::nodes::accounts {

/// Lets a try pass or refuses it, by client address and by account. Every try is charged before it
/// is made; a success forgives the account's, never the address's.
///
/// Errors of all `admit...`: resource_exhausted `rate_limited` with the text of contract §1.5; the
/// context is told the `Retry-After` that goes with it.
/// Ownership: borrows the clock. Thread-safety: the node's loop.
class GuessGuard {
  public:
    /// Errors: invalid_argument (a bucket out of bounds).
    [[nodiscard]] static core::Result<GuessGuard> create(const core::Clock& clock,
                                                         const GuessLimits& limits);

    /// Any path that takes a password, code or token.
    [[nodiscard]] core::Result<> admit(api::Context& context);
    /// A password for this name, whatever its case: the address and the name are charged.
    [[nodiscard]] core::Result<> admit_password(api::Context& context, std::string_view username);
    void forgive_password(std::string_view username);
    /// A 2FA code for this user: the address and the user are charged.
    [[nodiscard]] core::Result<> admit_totp(api::Context& context, repo::UserKey user);
    void forgive_totp(repo::UserKey user);
    /// A reset code: whoever guesses does not say for whom, so the address alone is charged, and
    /// hard. A right code forgives.
    [[nodiscard]] core::Result<> admit_reset(api::Context& context);
    void forgive_reset(const api::Context& context);

  private:
    GuessGuard(const core::Clock& clock, const GuessLimits& limits,
               ratelimit::KeyedLimiter addresses);
    [[nodiscard]] core::Result<> charge(courseselect::auth::Throttle& throttle,
                                        api::Context& context, std::string_view key);

    const core::Clock* clock_;
    bool is_enabled_;
    ratelimit::KeyedLimiter addresses_;
    courseselect::auth::Throttle passwords_;
    courseselect::auth::Throttle totp_codes_;
    courseselect::auth::Throttle reset_codes_;
};

}  // namespace courseselect::nodes::accounts
