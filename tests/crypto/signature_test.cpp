#include "courseselect/crypto/signature.hpp"

#include <doctest/doctest.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>

#include "courseselect/core/encoding.hpp"
#include "support/death.hpp"

using namespace courseselect;
using crypto::KeyKind;
using crypto::PrivateKey;
using crypto::PublicKey;

namespace {

std::string pem_of(const std::string& label, const std::string& der_hex) {
    return "-----BEGIN " + label + "-----\n" + core::base64_encode(*core::hex_decode(der_hex)) +
           "\n-----END " + label + "-----\n";
}

/// RFC 8032 §7.1, test 2, in the wrappings of RFC 8410.
const std::string rfc_seed = "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb";
const std::string rfc_point = "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c";
const std::string rfc_signature =
    "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
    "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00";
const std::string rfc_private_pem =
    pem_of("PRIVATE KEY", "302e020100300506032b657004220420" + rfc_seed);
const std::string rfc_public_pem = pem_of("PUBLIC KEY", "302a300506032b6570032100" + rfc_point);

std::string text_of(BIO* bio) {
    char* data = nullptr;
    const long size = BIO_get_mem_data(bio, &data);
    std::string text(data, static_cast<std::size_t>(size));
    BIO_free_all(bio);
    return text;
}

std::string public_pem_of(EVP_PKEY* key) {
    BIO* const bio = BIO_new(BIO_s_mem());
    REQUIRE(PEM_write_bio_PUBKEY(bio, key) == 1);
    EVP_PKEY_free(key);
    return text_of(bio);
}

/// The PEM of an RSA public key with a modulus of exactly `bits` bits; nobody knows its factors.
std::string rsa_public_pem(int bits) {
    BIGNUM* const modulus = BN_new();
    BN_rand(modulus, bits, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ODD);
    BIGNUM* const exponent = BN_new();
    BN_set_word(exponent, 65537);
    OSSL_PARAM_BLD* const builder = OSSL_PARAM_BLD_new();
    OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_N, modulus);
    OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_E, exponent);
    OSSL_PARAM* const params = OSSL_PARAM_BLD_to_param(builder);
    EVP_PKEY_CTX* const context = EVP_PKEY_CTX_new_from_name(nullptr, "RSA", nullptr);
    EVP_PKEY* key = nullptr;
    REQUIRE(EVP_PKEY_fromdata_init(context) == 1);
    REQUIRE(EVP_PKEY_fromdata(context, &key, EVP_PKEY_PUBLIC_KEY, params) == 1);
    EVP_PKEY_CTX_free(context);
    OSSL_PARAM_free(params);
    OSSL_PARAM_BLD_free(builder);
    BN_free(exponent);
    BN_free(modulus);
    return public_pem_of(key);
}

/// A private key under a passphrase, which nobody is there to type.
core::Secret encrypted_pem() {
    EVP_PKEY* const key = EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519");
    BIO* const bio = BIO_new(BIO_s_mem());
    char passphrase[] = "passphrase";
    REQUIRE(PEM_write_bio_PKCS8PrivateKey(bio, key, EVP_aes_128_cbc(), passphrase, 10, nullptr,
                                          nullptr) == 1);
    EVP_PKEY_free(key);
    return core::Secret(text_of(bio));
}

}  // namespace

