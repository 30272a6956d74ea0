#include <doctest/doctest.h>

#include <array>
#include <cstdio>
#include <string>

#include "courseselect/auth/jwt.hpp"
#include "courseselect/auth/password.hpp"
#include "courseselect/auth/totp.hpp"

using namespace courseselect;
using namespace std::chrono_literals;

namespace {

/// What a command prints, without the last line end. A missing tool fails with its package.
std::string output_of(const std::string& command, const char* package) {
    std::FILE* pipe = ::popen(command.c_str(), "r");
    REQUIRE(pipe != nullptr);
    std::string text;
    std::array<char, 512> part{};
    while (std::fgets(part.data(), static_cast<int>(part.size()), pipe) != nullptr) {
        text.append(part.data());
    }
    const int status = ::pclose(pipe);
    INFO("install the package ", package, " if the tool is missing");
    REQUIRE(status == 0);
    while (text.ends_with('\n')) {
        text.pop_back();
    }
    return text;
}

const std::string shared_secret = "0123456789abcdef0123456789abcdef";

}  // namespace

TEST_SUITE("auth/interop") {
    TEST_CASE("PyJWT reads our tokens and we read PyJWT's") {
        const std::string python = "/usr/bin/python3 -c \"import jwt; ";
        const std::string theirs =
            output_of(python +
                          "print(jwt.encode({'user_id': 7, 'username': '\\u5b66', 'user_type': "
                          "'teacher', 'type': 'access', 'exp': 4000000000}, '" +
                          shared_secret + "'))\"",
                      "python3-jwt");
        const auto verifier = auth::JwtVerifier::hs256(core::Secret(shared_secret));
        const auto claims = verifier->verify(theirs, core::WallTime{1'700'000'000s});
        REQUIRE(claims);
        CHECK(claims->principal == auth::Principal{auth::UserKind::teacher, 7, "\xe5\xad\xa6"});
        const auto ours = auth::JwtSigner::hs256(core::Secret(shared_secret))->sign(*claims);
        CHECK(output_of(python + "print(jwt.decode('" + *ours + "', '" + shared_secret +
                            "', algorithms=['HS256'])['user_id'])\"",
                        "python3-jwt") == "7");
    }

    TEST_CASE("htpasswd's and python's bcrypt agree with ours") {
        crypto::SystemRandomSource random;
        const auto hasher = *auth::PasswordHasher::create({.bcrypt_cost = 4}, random);
        const std::string theirs =
            output_of("htpasswd -nbB -C 4 user hunter22", "apache2-utils").substr(5);
        CHECK(theirs.starts_with("$2y$"));
        CHECK(hasher.verify(core::Secret("hunter22"), theirs));
        const std::string ours = *hasher.hash(core::Secret("hunter22"));
        CHECK(output_of(
                  "/usr/bin/python3 -c \"import bcrypt; print(bcrypt.checkpw(b'hunter22', "
                  "b'" +
                      [&] {
                          std::string escaped;
                          for (const char c : ours) {
                              escaped.append(c == '$' ? "\\$" : std::string(1, c));
                          }
                          return escaped;
                      }() +
                      "'))\"",
                  "python3-bcrypt") == "True");
    }

    TEST_CASE("oathtool shows the code we expect") {
        crypto::SystemRandomSource random;
        const core::Secret secret = auth::make_totp_secret(random);
        const std::string theirs = output_of(
            "oathtool --totp -b --now '2033-05-18 03:33:20 UTC' " + std::string(secret.reveal()),
            "oathtool");
        const core::WallTime now{2'000'000'000s};
        CHECK(auth::totp_code(secret, auth::totp_step(now)) == theirs);
    }
}
