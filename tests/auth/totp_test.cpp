#include "courseselect/auth/totp.hpp"

#include <doctest/doctest.h>

#include "courseselect/core/encoding.hpp"
#include "support/death.hpp"

using namespace courseselect;

namespace {

const std::string rfc_key = "12345678901234567890";

core::WallTime at(std::int64_t seconds) { return core::WallTime{std::chrono::seconds{seconds}}; }

}  // namespace

TEST_SUITE("auth/totp") {
    TEST_CASE("the SHA-1 vectors of RFC 4226 and RFC 6238 hold") {
        CHECK(auth::hotp(rfc_key, 0, 6) == "755224");
        CHECK(auth::hotp(rfc_key, 9, 6) == "520489");
        const std::pair<std::int64_t, const char*> vectors[] = {
            {59, "94287082"},         {1111111109, "07081804"}, {1111111111, "14050471"},
            {1234567890, "89005924"}, {2000000000, "69279037"}, {20000000000, "65353130"}};
        for (const auto& [seconds, code] : vectors) {
            CHECK(auth::hotp(rfc_key, static_cast<std::uint64_t>(auth::totp_step(at(seconds))),
                             8) == code);
        }
    }

    TEST_CASE("one step before and after is accepted, each code once") {
        const core::Secret secret(core::base32_encode(rfc_key));
        const auto code = *auth::totp_code(secret, 100);
        CHECK(auth::verify_totp(secret, code, at(3000), std::nullopt) == 100);
        CHECK(auth::verify_totp(secret, code, at(2970), std::nullopt) == 100);
        CHECK(auth::verify_totp(secret, code, at(3059), 99) == 100);
        CHECK_FALSE(auth::verify_totp(secret, code, at(3060), std::nullopt));
        CHECK_FALSE(auth::verify_totp(secret, code, at(2969), std::nullopt));
        CHECK_FALSE(auth::verify_totp(secret, code, at(3000), 100));
        CHECK_FALSE(auth::verify_totp(secret, code + "0", at(3000), std::nullopt));
        CHECK_FALSE(auth::verify_totp(core::Secret("rubbish!"), code, at(3000), std::nullopt));
    }

    TEST_CASE("secrets from 10 to 64 bytes are accepted") {
        const auto accepted = [](std::size_t bytes) {
            const core::Secret secret(core::base32_encode(std::string(bytes, 'k')));
            const auto code = auth::totp_code(secret, 100);
            return code && auth::verify_totp(secret, *code, at(3000), std::nullopt) == 100;
        };
        CHECK_FALSE(accepted(9));
        CHECK(accepted(10));
        CHECK(accepted(64));
        CHECK_FALSE(accepted(65));
    }

    TEST_CASE("a code is six digits and nothing else") {
        const core::Secret secret(core::base32_encode(rfc_key));
        const std::string code = *auth::totp_code(secret, 100);
        CHECK(code.size() == 6);
        for (const std::string& bad :
             {std::string(), code.substr(1), " " + code, code + " ", code.substr(0, 5) + "x",
              "+" + code.substr(1), std::string(6, '\0')}) {
            CAPTURE(bad);
            CHECK_FALSE(auth::verify_totp(secret, bad, at(3000), std::nullopt));
        }
    }

    TEST_CASE("an HOTP value has six to eight digits") {
        CHECK(auth::hotp(rfc_key, 0, 7) == "4755224");
        CHECK(auth::hotp(rfc_key, 0, 8) == "84755224");
        CHECK(test::fails_a_check([] { static_cast<void>(auth::hotp(rfc_key, 0, 5)); }));
        CHECK(test::fails_a_check([] { static_cast<void>(auth::hotp(rfc_key, 0, 9)); }));
    }

    TEST_CASE("a step is 30 seconds long") {
        CHECK(auth::totp_step(at(0)) == 0);
        CHECK(auth::totp_step(at(29)) == 0);
        CHECK(auth::totp_step(at(30)) == 1);
    }

    TEST_CASE("a new secret and its URI have the contract's form") {
        crypto::SeededRandomSource random(1);
        CHECK(auth::make_totp_secret(random).reveal().size() == 32);
        CHECK(auth::totp_uri("a b", core::Secret("ABC")) ==
              "otpauth://totp/Course%20Selection:a%20b?secret=ABC&issuer=Course%20Selection");
    }
}
