#include "courseselect/api/authenticator.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <string>
#include <utility>

using namespace courseselect;
using namespace std::chrono_literals;

namespace {

struct Tokens {
    core::ManualClock clock;
    core::Secret secret{std::string(32, 'k')};

    [[nodiscard]] std::string make(auth::TokenType type, std::chrono::seconds lifetime) const {
        auth::Claims claims;
        claims.principal = {auth::UserKind::teacher, 3, "grace"};
        claims.type = type;
        const auto now = std::chrono::floor<std::chrono::seconds>(clock.wall_now());
        claims.issued_at = now;
        claims.expires_at = now + lifetime;
        const auto signer = auth::JwtSigner::hs256(secret);
        REQUIRE(signer.has_value());
        const auto token = signer->sign(claims);
        REQUIRE(token.has_value());
        return *token;
    }
    [[nodiscard]] api::JwtAuthenticator authenticator(api::TokenTexts texts = {}) const {
        auto verifier = auth::JwtVerifier::hs256(secret);
        REQUIRE(verifier.has_value());
        return {*std::move(verifier), clock, texts};
    }
};

}  // namespace

TEST_SUITE("api/authenticator") {
    TEST_CASE("a good token tells who is behind it") {
        const Tokens tokens;
        const auto who = tokens.authenticator().verify(tokens.make(auth::TokenType::access, 1min),
                                                       auth::TokenType::access);
        REQUIRE(who.has_value());
        CHECK(*who == auth::Principal{auth::UserKind::teacher, 3, "grace"});
    }

    TEST_CASE("a token dies with the injected clock") {
        Tokens tokens;
        const std::string token = tokens.make(auth::TokenType::access, 60s);
        const auto authenticator = tokens.authenticator();
        tokens.clock.advance(59s);
        CHECK(authenticator.verify(token, auth::TokenType::access).has_value());
        tokens.clock.advance(1s);
        const auto refused = authenticator.verify(token, auth::TokenType::access);
        REQUIRE_FALSE(refused.has_value());
        CHECK(refused.error().code() == core::Errc::unauthenticated);
        CHECK(refused.error().detail() == "Invalid authentication credentials");
    }

    TEST_CASE("a refresh token is not an access token, nor the other way round") {
        const Tokens tokens;
        const auto authenticator = tokens.authenticator();
        const auto refresh = tokens.make(auth::TokenType::refresh, 1min);
        const auto access = tokens.make(auth::TokenType::access, 1min);
        CHECK(authenticator.verify(refresh, auth::TokenType::refresh).has_value());
        for (const auto& refused : {authenticator.verify(refresh, auth::TokenType::access),
                                    authenticator.verify(access, auth::TokenType::refresh)}) {
            REQUIRE_FALSE(refused.has_value());
            CHECK(refused.error().code() == core::Errc::unauthenticated);
            CHECK(refused.error().detail() == "Invalid token type");
        }
    }

    TEST_CASE("a token that was taken back is refused though its signature is good") {
        struct OneGone final : api::TokenGate {
            [[nodiscard]] bool admits(const auth::Claims& claims) const override {
                return claims.principal.id != 3;
            }
        };
        const Tokens tokens;
        const OneGone gate;
        auto verifier = auth::JwtVerifier::hs256(tokens.secret);
        REQUIRE(verifier.has_value());
        const api::JwtAuthenticator authenticator(*std::move(verifier), tokens.clock, {}, &gate);
        const auto refused = authenticator.verify(tokens.make(auth::TokenType::access, 1min),
                                                  auth::TokenType::access);
        REQUIRE_FALSE(refused.has_value());
        CHECK(refused.error().code() == core::Errc::unauthenticated);
        CHECK(refused.error().detail() == "Invalid authentication credentials");
    }

    TEST_CASE("a node may have its own texts") {
        const Tokens tokens;
        const auto authenticator =
            tokens.authenticator({.bad = "Invalid token", .wrong_type = "Not that one"});
        const auto bad = authenticator.verify("nonsense", auth::TokenType::access);
        REQUIRE_FALSE(bad.has_value());
        CHECK(bad.error().detail() == "Invalid token");
        const auto wrong = authenticator.verify(tokens.make(auth::TokenType::refresh, 1min),
                                                auth::TokenType::access);
        REQUIRE_FALSE(wrong.has_value());
        CHECK(wrong.error().detail() == "Not that one");
    }
}
