#pragma once
/// Who may log in: accounts of this server, tokens of the auth node, and the brakes on guessing.

#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include "courseselect/async/blocking_pool.hpp"
#include "courseselect/async/event_loop.hpp"
#include "courseselect/async/task.hpp"
#include "courseselect/auth/jwt.hpp"
#include "courseselect/auth/password.hpp"
#include "courseselect/auth/throttle.hpp"
#include "courseselect/chat/protocol.hpp"
#include "courseselect/core/clock.hpp"
#include "courseselect/core/result.hpp"
#include "courseselect/ratelimit/keyed_limiter.hpp"
#include "courseselect/repo/chat_store.hpp"

namespace courseselect::chat {

/// Somebody who has proved who they are.
struct Account {
    std::int64_t user_id = 0;
    std::string username;
    std::optional<core::WallTime> expires_at{};  ///< of a token
};

struct AccountsOptions {
    /// False: accounts are the auth node's; nobody registers here or logs in by password.
    bool has_passwords = true;
    bool has_limits = true;
    /// The contract sets no minimum; `bytes_max` is what a line of the protocol may hold.
    auth::PasswordPolicy password{.characters_min = 1, .bytes_max = password_bytes_max};
    /// Wrong passwords for one account: five are free, then 1 s, 2 s, 4 s .. up to 15 min.
    auth::ThrottleOptions per_account;
    /// Logins and registrations of one address, right or wrong: each costs a hash.
    ratelimit::LimiterOptions per_address{.bucket = {.capacity = 5'000, .refill_per_second = 50}};
};

/// What registers and logs in. With both passwords and tokens a name belongs to whoever had it
/// first: a token does not open an account that has a password, and the name of a token's user
/// cannot be registered.
/// Ownership: borrows all of its services. Thread-safety: the loop's thread.
class Accounts {
  public:
    /// Where hashes are made and tokens are checked.
    struct Services {
        async::EventLoop& loop;
        const core::Clock& clock;
        repo::ChatStore& store;
        const auth::PasswordHasher& hasher;
        async::BlockingPool& pool;
        const auth::JwtVerifier* tokens = nullptr;  ///< nullptr: tokens are not taken
    };
    using Outcome = std::variant<Account, Refusal>;

    /// Errors: invalid_argument (limits out of bounds).
    [[nodiscard]] static core::Result<Accounts> create(Services services, AccountsOptions options);

    /// The answer's `client_ref` is left to the caller.
    [[nodiscard]] async::Task<Outcome> register_user(Register request, std::string address);
    [[nodiscard]] async::Task<Outcome> log_in(Login request, std::string address);

  private:
    Accounts(Services services, AccountsOptions options, ratelimit::KeyedLimiter per_address);

    [[nodiscard]] std::optional<std::string> too_many_of_address(const std::string& address);
    [[nodiscard]] async::Task<Outcome> log_in_by_password(Login request);
    [[nodiscard]] async::Task<Outcome> log_in_by_token(core::Secret token);
    [[nodiscard]] async::Task<core::Result<bool>> matches(core::Secret password,
                                                          std::optional<std::string> hash);

    Services services_;
    AccountsOptions options_;
    auth::Throttle per_account_;
    ratelimit::KeyedLimiter per_address_;
};

}  // namespace courseselect::chat
