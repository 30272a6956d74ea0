#pragma once
/// How a service learns who is behind a token.

#include <string_view>

#include "courseselect/auth/jwt.hpp"
#include "courseselect/auth/principal.hpp"
#include "courseselect/core/result.hpp"

namespace courseselect::api {

/// Verifies tokens. Called on the hot path: must not block.
/// Thread-safety: the loop of the service.
class Authenticator {
  public:
    virtual ~Authenticator() = default;
    /// Errors: unauthenticated; its detail is shown to the client (contract §1.4 has the texts).
    [[nodiscard]] virtual core::Result<auth::Principal> verify(std::string_view token,
                                                               auth::TokenType expected) const = 0;
};

/// The texts of contract §1.4, which differ between nodes.
struct TokenTexts {
    std::string_view bad = "Invalid authentication credentials";
    std::string_view wrong_type = "Invalid token type";
};

/// Knows which tokens were taken back though their signature is good: a session that was ended, a
/// user who was deactivated. Called on the hot path: must not block.
/// Thread-safety: the loop of the service.
class TokenGate {
  public:
    virtual ~TokenGate() = default;
    [[nodiscard]] virtual bool admits(const auth::Claims& claims) const = 0;
};

/// Checks tokens by their signature, and by what `gate` (which must outlive it) knows, if given.
class JwtAuthenticator final : public Authenticator {
  public:
    JwtAuthenticator(auth::JwtVerifier verifier, const core::Clock& clock, TokenTexts texts = {},
                     const TokenGate* gate = nullptr)
        : verifier_(std::move(verifier)), clock_(clock), texts_(texts), gate_(gate) {}

    [[nodiscard]] core::Result<auth::Principal> verify(std::string_view token,
                                                       auth::TokenType expected) const override;

  private:
    auth::JwtVerifier verifier_;
    const core::Clock& clock_;
    TokenTexts texts_;
    const TokenGate* gate_;
};

}  // namespace courseselect::api
