#include "courseselect/auth/jwt.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include "courseselect/core/encoding.hpp"

using namespace courseselect;
using namespace std::chrono_literals;

namespace {

const std::string jwt_secret = "0123456789abcdef0123456789abcdef";
const core::WallTime jwt_now{1'700'000'000s};

auth::Claims sample_claims() {
    auth::Claims claims;
    claims.principal = {auth::UserKind::student, 42, "li \"\\\xe5\xad\xa6\x01"};
    claims.issued_at = std::chrono::sys_seconds{1'700'000'000s};
    claims.expires_at = claims.issued_at + 60s;
    claims.token_id = "id";
    claims.session_id = "session";
    return claims;
}

/// A token with this header and payload and a right HS256 signature.
std::string signed_token(std::string_view header, std::string_view payload) {
    std::string token = core::base64url_encode(header) + "." + core::base64url_encode(payload);
    const auto tag = crypto::hmac_sha256(jwt_secret, token);
    return token + "." + core::base64url_encode(crypto::as_text(tag));
}

auth::JwtVerifier hs256_verifier() { return *auth::JwtVerifier::hs256(core::Secret(jwt_secret)); }

const std::string good_header = R"({"alg":"HS256","typ":"JWT"})";
const std::string good_members =
    R"("user_id":1,"username":"a","user_type":"admin","type":"access","exp":1700000060)";

}  // namespace

TEST_SUITE("auth/jwt") {
    TEST_CASE("every algorithm verifies its own tokens and nobody else's") {
        const auto ed = crypto::PrivateKey::generate(crypto::KeyKind::ed25519);
        const auto rsa = crypto::PrivateKey::generate(crypto::KeyKind::rsa);
        const auto token_hs =
            *auth::JwtSigner::hs256(core::Secret(jwt_secret))->sign(sample_claims());
        const auto token_ed = *auth::JwtSigner::with_key(*ed, "k1").sign(sample_claims());
        const auto token_rsa = *auth::JwtSigner::with_key(*rsa).sign(sample_claims());
        const auto verify_ed = auth::JwtVerifier::with_key(ed->public_key());
        const auto verify_rsa = auth::JwtVerifier::with_key(rsa->public_key());
        CHECK(*hs256_verifier().verify(token_hs, jwt_now) == sample_claims());
        CHECK(*verify_ed.verify(token_ed, jwt_now) == sample_claims());
        CHECK(*verify_rsa.verify(token_rsa, jwt_now) == sample_claims());
        CHECK_FALSE(verify_ed.verify(token_hs, jwt_now));
        CHECK_FALSE(verify_rsa.verify(token_hs, jwt_now));
        CHECK_FALSE(hs256_verifier().verify(token_rsa, jwt_now));
        CHECK(auth::jwks_json(ed->public_key(), "k1").find(R"("crv":"Ed25519")") !=
              std::string::npos);
        CHECK(auth::jwk_thumbprint(rsa->public_key()).size() == 43);
    }

    TEST_CASE("expired, of the wrong type and bad are told apart") {
        const auto verifier = hs256_verifier();
        const auto token = *auth::JwtSigner::hs256(core::Secret(jwt_secret))->sign(sample_claims());
        CHECK(verifier.verify(token, jwt_now + 60s - 1us));
        CHECK(verifier.verify(token, jwt_now + 60s).error().reason() == "token_expired");
        CHECK(verifier.verify(token, jwt_now, auth::TokenType::refresh).error().reason() ==
              "token_type");
        CHECK(verifier.verify(token + "A", jwt_now).error().reason() == "token_bad");
        const auto lenient = *auth::JwtVerifier::hs256(core::Secret(jwt_secret), {.leeway = 5s});
        CHECK(lenient.verify(token, jwt_now + 64s));
        CHECK_FALSE(lenient.verify(token, jwt_now + 65s));
    }

    TEST_CASE("a well-signed token must still obey the rules") {
        const auto verifier = hs256_verifier();
        CHECK(verifier.verify(signed_token(good_header, "{" + good_members + "}"), jwt_now));
        CHECK(verifier.verify(
            signed_token(R"({"typ":"jwt","alg":"HS256","kid":"x"})",
                         "{ " + good_members + R"(, "aud":["x",{"y":1.5e3}],"nbf":1700000000})"),
            jwt_now));
        for (const std::string header :
             {R"({"alg":"none"})", R"({"alg":"HS512"})", R"({"typ":"JWT"})", "{}", "",
              R"({"alg":"HS256","crit":["b64"]})", R"({"alg":"HS256","alg":"HS256"})"}) {
            CAPTURE(header);
            CHECK_FALSE(verifier.verify(signed_token(header, "{" + good_members + "}"), jwt_now));
        }
        for (const std::string& payload :
             {std::string("{}"), std::string("[]"), std::string(), "{" + good_members,
              "{" + good_members + "}x", "{" + good_members + R"(,"exp":1800000000})",
              "{" + good_members + R"(,"e\u0078p":1800000000})", "{" + good_members + ",}",
              "{" + good_members + R"(,"nbf":1700000001})", "{" + good_members + R"(,"iat":"1"})",
              "{" + good_members + R"(,"x":01})", "{" + good_members + R"(,"x":[[[[[[1]]]]]]})",
              "{" + good_members + ",\"x\":\"\xff\"}",
              std::string(R"({"user_id":"1","username":"a","user_type":"admin","type":"access",)"
                          R"("exp":1700000060})"),
              std::string(R"({"user_id":1.0,"username":"a","user_type":"admin","type":"access",)"
                          R"("exp":1700000060})"),
              std::string(R"({"user_id":1,"username":"a","user_type":"root","type":"access",)"
                          R"("exp":1700000060})")}) {
            CAPTURE(payload);
            CHECK_FALSE(verifier.verify(signed_token(good_header, payload), jwt_now));
        }
    }

    TEST_CASE("limits hold at their bounds") {
        CHECK_FALSE(auth::JwtVerifier::hs256(core::Secret(std::string(31, 'k'))));
        CHECK(auth::JwtVerifier::hs256(core::Secret(std::string(32, 'k'))));
        const std::string token = signed_token(good_header, "{" + good_members + "}");
        const core::Secret secret(jwt_secret);
        CHECK(auth::JwtVerifier::hs256(secret, {.token_bytes_max = token.size()})
                  ->verify(token, jwt_now));
        CHECK_FALSE(auth::JwtVerifier::hs256(secret, {.token_bytes_max = token.size() - 1})
                        ->verify(token, jwt_now));
    }

    TEST_CASE("names and ids inside a token are bounded too") {
        const auto signer = *auth::JwtSigner::hs256(core::Secret(jwt_secret));
        const auto accepted = [&](const auth::Claims& claims) {
            return hs256_verifier().verify(*signer.sign(claims), jwt_now).has_value();
        };
        auth::Claims claims = sample_claims();
        claims.principal.username = std::string(256, 'n');
        CHECK(accepted(claims));
        claims.principal.username += 'n';
        CHECK_FALSE(accepted(claims));
        claims = sample_claims();
        claims.token_id = std::string(128, 'i');
        claims.session_id = std::string(128, 's');
        CHECK(accepted(claims));
        claims.token_id += 'i';
        CHECK_FALSE(accepted(claims));
        claims.token_id.clear();
        claims.session_id += 's';
        CHECK_FALSE(accepted(claims));
    }

    TEST_CASE("what a token does not say is empty") {
        const auto bare =
            hs256_verifier().verify(signed_token(good_header, "{" + good_members + "}"), jwt_now);
        REQUIRE(bare);
        CHECK(bare->token_id.empty());
        CHECK(bare->session_id.empty());
        CHECK(bare->issued_at == std::chrono::sys_seconds{});
    }

    TEST_CASE("no change to a token and no rubbish ever verifies") {
        const auto verifier = hs256_verifier();
        const auto token = *auth::JwtSigner::hs256(core::Secret(jwt_secret))->sign(sample_claims());
        CHECK(rc::check("mutation", [&](char byte) {
            std::string changed = token;
            const auto at = *rc::gen::inRange<std::size_t>(0, token.size());
            RC_PRE(changed[at] != byte);
            changed[at] = byte;
            RC_ASSERT(!verifier.verify(changed, jwt_now));
        }));
        CHECK(rc::check("signed rubbish", [&](const std::string& rubbish) {
            RC_ASSERT(!verifier.verify(rubbish, jwt_now));
            RC_ASSERT(!verifier.verify(signed_token(good_header, rubbish), jwt_now));
            RC_ASSERT(!verifier.verify(signed_token(rubbish, "{" + good_members + "}"), jwt_now));
        }));
    }

    TEST_CASE("the bearer token is what follows the scheme") {
        CHECK(auth::bearer_token("bEARER  abc") == "abc");
        CHECK_FALSE(auth::bearer_token("Bearer "));
        CHECK_FALSE(auth::bearer_token("Basic abc"));
        CHECK_FALSE(auth::bearer_token("abc"));
    }
}
