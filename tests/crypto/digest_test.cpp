#include "courseselect/crypto/digest.hpp"

#include <doctest/doctest.h>

#include "courseselect/core/encoding.hpp"
#include "courseselect/crypto/random.hpp"
#include "courseselect/crypto/signature.hpp"

using namespace courseselect;

namespace {

template <std::size_t size>
std::string hex(const crypto::Digest<size>& digest) {
    return core::hex_encode(crypto::as_text(digest));
}

}  // namespace

TEST_SUITE("crypto/digest") {
    TEST_CASE("the digests of FIPS 180 come out, again and again") {
        for (int round = 0; round < 2; ++round) {
            CHECK(hex(crypto::sha1("abc")) == "a9993e364706816aba3e25717850c26c9cd0d89d");
            CHECK(crypto::sha256_hex("abc") ==
                  "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
            CHECK(hex(crypto::sha512("abc")).starts_with("ddaf35a193617abacc417349ae204131"));
            CHECK(crypto::sha256_hex("").starts_with("e3b0c44298fc1c14"));
        }
    }

    TEST_CASE("an HMAC key gives RFC 4231's tags more than once") {
        const crypto::HmacKey key(crypto::HmacHash::sha256, "Jefe");
        const std::string expected =
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
        for (int round = 0; round < 3; ++round) {
            const auto tag = key.tag("what do ya want for nothing?");
            CHECK(core::hex_encode(crypto::as_text(tag).substr(0, key.tag_size())) == expected);
        }
        CHECK(key.verify("what do ya want for nothing?", *core::hex_decode(expected)));
        CHECK_FALSE(key.verify("what do ya want for nothing!", *core::hex_decode(expected)));
        CHECK_FALSE(key.verify("what do ya want for nothing?", ""));
        CHECK(hex(crypto::hmac_sha256("", "")).starts_with("b613679a0814d9ec"));
        CHECK(hex(crypto::hmac_sha1("Jefe", "what do ya want for nothing?")) ==
              "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79");
    }

    TEST_CASE("PBKDF2 gives RFC 7914's vector") {
        CHECK(hex(crypto::pbkdf2_sha256("passwd", "salt", 1)) ==
              "55ac046e56e3089fec1691c22544b605f94185216dde0465e68b9d57c20dacbc");
    }

    TEST_CASE("constant-time comparison still compares") {
        CHECK(crypto::constant_time_equal("", ""));
        CHECK(crypto::constant_time_equal("ab", "ab"));
        CHECK_FALSE(crypto::constant_time_equal("ab", "ac"));
        CHECK_FALSE(crypto::constant_time_equal("ab", "abc"));
    }
}

TEST_SUITE("crypto/random") {
    TEST_CASE("a seed repeats its bytes and the system does not") {
        crypto::SeededRandomSource first(7);
        crypto::SeededRandomSource second(7);
        CHECK(first.bytes(33) == second.bytes(33));
        CHECK(first.bytes(8) != first.bytes(8));
        crypto::SystemRandomSource system;
        CHECK(system.bytes(16) != system.bytes(16));
        CHECK(system.bytes(0).empty());
    }
}

TEST_SUITE("crypto/signature") {
    TEST_CASE("both kinds sign, verify and survive PEM") {
        for (const auto kind : {crypto::KeyKind::ed25519, crypto::KeyKind::rsa}) {
            const auto key = crypto::PrivateKey::generate(kind);
            REQUIRE(key);
            const auto signature = key->sign("message");
            REQUIRE(signature);
            const auto again = crypto::PrivateKey::from_pem(key->to_pem());
            const auto reader = crypto::PublicKey::from_pem(key->public_key().to_pem());
            REQUIRE(again);
            REQUIRE(reader);
            CHECK(reader->kind() == kind);
            CHECK(reader->verify("message", *signature));
            CHECK(reader->verify("other", *again->sign("other")));
            CHECK_FALSE(reader->verify("massage", *signature));
            CHECK_FALSE(reader->verify("message", ""));
        }
    }

    TEST_CASE("what is no key of ours is refused") {
        CHECK_FALSE(crypto::PublicKey::from_pem("rubbish"));
        CHECK_FALSE(crypto::PrivateKey::from_pem(core::Secret("rubbish")));
        CHECK_FALSE(crypto::PublicKey::from_pem(std::string(crypto::pem_bytes_max + 1, 'x')));
    }
}
