#include "courseselect/nodes/auth/auth_state.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "courseselect/auth/totp.hpp"
#include "courseselect/core/encoding.hpp"
#include "courseselect/repo/auth_schema.hpp"

namespace courseselect::nodes::accounts {
namespace {

namespace auth = courseselect::auth;
using core::Errc;

constexpr std::size_t family_bytes = 16;

struct JwtKeys {
    auth::JwtSigner signer;
    auth::JwtVerifier verifier;
};

core::Result<JwtKeys> token_keys(const AuthNodeOptions& options) {
    if (options.jwt_private_key.empty()) {
        const auth::JwtLimits limits{.secret_bytes_min = options.jwt_secret_bytes_min};
        COURSESELECT_TRY(auto signer, auth::JwtSigner::hs256(options.jwt_secret, limits));
        COURSESELECT_TRY(auto verifier, auth::JwtVerifier::hs256(options.jwt_secret, limits));
        return JwtKeys{std::move(signer), std::move(verifier)};
    }
    COURSESELECT_TRY(auto key, crypto::PrivateKey::from_pem(options.jwt_private_key));
    const crypto::PublicKey shared = key.public_key();
    return JwtKeys{auth::JwtSigner::with_key(key, auth::jwk_thumbprint(shared)),
                   auth::JwtVerifier::with_key(shared)};
}

core::Error slow_down(std::chrono::nanoseconds wait) {
    const auto seconds = std::chrono::floor<std::chrono::seconds>(wait).count();
    return {Errc::resource_exhausted, "rate_limited",
            fmt::format("Rate limit exceeded. Please wait {} seconds.", seconds)};
}

core::Result<> try_throttle(auth::Throttle& throttle, std::string_view key, core::MonoTime now) {
    const auto decision = throttle.attempt(key, now);
    if (!decision.allowed) {
        return slow_down(decision.retry_after);
    }
    return {};
}

/// The spelling of a name in limits: its case must not give more tries.
std::string folded(std::string_view username) {
    std::string key(username);
    std::transform(key.begin(), key.end(), key.begin(), [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    return key;
}

}  // namespace

bool is_refusal(const core::Error& error) {
    switch (error.code()) {
        case Errc::invalid_argument:
        case Errc::unauthenticated:
        case Errc::permission_denied:
        case Errc::not_found:
        case Errc::failed_precondition: return true;
        default: return false;
    }
}

AuthState::AuthState(Runtime to_use, AuthNodeOptions given, auth::PasswordHasher to_hash,
                     auth::JwtVerifier to_verify, auth::JwtSigner to_sign,
                     ratelimit::KeyedLimiter by_address)
    : runtime(to_use),
      options(std::move(given)),
      hasher(std::move(to_hash)),
      verifier(std::move(to_verify)),
      issuer(std::move(to_sign), to_use.random, options.lifetimes),
      addresses(std::move(by_address)),
      passwords(options.guesses.password),
      totp_codes(options.guesses.totp),
      tasks(to_use.loop),
      hashing(options.hashing) {}

core::Result<std::unique_ptr<AuthState>> AuthState::open(Runtime runtime, AuthNodeOptions options) {
    if (options.bcrypt_cost < auth::bcrypt_cost_production_min && !options.dev) {
        return core::Error(Errc::invalid_argument, "bcrypt_cost",
                           "a bcrypt cost below 10 is for development only");
    }
    COURSESELECT_TRY(auto hasher, auth::PasswordHasher::create({.bcrypt_cost = options.bcrypt_cost},
                                                               runtime.random));
    COURSESELECT_TRY(auto keys, token_keys(options));
    COURSESELECT_TRY(auto limiter, ratelimit::KeyedLimiter::create(options.guesses.address));
    auto state = std::make_unique<AuthState>(runtime, std::move(options), std::move(hasher),
                                             std::move(keys.verifier), std::move(keys.signer),
                                             std::move(limiter));
    const AuthNodeOptions& given = state->options;
    COURSESELECT_TRY(state->database, storage::Database::open(given.database, given.storage));
    COURSESELECT_TRY(auto writer, state->database->connect_writer());
    COURSESELECT_TRY_OK(storage::migrate(*writer, repo::auth_migrations(), runtime.clock));
    COURSESELECT_TRY_OK(repo::make_profiles_due(*writer));
    state->writes = std::make_unique<storage::WriteQueue>(runtime.loop, std::move(writer));
    COURSESELECT_TRY(state->readers, storage::ReaderPool::open(runtime.loop, *state->database));
    return state;
}

core::Result<> AuthState::admit_address(const api::Context& context) {
    if (!options.guesses.enabled) {
        return {};
    }
    const auto taken = addresses.try_take(context.client_address(), runtime.clock.mono_now());
    if (!taken.allowed) {
        return slow_down(taken.wait);
    }
    return {};
}

core::Result<> AuthState::admit_password(std::string_view username) {
    return options.guesses.enabled
               ? try_throttle(passwords, folded(username), runtime.clock.mono_now())
               : core::Result<>();
}

void AuthState::forgive_password(std::string_view username) {
    passwords.succeeded(folded(username));
}

core::Result<> AuthState::admit_totp(repo::UserKey user) {
    return options.guesses.enabled
               ? try_throttle(totp_codes, repo::to_string(user), runtime.clock.mono_now())
               : core::Result<>();
}

void AuthState::forgive_totp(repo::UserKey user) { totp_codes.succeeded(repo::to_string(user)); }

repo::AuditEntry AuthState::event(const api::Context& context, std::string action,
                                  std::string target) const {
    return {.time = runtime.clock.wall_now(),
            .actor = context.principal ? repo::to_string(key_of(*context.principal)) : "",
            .action = std::move(action),
            .target = std::move(target),
            .address = context.client_address(),
            .request_id = context.request_id,
            .outcome = {}};
}

core::Result<auth::IssuedToken> AuthState::issue(const repo::User& user, TokenType type) const {
    const Principal who{.kind = user.key.kind, .id = user.key.id, .username = user.username};
    return issuer.issue(who, type, runtime.clock.wall_now());
}

core::Result<NewSession> AuthState::make_session(const repo::User& user, bool is_complete) const {
    COURSESELECT_TRY(auto issued, issue(user, TokenType::refresh));
    NewSession made;
    made.record = {.hash = auth::refresh_token_hash(issued.token),
                   .owner = user.key,
                   .family = core::hex_encode(runtime.random.bytes(family_bytes)),
                   .is_complete = is_complete,
                   .expires_at = core::WallTime(issued.expires_at),
                   .revoked_at = std::nullopt,
                   .replaced_by = {}};
    made.token = std::move(issued.token);
    made.expires_in = issued.expires_in.count();
    return made;
}

core::Result<Session> find_session(storage::Connection& connection, const Principal& who,
                                   std::string_view hash, core::WallTime now,
                                   std::string_view text) {
    COURSESELECT_TRY(auto user, repo::find_user(connection, key_of(who)));
    if (!user) {
        return core::Error(Errc::not_found, "user_gone", "User not found");
    }
    COURSESELECT_TRY(auto record, repo::find_refresh_token(connection, hash));
    if (!record || record->revoked_at || record->expires_at <= now) {
        return core::Error(Errc::unauthenticated, "session_over", std::string(text));
    }
    if (!user->is_active) {
        return account_inactive();
    }
    return Session{*std::move(user), *std::move(record)};
}

core::Result<> use_totp(storage::Connection& connection, const repo::User& user,
                        std::string_view code, core::WallTime now) {
    const auto step = auth::verify_totp(user.totp_secret, code, now, user.last_used_step);
    if (!step) {
        return invalid_totp();
    }
    return repo::set_used_step(connection, user.key, *step);
}

core::Result<repo::User> find_admin(storage::Connection& connection, const Principal& who) {
    COURSESELECT_TRY(auto admin, repo::find_user(connection, key_of(who)));
    if (!admin || !admin->is_active) {
        return core::Error(Errc::not_found, "admin_gone", "Admin not found");
    }
    return *std::move(admin);
}

core::Error invalid_totp() { return {Errc::invalid_argument, "totp_wrong", "Invalid 2FA code"}; }

core::Error account_inactive() {
    return {Errc::permission_denied, "inactive", "Account is inactive"};
}

}  // namespace courseselect::nodes::accounts
