#include "courseselect/nodes/auth/tokens.hpp"

#include <utility>

#include "courseselect/core/encoding.hpp"

namespace courseselect::nodes::accounts {
namespace {

namespace auth = courseselect::auth;

constexpr std::size_t family_bytes = 16;

struct JwtKeys {
    auth::JwtSigner signer;
    auth::JwtVerifier verifier;
    std::string key_set = R"({"keys":[]})";
};

core::Result<JwtKeys> token_keys(const AuthNodeOptions& options) {
    if (options.jwt_private_key.empty()) {
        const auth::JwtLimits limits{.secret_bytes_min = options.jwt_secret_bytes_min};
        COURSESELECT_TRY(auto signer, auth::JwtSigner::hs256(options.jwt_secret, limits));
        COURSESELECT_TRY(auto verifier, auth::JwtVerifier::hs256(options.jwt_secret, limits));
        return JwtKeys{.signer = std::move(signer), .verifier = std::move(verifier)};
    }
    COURSESELECT_TRY(auto key, crypto::PrivateKey::from_pem(options.jwt_private_key));
    const crypto::PublicKey shared = key.public_key();
    const std::string id = auth::jwk_thumbprint(shared);
    return JwtKeys{auth::JwtSigner::with_key(key, id), auth::JwtVerifier::with_key(shared),
                   auth::jwks_json(shared, id)};
}

}  // namespace

core::Result<Tokens> Tokens::create(Runtime runtime, const AuthNodeOptions& options) {
    COURSESELECT_TRY(auto keys, token_keys(options));
    return Tokens(runtime, std::move(keys.verifier),
                  auth::TokenIssuer(std::move(keys.signer), runtime.random, options.lifetimes),
                  std::move(keys.key_set));
}

core::Result<auth::Claims> Tokens::claims(std::string_view token, TokenType expected) const {
    auto claims = verifier_.verify(token, clock_.wall_now(), expected);
    if (!claims) {
        const bool refresh = expected == TokenType::refresh;
        return core::Error(core::Errc::unauthenticated, "token_refused",
                           refresh ? "Invalid refresh token" : "Invalid token");
    }
    return claims;
}

core::Result<Principal> Tokens::verify(std::string_view token, TokenType expected) const {
    COURSESELECT_TRY(auto known, claims(token, expected));
    return std::move(known.principal);
}

core::Result<auth::IssuedToken> Tokens::issue(const repo::User& user, TokenType type,
                                              std::string_view family) const {
    const Principal who{.kind = user.key.kind, .id = user.key.id, .username = user.username};
    return issuer_.issue(who, type, clock_.wall_now(), family);
}

core::Result<NewSession> Tokens::session(const repo::User& user, bool is_complete,
                                         std::string family) const {
    if (family.empty()) {
        family = core::hex_encode(random_.bytes(family_bytes));
    }
    COURSESELECT_TRY(auto issued, issue(user, TokenType::refresh, family));
    NewSession made;
    made.record = {.hash = auth::refresh_token_hash(issued.token),
                   .owner = user.key,
                   .family = std::move(family),
                   .is_complete = is_complete,
                   .expires_at = core::WallTime(issued.expires_at),
                   .revoked_at = std::nullopt,
                   .replaced_by = {}};
    made.token = std::move(issued.token);
    made.expires_in = issued.expires_in.count();
    return made;
}

core::Result<wire::TokenOut> Tokens::access(const repo::User& user, std::string_view family) const {
    COURSESELECT_TRY(auto issued, issue(user, TokenType::access, family));
    return wire::TokenOut{.access_token = std::move(issued.token),
                          .expires_in = issued.expires_in.count()};
}

core::Result<wire::AdminTokens> Tokens::both(const repo::User& user,
                                             const NewSession& session) const {
    COURSESELECT_TRY(auto token, access(user, session.record.family));
    return wire::AdminTokens{.access_token = std::move(token.access_token),
                             .refresh_token = session.token,
                             .expires_in = token.expires_in};
}

}  // namespace courseselect::nodes::accounts