TEST_SUITE("crypto/signature") {
    TEST_CASE("Ed25519 signs as RFC 8032 does") {
        const auto key = PrivateKey::from_pem(core::Secret(rfc_private_pem));
        REQUIRE(key);
        CHECK(core::hex_encode(*key->sign("r")) == rfc_signature);
        CHECK(core::hex_encode(key->public_key().ed25519_point()) == rfc_point);
        const auto reader = PublicKey::from_pem(rfc_public_pem);
        REQUIRE(reader);
        CHECK(reader->verify("r", *core::hex_decode(rfc_signature)));
        CHECK_FALSE(reader->verify("s", *core::hex_decode(rfc_signature)));
    }

    TEST_CASE("both kinds sign, verify and survive PEM") {
        for (const auto kind : {KeyKind::ed25519, KeyKind::rsa}) {
            const auto key = PrivateKey::generate(kind);
            REQUIRE(key);
            CHECK(key->kind() == kind);
            const auto signature = key->sign("message");
            REQUIRE(signature);
            const auto again = PrivateKey::from_pem(key->to_pem());
            const auto reader = PublicKey::from_pem(key->public_key().to_pem());
            REQUIRE(again);
            REQUIRE(reader);
            CHECK(reader->kind() == kind);
            CHECK(reader->verify("message", *signature));
            CHECK(reader->verify("other", *again->sign("other")));
            CHECK(reader->verify("", *key->sign("")));
        }
    }

    TEST_CASE("a wrong signature is simply wrong, whatever it looks like") {
        for (const auto kind : {KeyKind::ed25519, KeyKind::rsa}) {
            const auto key = PrivateKey::generate(kind);
            const auto other = PrivateKey::generate(kind);
            const std::string good = *key->sign("message");
            const PublicKey& reader = key->public_key();
            CHECK_FALSE(reader.verify("massage", good));
            CHECK_FALSE(reader.verify("message", *other->sign("message")));
            CHECK_FALSE(reader.verify("message", ""));
            CHECK_FALSE(reader.verify("message", good + "x"));
            CHECK_FALSE(reader.verify("message", good.substr(1)));
            CHECK_FALSE(reader.verify("message", std::string(10'000, 'x')));
            std::string flipped = good;
            flipped[good.size() / 2] = static_cast<char>(flipped[good.size() / 2] ^ 1);
            CHECK_FALSE(reader.verify("message", flipped));
            CHECK(reader.verify("message", good));  // failures leave nothing behind
        }
    }

    TEST_CASE("RSA keys are accepted from 2048 to 8192 bits") {
        CHECK(PublicKey::from_pem(rsa_public_pem(2048)));
        CHECK(PublicKey::from_pem(rsa_public_pem(8192)));
        for (const int bits : {1024, 2047, 8193}) {
            const auto refused = PublicKey::from_pem(rsa_public_pem(bits));
            REQUIRE_FALSE(refused);
            CHECK(refused.error().code() == core::Errc::invalid_argument);
            CHECK(refused.error().reason() == "bad_key");
            CHECK(refused.error().detail().find(std::to_string(bits)) != std::string::npos);
        }
    }

    TEST_CASE("keys of other algorithms are refused") {
        const auto refused =
            PublicKey::from_pem(public_pem_of(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256")));
        REQUIRE_FALSE(refused);
        CHECK(refused.error().detail() == "the key is neither Ed25519 nor RSA");
    }

    TEST_CASE("what is no key of ours is refused, and never quoted") {
        CHECK_FALSE(PublicKey::from_pem(""));
        CHECK_FALSE(PublicKey::from_pem("rubbish"));
        CHECK_FALSE(PublicKey::from_pem(rfc_private_pem));
        CHECK_FALSE(PrivateKey::from_pem(core::Secret(rfc_public_pem)));
        const auto refused = PrivateKey::from_pem(core::Secret(std::string("top secret rubbish")));
        REQUIRE_FALSE(refused);
        CHECK(refused.error().detail().find("rubbish") == std::string::npos);
    }

    TEST_CASE("an encrypted key is refused instead of asking the terminal") {
        CHECK_FALSE(PrivateKey::from_pem(encrypted_pem()));
    }

    TEST_CASE("a PEM text may have 16 KiB and no byte more") {
        const auto padded = [](const std::string& pem, std::size_t bytes) {
            return pem + std::string(bytes - pem.size(), '\n');
        };
        CHECK(PublicKey::from_pem(padded(rfc_public_pem, crypto::pem_bytes_max)));
        CHECK_FALSE(PublicKey::from_pem(padded(rfc_public_pem, crypto::pem_bytes_max + 1)));
        const auto secret = [&](std::size_t bytes) {
            return core::Secret(padded(rfc_private_pem, bytes));
        };
        CHECK(PrivateKey::from_pem(secret(crypto::pem_bytes_max)));
        CHECK_FALSE(PrivateKey::from_pem(secret(crypto::pem_bytes_max + 1)));
    }

    TEST_CASE("the numbers for a JWK have no leading zeros and the length of the key") {
        const auto rsa = PrivateKey::generate(KeyKind::rsa);
        CHECK(rsa->public_key().rsa_modulus().size() == 256);
        CHECK(rsa->public_key().rsa_modulus().front() != '\0');
        CHECK(core::hex_encode(rsa->public_key().rsa_exponent()) == "010001");
        CHECK(PrivateKey::generate(KeyKind::ed25519)->public_key().ed25519_point().size() == 32);
    }

    TEST_CASE("asking a key for the numbers of the other kind aborts") {
        const auto key = PublicKey::from_pem(rfc_public_pem);
        CHECK(test::fails_a_check([&] { static_cast<void>(key->rsa_modulus()); }));
        CHECK(test::fails_a_check([&] { static_cast<void>(key->rsa_exponent()); }));
        const auto rsa = PublicKey::from_pem(rsa_public_pem(2048));
        CHECK(test::fails_a_check([&] { static_cast<void>(rsa->ed25519_point()); }));
    }
}
