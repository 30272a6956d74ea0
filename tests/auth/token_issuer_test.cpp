#include "courseselect/auth/token_issuer.hpp"

#include <doctest/doctest.h>

#include <set>

#include "courseselect/core/encoding.hpp"

using namespace courseselect;
using namespace std::chrono_literals;
using auth::TokenLifetimes;
using auth::TokenType;
using auth::UserKind;

namespace {

const core::Secret issuer_secret(std::string("0123456789abcdef0123456789abcdef"));
const core::WallTime issued_at{1'700'000'000s + 999'999us};

struct IssuerFixture {
    crypto::SeededRandomSource random{1};
    TokenLifetimes lifetimes{};
    auth::TokenIssuer issuer{*auth::JwtSigner::hs256(issuer_secret), random, lifetimes};
    auth::JwtVerifier verifier = *auth::JwtVerifier::hs256(issuer_secret);
};

}  // namespace

TEST_SUITE("auth/token_issuer") {
    TEST_CASE("tokens live as the contract says, by kind of user and of token") {
        const TokenLifetimes lifetimes;
        CHECK(lifetimes.of(UserKind::student, TokenType::access) == 30min);
        CHECK(lifetimes.of(UserKind::teacher, TokenType::access) == 2h);
        CHECK(lifetimes.of(UserKind::admin, TokenType::access) == 8h);
        for (const auto kind : {UserKind::student, UserKind::teacher, UserKind::admin}) {
            CHECK(lifetimes.of(kind, TokenType::refresh) == 7 * 24h);
        }
    }

    TEST_CASE("other lifetimes may be configured, each for itself") {
        const TokenLifetimes lifetimes{
            .student_access = 1s, .teacher_access = 2s, .admin_access = 3s, .refresh = 4s};
        CHECK(lifetimes.of(UserKind::student, TokenType::access) == 1s);
        CHECK(lifetimes.of(UserKind::teacher, TokenType::access) == 2s);
        CHECK(lifetimes.of(UserKind::admin, TokenType::access) == 3s);
        CHECK(lifetimes.of(UserKind::admin, TokenType::refresh) == 4s);
    }

    TEST_CASE("what is issued says what it was issued for") {
        IssuerFixture f;
        const auth::Principal who{UserKind::admin, 1, "root"};
        const auto access = f.issuer.issue(who, TokenType::access, issued_at);
        REQUIRE(access);
        CHECK(access->expires_in == 8h);
        CHECK(access->expires_at == std::chrono::sys_seconds{1'700'000'000s} + 8h);
        const auto claims = f.verifier.verify(access->token, issued_at);
        REQUIRE(claims);
        CHECK(claims->principal == who);
        CHECK(claims->type == TokenType::access);
        CHECK(claims->issued_at == std::chrono::sys_seconds{1'700'000'000s});
        CHECK(claims->expires_at == access->expires_at);
        CHECK(claims->token_id == access->token_id);
        CHECK_FALSE(f.verifier.verify(access->token, core::WallTime{access->expires_at}));
    }

    TEST_CASE("a refresh token is no access token") {
        IssuerFixture f;
        const auto refresh =
            f.issuer.issue({UserKind::student, 1, "li"}, TokenType::refresh, issued_at);
        REQUIRE(refresh);
        CHECK(refresh->expires_in == 7 * 24h);
        CHECK(f.verifier.verify(refresh->token, issued_at).error().reason() == "token_type");
        CHECK(f.verifier.verify(refresh->token, issued_at, TokenType::refresh));
    }

    TEST_CASE("a token names the session it belongs to, or none") {
        IssuerFixture f;
        const auth::Principal who{UserKind::teacher, 2, "wang"};
        const auto with = f.issuer.issue(who, TokenType::access, issued_at, "session-7");
        const auto without = f.issuer.issue(who, TokenType::access, issued_at);
        CHECK(f.verifier.verify(with->token, issued_at)->session_id == "session-7");
        CHECK(f.verifier.verify(without->token, issued_at)->session_id.empty());
    }

    TEST_CASE("no two tokens are equal, also of one user in one second") {
        IssuerFixture f;
        std::set<std::string> seen;
        for (int i = 0; i < 100; ++i) {
            const auto token =
                f.issuer.issue({UserKind::student, 1, "li"}, TokenType::access, issued_at);
            REQUIRE(core::base64url_decode(token->token_id)->size() == 16);
            seen.insert(token->token);
        }
        CHECK(seen.size() == 100);
    }

    TEST_CASE("a name that is not UTF-8 gets no token") {
        IssuerFixture f;
        const auto refused =
            f.issuer.issue({UserKind::student, 1, "\xff"}, TokenType::access, issued_at);
        REQUIRE_FALSE(refused);
        CHECK(refused.error().code() == core::Errc::invalid_argument);
    }

    TEST_CASE("a refresh token is kept as its SHA-256") {
        CHECK(auth::refresh_token_hash("abc") ==
              "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        CHECK(auth::refresh_token_hash("").size() == 64);
    }
}
