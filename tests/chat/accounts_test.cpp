#include "courseselect/chat/accounts.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <string>

#include "chat_fixture.hpp"

using namespace courseselect;
using test::ChatClient;
using test::ChatFixture;
using test::code_of;

namespace {

const core::Secret secret("a secret of the auth node, 32 bytes or more");

std::string token_login(std::string username, core::WallTime now,
                        auth::TokenType type = auth::TokenType::access) {
    const auto signer = auth::JwtSigner::hs256(secret);
    REQUIRE(signer);
    auth::Claims claims;
    claims.principal = {auth::UserKind::student, 7, std::move(username)};
    claims.type = type;
    claims.issued_at = std::chrono::floor<std::chrono::seconds>(now);
    claims.expires_at = claims.issued_at + std::chrono::seconds{60};
    const auto token = signer->sign(claims);
    REQUIRE(token);
    return fmt::format(R"({{"type":"login","token":"{}"}})", *token);
}

test::ChatFixtureOptions with_tokens(bool has_passwords) {
    test::ChatFixtureOptions options;
    options.jwt_secret = secret;
    options.server.accounts.has_passwords = has_passwords;
    options.server.lines.sweep_interval = std::chrono::milliseconds{5};
    return options;
}

}  // namespace

TEST_SUITE("chat/accounts") {
    TEST_CASE("an access token logs its user in, and the same user every time") {
        ChatFixture fixture(with_tokens(true));
        ChatClient client(fixture.port());
        const auto first = client.ask(token_login("stu", fixture.clock.wall_now()));
        CHECK(first["status"].string() == "success");
        CHECK(first["username"].string() == "stu");
        const auto again = client.ask(token_login("stu", fixture.clock.wall_now()));
        CHECK(again["user_id"].integer() == first["user_id"].integer());
        CHECK(client.ask(R"({"type":"send_message","message":"hi"})")["sender"].string() == "stu");
    }

    TEST_CASE("refresh tokens, foreign and expired ones are refused") {
        ChatFixture fixture(with_tokens(true));
        ChatClient client(fixture.port());
        const auto now = fixture.clock.wall_now();
        CHECK(code_of(client.ask(token_login("stu", now, auth::TokenType::refresh))) ==
              "bad_credentials");
        CHECK(code_of(client.ask(R"({"type":"login","token":"a.b.c"})")) == "bad_credentials");
        const auto expired = client.ask(token_login("stu", now - std::chrono::seconds{60}));
        CHECK(code_of(expired) == "bad_credentials");
        CHECK(expired["message"].string() == "token: It has expired, get a new one");
    }

    TEST_CASE("a login ends with its token") {
        ChatFixture fixture(with_tokens(true));
        ChatClient client(fixture.port());
        client.ask(token_login("stu", fixture.clock.wall_now()));
        fixture.clock.advance(std::chrono::seconds{60});
        CHECK(code_of(client.read()) == "login_expired");
        CHECK(code_of(client.ask(R"({"type":"who"})")) == "not_logged_in");
    }

    TEST_CASE("a name belongs to whoever had it first") {
        ChatFixture fixture(with_tokens(true));
        fixture.member("ann");
        ChatClient client(fixture.port());
        CHECK(code_of(client.ask(token_login("ann", fixture.clock.wall_now()))) ==
              "bad_credentials");
        CHECK(client.ask(token_login("stu", fixture.clock.wall_now()))["status"].string() ==
              "success");
        CHECK(code_of(client.ask(R"({"type":"register","username":"Stu","password":"x"})")) ==
              "username_taken");
        CHECK(code_of(client.ask(R"({"type":"login","username":"stu","password":""})")) ==
              "bad_credentials");
    }

    TEST_CASE("with the auth node's directory there are no passwords here") {
        ChatFixture fixture(with_tokens(false));
        ChatClient client(fixture.port());
        CHECK(code_of(client.ask(R"({"type":"register","username":"a","password":"b"})")) ==
              "not_offered");
        CHECK(code_of(client.ask(R"({"type":"login","username":"a","password":"b"})")) ==
              "not_offered");
        CHECK(client.ask(token_login("stu", fixture.clock.wall_now()))["status"].string() ==
              "success");
    }

    TEST_CASE("passwords have at least the configured length") {
        test::ChatFixtureOptions options;
        options.server.accounts.password.characters_min = 6;
        ChatFixture fixture(options);
        ChatClient client(fixture.port());
        CHECK(code_of(client.ask(R"({"type":"register","username":"a","password":"12345"})")) ==
              "invalid_field");
        CHECK(client.ask(R"({"type":"register","username":"a","password":"123456"})")["status"]
                  .string() == "success");
    }

    TEST_CASE("a store that fails is a busy server, never a wrong password") {
        ChatFixture fixture;
        ChatClient client(fixture.port());
        fixture.on_loop([&] {
            fixture.store.fail_next(1);
            return true;
        });
        CHECK(code_of(client.ask(R"({"type":"login","username":"a","password":"b"})")) == "busy");
    }
}
