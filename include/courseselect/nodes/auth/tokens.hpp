#pragma once
/// The tokens of the auth node: signing, checking, and what is stored of them.

#include <cstdint>
#include <string>
#include <string_view>

#include "courseselect/api/authenticator.hpp"
#include "courseselect/auth/jwt.hpp"
#include "courseselect/auth/token_issuer.hpp"
#include "courseselect/nodes/auth/auth_options.hpp"
#include "courseselect/nodes/node.hpp"
#include "courseselect/nodes/wire/auth.hpp"
#include "courseselect/repo/auth_tokens.hpp"

namespace courseselect::nodes::accounts {

using courseselect::auth::Principal;
using courseselect::auth::TokenType;
using courseselect::auth::UserKind;

[[nodiscard]] inline repo::UserKey key_of(const Principal& who) { return {who.kind, who.id}; }

/// A refresh token that was signed, with the record that has to be stored.
struct NewSession {
    std::string token;
    std::int64_t expires_in = 0;  ///< seconds
    repo::RefreshToken record;
};

/// Signs and checks. As an authenticator it answers with the texts of contract §3, which depend on
/// the token that was asked for.
/// Ownership: borrows clock and random source. Thread-safety: the node's loop.
class Tokens final : public api::Authenticator {
  public:
    /// Errors: invalid_argument (a secret that is too short, a key that is none).
    [[nodiscard]] static core::Result<Tokens> create(Runtime runtime,
                                                     const AuthNodeOptions& options);

    /// Errors: unauthenticated `Invalid refresh token` or `Invalid token`.
    [[nodiscard]] core::Result<courseselect::auth::Claims> claims(std::string_view token,
                                                                  TokenType expected) const;
    [[nodiscard]] core::Result<Principal> verify(std::string_view token,
                                                 TokenType expected) const override;
    /// A refresh token; of a new family when none is given. `is_complete`: no step of the login is
    /// left. The family is the token's `sid`.
    [[nodiscard]] core::Result<NewSession> session(const repo::User& user, bool is_complete,
                                                   std::string family = {}) const;
    /// An access token of the session `family`.
    [[nodiscard]] core::Result<wire::TokenOut> access(const repo::User& user,
                                                      std::string_view family) const;
    /// The JWK Set with which others check our tokens; without keys when they are signed with a
    /// shared secret, which nobody is told.
    [[nodiscard]] const std::string& key_set() const { return key_set_; }
    /// Both at once, for those who are logged in with it.
    [[nodiscard]] core::Result<wire::AdminTokens> both(const repo::User& user,
                                                       const NewSession& session) const;

  private:
    Tokens(Runtime runtime, courseselect::auth::JwtVerifier verifier,
           courseselect::auth::TokenIssuer issuer, std::string key_set)
        : clock_(runtime.clock),
          random_(runtime.random),
          verifier_(std::move(verifier)),
          issuer_(std::move(issuer)),
          key_set_(std::move(key_set)) {}
    [[nodiscard]] core::Result<courseselect::auth::IssuedToken> issue(
        const repo::User& user, TokenType type, std::string_view family) const;

    const core::Clock& clock_;
    crypto::RandomSource& random_;
    courseselect::auth::JwtVerifier verifier_;
    courseselect::auth::TokenIssuer issuer_;
    std::string key_set_;
};

}  // namespace courseselect::nodes::accounts
