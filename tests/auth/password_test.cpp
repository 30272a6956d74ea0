#include "courseselect/auth/password.hpp"

#include <doctest/doctest.h>

#include "courseselect/crypto/digest.hpp"

using namespace courseselect;

namespace {

auth::PasswordHasher quick_hasher(crypto::RandomSource& random) {
    return *auth::PasswordHasher::create({.bcrypt_cost = 4, .pbkdf2_rounds_max = 1000}, random);
}

core::Secret secret(std::string text) { return core::Secret(std::move(text)); }

}  // namespace

TEST_SUITE("auth/password") {
    TEST_CASE("a password matches its own hash only") {
        crypto::SeededRandomSource random(1);
        const auto hasher = quick_hasher(random);
        const auto hash = hasher.hash(secret("hunter22"));
        REQUIRE(hash);
        CHECK(hash->starts_with("$2b$04$"));
        CHECK(hasher.verify(secret("hunter22"), *hash));
        CHECK_FALSE(hasher.verify(secret("hunter23"), *hash));
        CHECK_FALSE(hasher.verify_unknown_user(secret("hunter22")));
        CHECK_FALSE(hasher.needs_rehash(*hash));
        CHECK(hasher.needs_rehash("$pbkdf2-sha256$1$x$y"));
    }

    TEST_CASE("passwords over 72 bytes differ in their last byte too") {
        crypto::SeededRandomSource random(2);
        const auto hasher = quick_hasher(random);
        const std::string base(72, 'p');
        const auto hash = *hasher.hash(secret(base + "a"));
        CHECK(hasher.verify(secret(base + "a"), hash));
        CHECK_FALSE(hasher.verify(secret(base + "b"), hash));
        CHECK_FALSE(hasher.verify(secret(base), hash));
    }

    TEST_CASE("the formats of databases taken over are read") {
        crypto::SeededRandomSource random(3);
        const auto hasher = quick_hasher(random);
        for (const char* stored :
             {"$pbkdf2-sha256$1000$MDEyMzQ1Njc4OWFiY2RlZg$"
              "xHPl2.PkeECreG5mQTz5CWmTRqFH2oN6AJZpPpzsKk0",
              "$bcrypt-sha256$2b,4$TK2.8qks4lr5s388.U6eju$7Vtg5wM.ST5t9GLZwH/ok5KwcyNMvmS",
              "$bcrypt-sha256$v=2,t=2b,r=4$TK2.8qks4lr5s388.U6eju$Pp2uj4EOX3GRQYphoayNjatl0."
              "HTF3i"}) {
            CAPTURE(stored);
            CHECK(hasher.verify(secret("secret pass"), stored));
            CHECK_FALSE(hasher.verify(secret("secret past"), stored));
            CHECK(hasher.needs_rehash(stored));
        }
    }

    TEST_CASE("a wrong password takes as many rounds as somebody who does not exist") {
        crypto::SeededRandomSource random(9);
        const auto hasher = *auth::PasswordHasher::create({.bcrypt_cost = 6}, random);
        const auto rounds_of = [&](const auto& work) {
            const std::uint64_t before = hasher.rounds();
            work();
            return hasher.rounds() - before;
        };
        const std::string own = *hasher.hash(secret("hunter22"));
        const auto cheap = *auth::PasswordHasher::create({.bcrypt_cost = 4}, random);
        const std::string cheaper = *cheap.hash(secret("hunter22"));
        const std::string nul("nul\0character", 13);
        for (const std::string& tried : {std::string("hunter23"), std::string(200, 'p'),
                                         std::string(1025, 'p'), nul, std::string()}) {
            CAPTURE(tried);
            const auto nobody =
                rounds_of([&] { CHECK_FALSE(hasher.verify_unknown_user(secret(tried))); });
            CHECK(nobody == (tried.size() > 1024 || tried == nul ? 0 : 64));
            for (const std::string& stored :
                 {own, cheaper, std::string("$2b$06$malformed"), std::string(600, '$')}) {
                CAPTURE(stored);
                CHECK(nobody ==
                      rounds_of([&] { CHECK_FALSE(hasher.verify(secret(tried), stored)); }));
            }
        }
        // The right one takes what its hash takes.
        CHECK(rounds_of([&] { CHECK(hasher.verify(secret("hunter22"), cheaper)); }) == 16);
    }

    TEST_CASE("malformed and too costly hashes match nothing") {
        crypto::SeededRandomSource random(4);
        const auto hasher = quick_hasher(random);
        for (const char* stored :
             {"", "x", "$2b$", "$pbkdf2-sha256$", "$pbkdf2-sha256$1001$YQ$YQ",
              "$pbkdf2-sha256$1000$YQ$", "$bcrypt-sha256$", "$bcrypt-sha256$2b,4$", "$1$abc$def",
              "$bcrypt-sha256$v=2,t=2b,r=4$short$x",
              "$2b$17$......................0123456789012345678901234567890"}) {
            CAPTURE(stored);
            CHECK_FALSE(hasher.verify(secret(""), stored));
        }
        CHECK_FALSE(hasher.hash(secret(std::string("a\0b", 3))));
        CHECK_FALSE(auth::PasswordHasher::create({.bcrypt_cost = 3}, random));
        CHECK_FALSE(auth::PasswordHasher::create({.bcrypt_cost = 17}, random));
    }

    TEST_CASE("a password has 1024 bytes at most, to hash and to match") {
        crypto::SeededRandomSource random(6);
        const auto hasher = quick_hasher(random);
        const auto longest = secret(std::string(1024, 'p'));
        const auto hash = hasher.hash(longest);
        REQUIRE(hash);
        CHECK(hasher.verify(longest, *hash));
        const auto refused = hasher.hash(secret(std::string(1025, 'p')));
        REQUIRE_FALSE(refused);
        CHECK(refused.error().code() == core::Errc::invalid_argument);
        CHECK_FALSE(hasher.verify(secret(std::string(1025, 'p')), *hash));
    }

    TEST_CASE("72 bytes go to bcrypt as they are, 73 by their digest") {
        crypto::SeededRandomSource random(7);
        const auto hasher = quick_hasher(random);
        const auto plain = *hasher.hash(secret(std::string(72, 'p')));
        CHECK(hasher.verify(secret(std::string(72, 'p')), plain));
        CHECK_FALSE(hasher.verify(secret(std::string(73, 'p')), plain));
        const auto digested = *hasher.hash(secret(std::string(73, 'p')));
        CHECK(hasher.verify(secret(crypto::sha256_hex(std::string(73, 'p'))), digested));
    }

    TEST_CASE("two hashes of one password differ, and a lower cost asks for a new one") {
        crypto::SeededRandomSource random(8);
        const auto hasher = quick_hasher(random);
        const auto first = *hasher.hash(secret("hunter22"));
        CHECK(first != *hasher.hash(secret("hunter22")));
        const auto dearer = *auth::PasswordHasher::create({.bcrypt_cost = 5}, random);
        CHECK(dearer.verify(secret("hunter22"), first));
        CHECK(dearer.needs_rehash(first));
        CHECK_FALSE(hasher.needs_rehash(*dearer.hash(secret("hunter22"))));
    }

    TEST_CASE("costs from 4 to the configured bound are accepted") {
        crypto::SeededRandomSource random(9);
        CHECK(auth::PasswordHasher::create({.bcrypt_cost = 4}, random));
        CHECK(auth::PasswordHasher::create({.bcrypt_cost = 6, .bcrypt_cost_max = 6}, random));
        const auto refused =
            auth::PasswordHasher::create({.bcrypt_cost = 7, .bcrypt_cost_max = 6}, random);
        REQUIRE_FALSE(refused);
        CHECK(refused.error().code() == core::Errc::invalid_argument);
        CHECK_FALSE(
            auth::PasswordHasher::create({.bcrypt_cost = 32, .bcrypt_cost_max = 40}, random));
    }

    TEST_CASE("the policy counts characters below and bytes above") {
        const auth::PasswordPolicy policy;
        CHECK(policy.check("123456"));
        CHECK(policy.check("12345").error().reason() == "password_short");
        CHECK(policy.check("\xe5\xad\xa6\xe5\xad\xa6").error().reason() == "password_short");
        CHECK(policy.check(std::string(1024, 'x')));
        CHECK(policy.check(std::string(1025, 'x')).error().reason() == "password_long");
        CHECK(policy.check("12345\xff").error().reason() == "password_text");
        CHECK(policy.check(std::string("12345\0", 6)).error().reason() == "password_text");
        CHECK(policy.check("").error().reason() == "password_short");
    }
}
