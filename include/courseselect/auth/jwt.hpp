#pragma once
/// JSON Web Tokens (RFC 7519) as contract §1.4 defines them: compact form, one algorithm that the
/// configuration fixes and the token never chooses (RFC 8725 §3.1).

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "courseselect/auth/principal.hpp"
#include "courseselect/core/clock.hpp"
#include "courseselect/core/result.hpp"
#include "courseselect/core/secret.hpp"
#include "courseselect/crypto/digest.hpp"
#include "courseselect/crypto/signature.hpp"

namespace courseselect::auth {

enum class JwtAlgorithm : std::uint8_t { hs256, rs256, eddsa };
/// "HS256", "RS256", "EdDSA".
[[nodiscard]] std::string_view jwt_algorithm_name(JwtAlgorithm algorithm);

enum class TokenType : std::uint8_t { access, refresh };
/// "access", "refresh".
[[nodiscard]] std::string_view token_type_name(TokenType type);

/// What a token says. Other claims in a token are ignored, as RFC 7519 §4 asks.
struct Claims {
    Principal principal;  ///< `user_id`, `username`, `user_type`
    TokenType type = TokenType::access;
    std::chrono::sys_seconds expires_at{};
    std::chrono::sys_seconds issued_at{};  ///< 1970 when the token has no `iat`
    std::string token_id;                  ///< `jti`; empty when the token has none
    std::string session_id;                ///< `sid`: the login it came from; may be empty

    friend bool operator==(const Claims&, const Claims&) = default;
};

/// Bounds of what is accepted, with the reason of each default.
struct JwtLimits {
    std::size_t token_bytes_max = 4096;    ///< ours have about 300 (700 with RSA)
    std::size_t username_bytes_max = 256;  ///< 50 characters of four bytes, and room
    std::size_t token_id_bytes_max = 128;  ///< a UUID has 36; of `jti` and `sid` each
    std::size_t secret_bytes_min = 32;     ///< RFC 7518 §3.2: at least the hash's size
    std::chrono::seconds leeway{0};        ///< how far the clocks of two nodes may differ
};

/// Makes tokens. Thread-safety: any thread.
class JwtSigner {
  public:
    /// Errors: invalid_argument (secret shorter than `limits.secret_bytes_min`).
    [[nodiscard]] static core::Result<JwtSigner> hs256(const core::Secret& secret,
                                                       JwtLimits limits = {});
    /// RS256 or EdDSA, as the key is. `key_id` becomes the header's `kid` unless it is empty.
    [[nodiscard]] static JwtSigner with_key(crypto::PrivateKey key, std::string_view key_id = {});

    [[nodiscard]] JwtAlgorithm algorithm() const { return algorithm_; }
    /// The compact token. `iat`, `jti` and `sid` are left out when unset.
    /// Errors: invalid_argument (username that is not UTF-8), internal (the library refused).
    [[nodiscard]] core::Result<std::string> sign(const Claims& claims) const;

  private:
    using Key = std::variant<crypto::HmacKey, crypto::PrivateKey>;
    JwtSigner(JwtAlgorithm algorithm, Key key, std::string_view key_id);

    Key key_;
    std::string prefix_;  // the encoded header and its dot
    JwtAlgorithm algorithm_;
};

/// Checks tokens. Thread-safety: any thread.
///
/// Refused: every algorithm but the configured one, `crit` headers, padding or other laxness in
/// base64url, claims twice, missing or of a wrong type, control characters, tokens over the limits.
class JwtVerifier {
  public:
    /// Errors: invalid_argument (secret shorter than `limits.secret_bytes_min`).
    [[nodiscard]] static core::Result<JwtVerifier> hs256(const core::Secret& secret,
                                                         JwtLimits limits = {});
    /// RS256 or EdDSA, as the key is.
    [[nodiscard]] static JwtVerifier with_key(crypto::PublicKey key, JwtLimits limits = {});

    [[nodiscard]] JwtAlgorithm algorithm() const { return algorithm_; }
    /// The claims of a token that is authentic, of the expected type and alive at `now`: it dies
    /// at the second `exp` plus the leeway (RFC 7519 §4.1.4).
    /// Errors: unauthenticated with reason `token_bad`, `token_expired` or `token_type`.
    [[nodiscard]] core::Result<Claims> verify(std::string_view token, core::WallTime now,
                                              TokenType expected = TokenType::access) const;

  private:
    using Key = std::variant<crypto::HmacKey, crypto::PublicKey>;
    JwtVerifier(JwtAlgorithm algorithm, Key key, JwtLimits limits);
    [[nodiscard]] bool header_is_ours(std::string_view encoded) const;
    [[nodiscard]] bool signature_matches(std::string_view signed_part,
                                         std::string_view signature) const;

    Key key_;
    std::string usual_header_;  // encoded; what most tokens start with
    JwtLimits limits_;
    JwtAlgorithm algorithm_;
};

/// The JWK Set (RFC 7517 §5) that lets others verify our tokens:
/// `{"keys":[{"use":"sig","alg":"EdDSA","crv":"Ed25519","kty":"OKP","x":"...","kid":"..."}]}`.
[[nodiscard]] std::string jwks_json(const crypto::PublicKey& key, std::string_view key_id);

/// The JWK thumbprint of a key (RFC 7638): a `kid` that needs no configuration.
[[nodiscard]] std::string jwk_thumbprint(const crypto::PublicKey& key);

/// The token in an `Authorization` header's value: after `Bearer`, any case, and one or more
/// spaces (RFC 6750 §2.1, RFC 9110 §11.1). Nothing when the scheme or the token is missing.
[[nodiscard]] std::optional<std::string_view> bearer_token(std::string_view header_value);

}  // namespace courseselect::auth
