#include "courseselect/crypto/digest.hpp"

#include <doctest/doctest.h>

#include <thread>
#include <vector>

#include "courseselect/core/encoding.hpp"
#include "support/death.hpp"

using namespace courseselect;
using crypto::HmacHash;
using crypto::HmacKey;

namespace {

template <std::size_t size>
std::string hex(const crypto::Digest<size>& digest) {
    return core::hex_encode(crypto::as_text(digest));
}

std::string tag_of(const HmacKey& key, std::string_view message) {
    const auto tag = key.tag(message);
    return core::hex_encode(crypto::as_text(tag).substr(0, key.tag_size()));
}

const std::string two_blocks = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
const std::string jefe_message = "what do ya want for nothing?";
const std::string jefe_sha256 = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";

}  // namespace

TEST_SUITE("crypto/digest") {
    TEST_CASE("the digests of FIPS 180 come out, again and again") {
        for (int round = 0; round < 2; ++round) {
            CHECK(hex(crypto::sha1("abc")) == "a9993e364706816aba3e25717850c26c9cd0d89d");
            CHECK(crypto::sha256_hex("abc") ==
                  "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
            CHECK(hex(crypto::sha512("abc")).starts_with("ddaf35a193617abacc417349ae204131"));
            CHECK(crypto::sha256_hex(two_blocks) ==
                  "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
        }
    }

    TEST_CASE("nothing and a million letters have digests too") {
        CHECK(crypto::sha256_hex("") ==
              "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
        CHECK(hex(crypto::sha1("")) == "da39a3ee5e6b4b0d3255bfef95601890afd80709");
        CHECK(hex(crypto::sha1(std::string(1'000'000, 'a'))) ==
              "34aa973cd4c4daa4f61eeb2bdbad27316534016f");
    }

    TEST_CASE("an HMAC key gives RFC 4231's tags more than once") {
        const HmacKey key(HmacHash::sha256, "Jefe");
        for (int round = 0; round < 3; ++round) {
            CHECK(tag_of(key, jefe_message) == jefe_sha256);
        }
    }

    TEST_CASE("each hash has the tags of its RFC, with short and with long keys") {
        const std::string eleven(20, '\x0b');
        CHECK(tag_of(HmacKey(HmacHash::sha1, eleven), "Hi There") ==
              "b617318655057264e28bc0b6fb378c8ef146be00");
        CHECK(tag_of(HmacKey(HmacHash::sha256, eleven), "Hi There") ==
              "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
        CHECK(tag_of(HmacKey(HmacHash::sha512, eleven), "Hi There") ==
              "87aa7cdea5ef619d4ff0b4241a1d6cb02379f4e2ce4ec2787ad0b30545e17cdedaa833b7d6b8a702038b"
              "274eaea3f4e4be9d914eeb61f1702e696c203a126854");
        const HmacKey larger_than_a_block(HmacHash::sha256, std::string(131, '\xaa'));
        CHECK(
            tag_of(larger_than_a_block, "Test Using Larger Than Block-Size Key - Hash Key First") ==
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
    }

    TEST_CASE("a tag has the hash's size, and the rest of its bytes are zero") {
        const std::pair<HmacHash, std::size_t> sizes[] = {
            {HmacHash::sha1, 20}, {HmacHash::sha256, 32}, {HmacHash::sha512, 64}};
        for (const auto& [hash, size] : sizes) {
            const HmacKey key(hash, "key");
            CHECK(key.tag_size() == size);
            const auto tag = key.tag("message");
            const std::string rest(64 - size, '\0');
            CHECK(crypto::as_text(tag).substr(size) == rest);
        }
    }

    TEST_CASE("only the whole tag of the very message verifies") {
        const HmacKey key(HmacHash::sha256, "Jefe");
        const std::string tag = *core::hex_decode(jefe_sha256);
        CHECK(key.verify(jefe_message, tag));
        CHECK_FALSE(key.verify("what do ya want for nothing!", tag));
        CHECK_FALSE(key.verify(jefe_message, ""));
        CHECK_FALSE(key.verify(jefe_message, std::string_view(tag).substr(0, 31)));
        CHECK_FALSE(key.verify(jefe_message, tag + '\0'));
        CHECK_FALSE(HmacKey(HmacHash::sha256, "Jeff").verify(jefe_message, tag));
    }

    TEST_CASE("the empty key and the empty message are fine") {
        CHECK(hex(crypto::hmac_sha256("", "")) ==
              "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
        const HmacKey key(HmacHash::sha256, "");
        CHECK(tag_of(key, "") == tag_of(key, ""));
    }

    TEST_CASE("the one-shot functions agree with a prepared key") {
        CHECK(hex(crypto::hmac_sha256("Jefe", jefe_message)) == jefe_sha256);
        CHECK(hex(crypto::hmac_sha1("Jefe", jefe_message)) ==
              "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79");
    }

    TEST_CASE("a moved key goes on; one that was moved from aborts") {
        HmacKey first(HmacHash::sha256, "Jefe");
        HmacKey second = std::move(first);
        CHECK(tag_of(second, jefe_message) == jefe_sha256);
        first = std::move(second);
        CHECK(tag_of(first, jefe_message) == jefe_sha256);
        CHECK(test::fails_a_check([&] { static_cast<void>(second.tag("")); }));
    }

    TEST_CASE("threads may share a key") {
        const HmacKey key(HmacHash::sha256, "Jefe");
        int wrong[3] = {};
        std::vector<std::thread> threads;
        for (int& mine : wrong) {
            threads.emplace_back([&key, &mine] {
                for (int i = 0; i < 200; ++i) {
                    mine += tag_of(key, jefe_message) == jefe_sha256 ? 0 : 1;
                    mine += crypto::sha256_hex("abc").starts_with("ba7816bf") ? 0 : 1;
                }
            });
        }
        for (auto& thread : threads) {
            thread.join();
        }
        CHECK(wrong[0] + wrong[1] + wrong[2] == 0);
    }

    TEST_CASE("PBKDF2 gives RFC 7914's vectors") {
        CHECK(hex(crypto::pbkdf2_sha256("passwd", "salt", 1)) ==
              "55ac046e56e3089fec1691c22544b605f94185216dde0465e68b9d57c20dacbc");
        CHECK(hex(crypto::pbkdf2_sha256("Password", "NaCl", 80'000)) ==
              "4ddcd8f60b98be21830cee5ef22701f9641a4418d04c0414aeff08876b34ab56");
    }

    TEST_CASE("PBKDF2 takes the empty password, and aborts for no rounds") {
        CHECK(hex(crypto::pbkdf2_sha256("", "salt", 1)) ==
              "f135c27993baf98773c5cdb40a5706ce6a345cde61b000a67858650cd6a324d7");
        CHECK(test::fails_a_check(
            [] { static_cast<void>(crypto::pbkdf2_sha256("passwd", "salt", 0)); }));
    }

    TEST_CASE("constant-time comparison still compares") {
        CHECK(crypto::constant_time_equal("", ""));
        CHECK(crypto::constant_time_equal("ab", "ab"));
        CHECK_FALSE(crypto::constant_time_equal("ab", "ac"));
        CHECK_FALSE(crypto::constant_time_equal("ab", "bb"));
        CHECK_FALSE(crypto::constant_time_equal("ab", "abc"));
        CHECK_FALSE(crypto::constant_time_equal("", "a"));
        CHECK(
            crypto::constant_time_equal(std::string_view("a\0b", 3), std::string_view("a\0b", 3)));
        CHECK_FALSE(
            crypto::constant_time_equal(std::string_view("a\0b", 3), std::string_view("a\0c", 3)));
    }
}
