#include "courseselect/auth/token_issuer.hpp"

#include <utility>

#include "courseselect/core/encoding.hpp"

namespace courseselect::auth {

std::chrono::seconds TokenLifetimes::of(UserKind kind, TokenType type) const {
    if (type == TokenType::refresh) {
        return refresh;
    }
    switch (kind) {
        case UserKind::student: return student_access;
        case UserKind::teacher: return teacher_access;
        case UserKind::admin: return admin_access;
    }
    return student_access;
}

TokenIssuer::TokenIssuer(JwtSigner signer, crypto::RandomSource& random, TokenLifetimes lifetimes)
    : signer_(std::move(signer)), random_(random), lifetimes_(lifetimes) {}

core::Result<IssuedToken> TokenIssuer::issue(const Principal& who, TokenType type,
                                             core::WallTime now,
                                             std::string_view session_id) const {
    constexpr std::size_t token_id_bytes = 16;
    const auto lifetime = lifetimes_.of(who.kind, type);
    Claims claims;
    claims.principal = who;
    claims.type = type;
    claims.issued_at = std::chrono::floor<std::chrono::seconds>(now);
    claims.expires_at = claims.issued_at + lifetime;
    claims.token_id = core::base64url_encode(random_.bytes(token_id_bytes));
    claims.session_id = session_id;
    COURSESELECT_TRY(std::string token, signer_.sign(claims));
    return IssuedToken{std::move(token), lifetime, claims.expires_at, std::move(claims.token_id)};
}

std::string refresh_token_hash(std::string_view token) { return crypto::sha256_hex(token); }

}  // namespace courseselect::auth
