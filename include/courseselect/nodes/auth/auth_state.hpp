#pragma once
/// What the groups of endpoints of the auth node share: database, hashing, tokens, limits, audit.

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>

#include "courseselect/api/context.hpp"
#include "courseselect/async/blocking_pool.hpp"
#include "courseselect/async/task_group.hpp"
#include "courseselect/auth/jwt.hpp"
#include "courseselect/auth/password.hpp"
#include "courseselect/auth/throttle.hpp"
#include "courseselect/auth/token_issuer.hpp"
#include "courseselect/nodes/auth/auth_options.hpp"
#include "courseselect/nodes/node.hpp"
#include "courseselect/ratelimit/keyed_limiter.hpp"
#include "courseselect/repo/auth_tokens.hpp"
#include "courseselect/repo/auth_users.hpp"
#include "courseselect/storage/reader_pool.hpp"
#include "courseselect/storage/write_queue.hpp"

namespace courseselect::nodes::accounts {

using courseselect::auth::Principal;
using courseselect::auth::TokenType;
using courseselect::auth::UserKind;

[[nodiscard]] inline repo::UserKey key_of(const Principal& who) { return {who.kind, who.id}; }

/// A refusal is an answer: what led to it is kept, the audit too. Any other error undoes the write.
[[nodiscard]] bool is_refusal(const core::Error& error);

/// A refresh token that was signed, with the record that has to be stored.
struct NewSession {
    std::string token;
    std::int64_t expires_in = 0;
    repo::RefreshToken record;
};

/// A login under way: its refresh token's record and the user, both good.
struct Session {
    repo::User user;
    repo::RefreshToken record;
};

/// Thread-safety: the runtime's loop, except where noted.
struct AuthState {
    [[nodiscard]] static core::Result<std::unique_ptr<AuthState>> open(Runtime runtime,
                                                                       AuthNodeOptions options);
    AuthState(Runtime to_use, AuthNodeOptions given, courseselect::auth::PasswordHasher to_hash,
              courseselect::auth::JwtVerifier to_verify, courseselect::auth::JwtSigner to_sign,
              ratelimit::KeyedLimiter by_address);

    /// One try of a password, code or token by this client. Errors: resource_exhausted
    /// `rate_limited` with the text of contract §1.5.
    [[nodiscard]] core::Result<> admit_address(const api::Context& context);
    [[nodiscard]] core::Result<> admit_password(std::string_view username);
    void forgive_password(std::string_view username);
    [[nodiscard]] core::Result<> admit_totp(repo::UserKey user);
    void forgive_totp(repo::UserKey user);

    /// The audit's entry for something that this request does.
    [[nodiscard]] repo::AuditEntry event(const api::Context& context, std::string action,
                                         std::string target = {}) const;

    /// Signs a refresh token of a new family. Thread-safety: any thread.
    [[nodiscard]] core::Result<NewSession> make_session(const repo::User& user,
                                                        bool is_complete) const;
    /// Thread-safety: any thread.
    [[nodiscard]] core::Result<courseselect::auth::IssuedToken> issue(const repo::User& user,
                                                                      TokenType type) const;

    /// Runs `body(Connection&, AuditEntry&)` in a write transaction and puts the audit's entry with
    /// its outcome beside it. A refusal of `body` keeps what it wrote before.
    template <class Body,
              class R = std::invoke_result_t<Body&, storage::Connection&, repo::AuditEntry&>>
    [[nodiscard]] async::Task<R> decide(repo::AuditEntry entry, Body body) {
        using T = typename R::value_type;
        using Outcome = std::variant<T, core::Error>;
        auto closure = [entry = std::move(entry), body = std::move(body)](
                           storage::Connection& connection) mutable -> core::Result<Outcome> {
            auto result = body(connection, entry);
            if (!result && !is_refusal(result.error())) {
                return std::move(result).error();
            }
            entry.outcome = result                            ? "ok"
                            : result.error().reason().empty() ? result.error().detail()
                                                              : result.error().reason();
            COURSESELECT_TRY_OK(repo::append_audit(connection, entry));
            return result ? Outcome(std::in_place_index<0>, *std::move(result))
                          : Outcome(std::in_place_index<1>, std::move(result).error());
        };
        auto outcome = co_await writes->run(std::move(closure));
        if (!outcome) {
            co_return std::move(outcome).error();
        }
        if (outcome->index() == 1) {
            co_return std::get<1>(*std::move(outcome));
        }
        co_return std::get<0>(*std::move(outcome));
    }

    Runtime runtime;
    AuthNodeOptions options;
    courseselect::auth::PasswordHasher hasher;
    courseselect::auth::JwtVerifier verifier;
    courseselect::auth::TokenIssuer issuer;
    ratelimit::KeyedLimiter addresses;
    courseselect::auth::Throttle passwords;
    courseselect::auth::Throttle totp_codes;
    async::TaskGroup tasks;
    std::unique_ptr<storage::Database> database;
    std::unique_ptr<storage::ReaderPool> readers;
    std::unique_ptr<storage::WriteQueue> writes;
    async::BlockingPool hashing;
};

/// The session behind a refresh token whose signature is good.
/// Errors: not_found `User not found`; unauthenticated (unknown, revoked or expired record, with
/// `text`); permission_denied `Account is inactive`.
[[nodiscard]] core::Result<Session> find_session(storage::Connection& connection,
                                                 const Principal& who, std::string_view hash,
                                                 core::WallTime now,
                                                 std::string_view text = "Invalid refresh token");

/// Checks a code against the active secret and remembers its step, so that it serves once.
/// Errors: invalid_argument `Invalid 2FA code`.
[[nodiscard]] core::Result<> use_totp(storage::Connection& connection, const repo::User& user,
                                      std::string_view code, core::WallTime now);

/// The administrator behind an access token. Errors: not_found `Admin not found`.
[[nodiscard]] core::Result<repo::User> find_admin(storage::Connection& connection,
                                                  const Principal& who);

[[nodiscard]] core::Error invalid_totp();
[[nodiscard]] core::Error account_inactive();

}  // namespace courseselect::nodes::accounts
