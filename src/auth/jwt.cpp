#include "courseselect/auth/jwt.hpp"

#include <algorithm>
#include <array>
#include <span>
#include <string>
#include <utility>

#include "courseselect/core/encoding.hpp"
#include "jwt_claims.hpp"

namespace courseselect::auth {
namespace {

constexpr std::size_t stack_buffer_bytes = 4096;

core::Error refused(const char* reason, const char* detail) {
    return core::Error(core::Errc::unauthenticated, reason, detail);
}

core::Error bad_token() { return refused("token_bad", "Invalid authentication credentials"); }

core::Result<> check_secret(const core::Secret& secret, const JwtLimits& limits) {
    if (secret.reveal().size() < limits.secret_bytes_min) {
        return core::Error(core::Errc::invalid_argument, "jwt_secret_short",
                           "the token secret needs at least " +
                               std::to_string(limits.secret_bytes_min) + " bytes");
    }
    return {};
}

JwtAlgorithm algorithm_of(crypto::KeyKind kind) {
    return kind == crypto::KeyKind::rsa ? JwtAlgorithm::rs256 : JwtAlgorithm::eddsa;
}

/// A JSON string; the text must be UTF-8.
void append_json_string(std::string& to, std::string_view text) {
    constexpr std::string_view hex = "0123456789abcdef";
    to.push_back('"');
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte < 0x20) {
            to.append("\\u00").push_back(hex[byte >> 4U]);
            to.push_back(hex[byte & 0x0fU]);
            continue;
        }
        if (c == '"' || c == '\\') {
            to.push_back('\\');
        }
        to.push_back(c);
    }
    to.push_back('"');
}

std::string header_json(JwtAlgorithm algorithm, std::string_view key_id) {
    std::string json = R"({"alg":")";
    json.append(jwt_algorithm_name(algorithm)).append(R"(","typ":"JWT")");
    if (!key_id.empty()) {
        json.append(R"(,"kid":)");
        append_json_string(json, key_id);
    }
    return json.append("}");
}

std::string claims_json(const Claims& claims) {
    std::string json = R"({"user_id":)";
    json.reserve(256 + claims.principal.username.size());
    json.append(std::to_string(claims.principal.id)).append(R"(,"username":)");
    append_json_string(json, claims.principal.username);
    json.append(R"(,"user_type":")").append(user_kind_name(claims.principal.kind));
    json.append(R"(","type":")").append(token_type_name(claims.type)).append(R"(","exp":)");
    json.append(std::to_string(claims.expires_at.time_since_epoch().count()));
    if (claims.issued_at.time_since_epoch().count() != 0) {
        json.append(R"(,"iat":)");
        json.append(std::to_string(claims.issued_at.time_since_epoch().count()));
    }
    if (!claims.token_id.empty()) {
        json.append(R"(,"jti":)");
        append_json_string(json, claims.token_id);
    }
    if (!claims.session_id.empty()) {
        json.append(R"(,"sid":)");
        append_json_string(json, claims.session_id);
    }
    return json.append("}");
}

/// The members of RFC 7638 §3.2: required ones only, in order of their names.
std::string jwk_core(const crypto::PublicKey& key) {
    std::string json;
    if (key.kind() == crypto::KeyKind::ed25519) {
        json = R"("crv":"Ed25519","kty":"OKP","x":")";
        json.append(core::base64url_encode(key.ed25519_point()));
    } else {
        json = R"("e":")";
        json.append(core::base64url_encode(key.rsa_exponent())).append(R"(","kty":"RSA","n":")");
        json.append(core::base64url_encode(key.rsa_modulus()));
    }
    return json.append("\"");
}

}  // namespace

std::string_view jwt_algorithm_name(JwtAlgorithm algorithm) {
    switch (algorithm) {
        case JwtAlgorithm::hs256: return "HS256";
        case JwtAlgorithm::rs256: return "RS256";
        case JwtAlgorithm::eddsa: return "EdDSA";
    }
    return "";
}

std::string_view token_type_name(TokenType type) {
    return type == TokenType::access ? "access" : "refresh";
}

JwtSigner::JwtSigner(JwtAlgorithm algorithm, Key key, std::string_view key_id)
    : key_(std::move(key)),
      prefix_(core::base64url_encode(header_json(algorithm, key_id)) + "."),
      algorithm_(algorithm) {}

core::Result<JwtSigner> JwtSigner::hs256(const core::Secret& secret, JwtLimits limits) {
    COURSESELECT_TRY_OK(check_secret(secret, limits));
    return JwtSigner(JwtAlgorithm::hs256,
                     crypto::HmacKey(crypto::HmacHash::sha256, secret.reveal()), {});
}

JwtSigner JwtSigner::with_key(crypto::PrivateKey key, std::string_view key_id) {
    const JwtAlgorithm algorithm = algorithm_of(key.kind());
    return JwtSigner(algorithm, std::move(key), key_id);
}

