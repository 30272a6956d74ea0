#include "courseselect/auth/password.hpp"

#include <doctest/doctest.h>

#include "courseselect/auth/codes.hpp"
#include "courseselect/auth/throttle.hpp"

using namespace courseselect;
using namespace std::chrono_literals;

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

    TEST_CASE("the policy counts characters below and bytes above") {
        const auth::PasswordPolicy policy;
        CHECK(policy.check("123456"));
        CHECK(policy.check("12345").error().reason() == "password_short");
        CHECK(policy.check("\xe5\xad\xa6\xe5\xad\xa6").error().reason() == "password_short");
        CHECK(policy.check(std::string(1024, 'x')));
        CHECK(policy.check(std::string(1025, 'x')).error().reason() == "password_long");
        CHECK(policy.check("12345\xff").error().reason() == "password_text");
    }
}

TEST_SUITE("auth/codes") {
    TEST_CASE("codes have the contract's length and forgive typing") {
        crypto::SeededRandomSource random(5);
        CHECK(auth::make_registration_code(random).size() == 32);
        const auto code = auth::make_reset_code(random);
        CHECK(code.size() == 8);
        CHECK(auth::normalize_reset_code(code.substr(0, 4) + "-" + code.substr(4)) == code);
        CHECK_FALSE(auth::normalize_reset_code(code + "0"));
        CHECK_FALSE(auth::normalize_reset_code(std::string(17, '-')));
    }
}

TEST_SUITE("auth/throttle") {
    TEST_CASE("delays double after the free attempts and a success forgives") {
        auth::Throttle throttle({.free_attempts = 2, .delay_max = 3s, .keys_max = 2});
        core::ManualClock clock;
        CHECK(throttle.attempt("a", clock.mono_now()).allowed);
        CHECK(throttle.attempt("a", clock.mono_now()).allowed);
        CHECK(throttle.attempt("a", clock.mono_now()).retry_after == 1s);
        clock.advance(1s);
        CHECK(throttle.attempt("a", clock.mono_now()).allowed);
        CHECK(throttle.attempt("a", clock.mono_now()).retry_after == 2s);
        clock.advance(2s);
        CHECK(throttle.attempt("a", clock.mono_now()).allowed);
        CHECK(throttle.attempt("a", clock.mono_now()).retry_after == 3s);
        throttle.succeeded("a");
        CHECK(throttle.attempt("a", clock.mono_now()).allowed);
        CHECK(throttle.attempt("b", clock.mono_now()).allowed);
        CHECK(throttle.attempt("c", clock.mono_now()).allowed);
        CHECK(throttle.size() == 2);
        clock.advance(3600s);
        CHECK(throttle.attempt("d", clock.mono_now()).allowed);
        CHECK(throttle.size() == 1);
    }
}
