#pragma once
/// Which tokens users get, how long they live and how refresh tokens are kept (contract §1.4).

#include <chrono>
#include <string>
#include <string_view>

#include "courseselect/auth/jwt.hpp"
#include "courseselect/crypto/random.hpp"

namespace courseselect::auth {

/// Lifetimes; the defaults are contract §1.4's table.
struct TokenLifetimes {
    std::chrono::seconds student_access{30 * 60};
    std::chrono::seconds teacher_access{2 * 60 * 60};
    std::chrono::seconds admin_access{8 * 60 * 60};
    std::chrono::seconds refresh{7 * 24 * 60 * 60};

    [[nodiscard]] std::chrono::seconds of(UserKind kind, TokenType type) const;
};

/// A token and when it dies; `expires_in` is what the client is told.
struct IssuedToken {
    std::string token;
    std::chrono::seconds expires_in{};
    std::chrono::sys_seconds expires_at{};
    std::string token_id;
};

/// Signs tokens with a fresh random `jti` of 16 bytes each, so that no two are equal.
/// Ownership: borrows the random source. Thread-safety: that of the random source.
class TokenIssuer {
  public:
    TokenIssuer(JwtSigner signer, crypto::RandomSource& random, TokenLifetimes lifetimes = {});

    /// `session_id` becomes `sid`, by which the token can be taken back before it dies; empty for
    /// none.
    /// Errors: those of `JwtSigner::sign`.
    [[nodiscard]] core::Result<IssuedToken> issue(const Principal& who, TokenType type,
                                                  core::WallTime now,
                                                  std::string_view session_id = {}) const;

  private:
    JwtSigner signer_;
    crypto::RandomSource& random_;
    TokenLifetimes lifetimes_;
};

/// What is stored of a refresh token: the SHA-256 of its text, 64 lower-case hex characters.
[[nodiscard]] std::string refresh_token_hash(std::string_view token);

}  // namespace courseselect::auth
