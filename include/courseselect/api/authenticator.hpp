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

/// Checks tokens by their signature alone.
class JwtAuthenticator final : public Authenticator {
  public:
    JwtAuthenticator(auth::JwtVerifier verifier, const core::Clock& clock, TokenTexts texts = {})
        : verifier_(std::move(verifier)), clock_(clock), texts_(texts) {}

    [[nodiscard]] core::Result<auth::Principal> verify(std::string_view token,
                                                       auth::TokenType expected) const override;

  private:
    auth::JwtVerifier verifier_;
    const core::Clock& clock_;
    TokenTexts texts_;
};

}  // namespace courseselect::api