core::Result<std::string> JwtSigner::sign(const Claims& claims) const {
    if (!core::is_valid_utf8(claims.principal.username) || claims.principal.id < 1) {
        return core::Error(core::Errc::invalid_argument, "jwt_claims",
                           "a token needs a user id of 1 or more and a UTF-8 username");
    }
    std::string token = prefix_;
    core::base64url_append(token, claims_json(claims));
    if (const auto* hmac = std::get_if<crypto::HmacKey>(&key_)) {
        const auto tag = hmac->tag(token);
        token.push_back('.');
        core::base64url_append(token, crypto::as_text(tag).substr(0, hmac->tag_size()));
        return token;
    }
    COURSESELECT_TRY(const std::string signature, std::get<crypto::PrivateKey>(key_).sign(token));
    token.push_back('.');
    core::base64url_append(token, signature);
    return token;
}

JwtVerifier::JwtVerifier(JwtAlgorithm algorithm, Key key, JwtLimits limits)
    : key_(std::move(key)),
      usual_header_(core::base64url_encode(header_json(algorithm, {}))),
      limits_(limits),
      algorithm_(algorithm) {}

core::Result<JwtVerifier> JwtVerifier::hs256(const core::Secret& secret, JwtLimits limits) {
    COURSESELECT_TRY_OK(check_secret(secret, limits));
    return JwtVerifier(JwtAlgorithm::hs256,
                       crypto::HmacKey(crypto::HmacHash::sha256, secret.reveal()), limits);
}

JwtVerifier JwtVerifier::with_key(crypto::PublicKey key, JwtLimits limits) {
    const JwtAlgorithm algorithm = algorithm_of(key.kind());
    return JwtVerifier(algorithm, std::move(key), limits);
}

bool JwtVerifier::header_is_ours(std::string_view encoded) const {
    if (encoded == usual_header_) {
        return true;
    }
    const auto json = core::base64url_decode(encoded);
    const auto algorithm = json ? detail::scan_header_algorithm(*json) : std::nullopt;
    return algorithm && *algorithm == jwt_algorithm_name(algorithm_);
}

bool JwtVerifier::signature_matches(std::string_view signed_part,
                                    std::string_view signature) const {
    std::array<char, crypto::rsa_bits_max / 8> buffer;
    const auto bytes = core::base64url_decode_into(signature, buffer);
    if (!bytes) {
        return false;
    }
    if (const auto* hmac = std::get_if<crypto::HmacKey>(&key_)) {
        return hmac->verify(signed_part, *bytes);
    }
    return std::get<crypto::PublicKey>(key_).verify(signed_part, *bytes);
}

core::Result<Claims> JwtVerifier::verify(std::string_view token, core::WallTime now,
                                         TokenType expected) const {
    if (token.size() > limits_.token_bytes_max) {
        return bad_token();
    }
    const std::size_t first = token.find('.');
    const std::size_t last = token.rfind('.');
    if (first == std::string_view::npos || first == last || token.find('.', first + 1) != last) {
        return bad_token();
    }
    if (!header_is_ours(token.substr(0, first)) ||
        !signature_matches(token.substr(0, last), token.substr(last + 1))) {
        return bad_token();
    }
    const std::string_view payload = token.substr(first + 1, last - first - 1);
    std::array<char, stack_buffer_bytes> buffer;
    std::string large;  // only for limits configured above the usual
    std::span<char> room(buffer);
    if (payload.size() > buffer.size()) {
        large.resize(payload.size());
        room = large;
    }
    const auto json = core::base64url_decode_into(payload, room);
    auto scanned = json ? detail::scan_claims(*json, limits_) : std::nullopt;
    if (!scanned) {
        return bad_token();
    }
    if (now >= scanned->claims.expires_at + limits_.leeway) {
        return refused("token_expired", "Invalid authentication credentials");
    }
    const std::chrono::sys_seconds not_before{std::chrono::seconds{scanned->not_before}};
    if (now + limits_.leeway < not_before) {
        return bad_token();
    }
    if (scanned->claims.type != expected) {
        return refused("token_type", "Invalid token type");
    }
    return std::move(scanned->claims);
}

std::string jwks_json(const crypto::PublicKey& key, std::string_view key_id) {
    std::string json = R"({"keys":[{"use":"sig","alg":")";
    json.append(jwt_algorithm_name(algorithm_of(key.kind()))).append(R"(",)").append(jwk_core(key));
    json.append(R"(,"kid":)");
    append_json_string(json, key_id);
    return json.append("}]}");
}

std::string jwk_thumbprint(const crypto::PublicKey& key) {
    return core::base64url_encode(crypto::as_text(crypto::sha256("{" + jwk_core(key) + "}")));
}

std::optional<std::string_view> bearer_token(std::string_view header_value) {
    constexpr std::string_view scheme = "bearer";
    if (header_value.size() <= scheme.size() || header_value[scheme.size()] != ' ') {
        return std::nullopt;
    }
    for (std::size_t i = 0; i < scheme.size(); ++i) {
        const char c = header_value[i];
        if (static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c) != scheme[i]) {
            return std::nullopt;
        }
    }
    header_value.remove_prefix(
        std::min(header_value.find_first_not_of(' ', scheme.size()), header_value.size()));
    return header_value.empty() ? std::nullopt : std::optional(header_value);
}

}  // namespace courseselect::auth
