#include "courseselect/crypto/digest.hpp"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include <algorithm>
#include <mutex>
#include <utility>

#include "courseselect/core/check.hpp"
#include "courseselect/core/encoding.hpp"

namespace courseselect::crypto {
namespace {

/// An algorithm is fetched once: a fetch per call costs more than hashing a token does. Never
/// freed, because thread-local contexts may outlive any static object.
EVP_MD* fetch_digest(const char* name) {
    EVP_MD* digest = EVP_MD_fetch(nullptr, name, nullptr);
    COURSESELECT_CHECK(digest != nullptr);
    return digest;
}

struct DigestContextDeleter {
    void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};

/// The state of one thread's digests of one kind; a context that stays with its algorithm needs no
/// allocation to start again.
template <std::size_t size>
Digest<size> digest_once(EVP_MD_CTX* context, const EVP_MD* algorithm, std::string_view bytes) {
    Digest<size> digest{};
    unsigned length = 0;
    const bool done = EVP_DigestInit_ex2(context, algorithm, nullptr) == 1 &&
                      EVP_DigestUpdate(context, bytes.data(), bytes.size()) == 1 &&
                      EVP_DigestFinal_ex(context, digest.data(), &length) == 1;
    COURSESELECT_CHECK(done && length == size);
    return digest;
}

const char* digest_name(HmacHash hash) {
    switch (hash) {
        case HmacHash::sha1: return "SHA1";
        case HmacHash::sha256: return "SHA256";
        case HmacHash::sha512: return "SHA512";
    }
    return "";
}

std::size_t digest_size(HmacHash hash) {
    switch (hash) {
        case HmacHash::sha1: return 20;
        case HmacHash::sha256: return 32;
        case HmacHash::sha512: return 64;
    }
    return 0;
}

EVP_MAC* hmac_algorithm() {
    static EVP_MAC* const algorithm = [] {
        EVP_MAC* fetched = EVP_MAC_fetch(nullptr, "HMAC", nullptr);
        COURSESELECT_CHECK(fetched != nullptr);
        return fetched;
    }();
    return algorithm;
}

}  // namespace

Sha1Digest sha1(std::string_view bytes) {
    static const EVP_MD* const algorithm = fetch_digest("SHA1");
    thread_local const std::unique_ptr<EVP_MD_CTX, DigestContextDeleter> context(EVP_MD_CTX_new());
    return digest_once<20>(context.get(), algorithm, bytes);
}

Sha256Digest sha256(std::string_view bytes) {
    static const EVP_MD* const algorithm = fetch_digest("SHA256");
    thread_local const std::unique_ptr<EVP_MD_CTX, DigestContextDeleter> context(EVP_MD_CTX_new());
    return digest_once<32>(context.get(), algorithm, bytes);
}

Sha512Digest sha512(std::string_view bytes) {
    static const EVP_MD* const algorithm = fetch_digest("SHA512");
    thread_local const std::unique_ptr<EVP_MD_CTX, DigestContextDeleter> context(EVP_MD_CTX_new());
    return digest_once<64>(context.get(), algorithm, bytes);
}

std::string sha256_hex(std::string_view bytes) { return core::hex_encode(as_text(sha256(bytes))); }

struct HmacKey::State {
    State(HmacHash hash, std::string_view key)
        : context(EVP_MAC_CTX_new(hmac_algorithm())), size(digest_size(hash)) {
        COURSESELECT_CHECK(context != nullptr);
        // The parameter interface takes a mutable name and does not change it.
        OSSL_PARAM params[] = {OSSL_PARAM_construct_utf8_string(
                                   OSSL_MAC_PARAM_DIGEST, const_cast<char*>(digest_name(hash)), 0),
                               OSSL_PARAM_construct_end()};
        // A null key means "keep the old one", so the empty key needs an address.
        static constexpr unsigned char empty_key = 0;
        const auto* bytes =
            key.empty() ? &empty_key : reinterpret_cast<const unsigned char*>(key.data());
        COURSESELECT_CHECK(EVP_MAC_init(context, bytes, key.size(), params) == 1);
    }
    ~State() { EVP_MAC_CTX_free(context); }
    State(const State&) = delete;
    State& operator=(const State&) = delete;

    std::mutex mutex;
    EVP_MAC_CTX* context;
    std::size_t size;
};

HmacKey::HmacKey(HmacHash hash, std::string_view key)
    : state_(std::make_unique<State>(hash, key)) {}
HmacKey::~HmacKey() = default;
HmacKey::HmacKey(HmacKey&&) noexcept = default;
HmacKey& HmacKey::operator=(HmacKey&&) noexcept = default;

Sha512Digest HmacKey::tag(std::string_view message) const {
    COURSESELECT_CHECK(state_ != nullptr);
    Sha512Digest tag{};
    std::size_t length = 0;
    const std::lock_guard lock(state_->mutex);
    const auto* bytes = reinterpret_cast<const unsigned char*>(message.data());
    const bool done = EVP_MAC_init(state_->context, nullptr, 0, nullptr) == 1 &&
                      EVP_MAC_update(state_->context, bytes, message.size()) == 1 &&
                      EVP_MAC_final(state_->context, tag.data(), &length, tag.size()) == 1;
    COURSESELECT_CHECK(done && length == state_->size);
    return tag;
}

std::size_t HmacKey::tag_size() const { return state_->size; }

bool HmacKey::verify(std::string_view message, std::string_view expected) const {
    const Sha512Digest made = tag(message);
    return constant_time_equal(as_text(made).substr(0, state_->size), expected);
}

Sha1Digest hmac_sha1(std::string_view key, std::string_view message) {
    const Sha512Digest tag = HmacKey(HmacHash::sha1, key).tag(message);
    Sha1Digest cut{};
    std::copy_n(tag.begin(), cut.size(), cut.begin());
    return cut;
}

Sha256Digest hmac_sha256(std::string_view key, std::string_view message) {
    const Sha512Digest tag = HmacKey(HmacHash::sha256, key).tag(message);
    Sha256Digest cut{};
    std::copy_n(tag.begin(), cut.size(), cut.begin());
    return cut;
}

bool constant_time_equal(std::string_view a, std::string_view b) {
    return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

Sha256Digest pbkdf2_sha256(std::string_view password, std::string_view salt, int rounds) {
    static const EVP_MD* const algorithm = fetch_digest("SHA256");
    Sha256Digest key{};
    COURSESELECT_CHECK(rounds >= 1);
    // A null password with length 0 would be read as "none given"; "" is the empty one.
    const char* text = password.empty() ? "" : password.data();
    const int done = PKCS5_PBKDF2_HMAC(text, static_cast<int>(password.size()),
                                       reinterpret_cast<const unsigned char*>(salt.data()),
                                       static_cast<int>(salt.size()), rounds, algorithm,
                                       static_cast<int>(key.size()), key.data());
    COURSESELECT_CHECK(done == 1);
    return key;
}

}  // namespace courseselect::crypto
