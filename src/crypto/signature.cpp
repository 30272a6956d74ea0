#include "courseselect/crypto/signature.hpp"

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <array>
#include <utility>

#include "courseselect/core/check.hpp"

namespace courseselect::crypto {
namespace {

struct KeyDeleter {
    void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};
struct BioDeleter {
    void operator()(BIO* bio) const { BIO_free_all(bio); }
};
struct SignContextDeleter {
    void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};
struct BignumDeleter {
    void operator()(BIGNUM* number) const { BN_free(number); }
};
using KeyPtr = std::unique_ptr<EVP_PKEY, KeyDeleter>;
using BioPtr = std::unique_ptr<BIO, BioDeleter>;
using SignContextPtr = std::unique_ptr<EVP_MD_CTX, SignContextDeleter>;

core::Error bad_key(std::string detail) {
    ERR_clear_error();
    return core::Error(core::Errc::invalid_argument, "bad_key", std::move(detail));
}

/// Never asks a terminal for a passphrase, which is what the library does by default.
int no_passphrase(char* /*to*/, int /*size*/, int /*writing*/, void* /*user*/) { return -1; }

BioPtr reader_of(std::string_view text) {
    return BioPtr(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

std::string text_of(BIO* bio) {
    char* data = nullptr;
    const long size = BIO_get_mem_data(bio, &data);
    return std::string(data, static_cast<std::size_t>(size));
}

core::Result<KeyKind> kind_of(EVP_PKEY* key) {
    if (EVP_PKEY_is_a(key, "ED25519") == 1) {
        return KeyKind::ed25519;
    }
    if (EVP_PKEY_is_a(key, "RSA") != 1) {
        return bad_key("the key is neither Ed25519 nor RSA");
    }
    const int bits = EVP_PKEY_get_bits(key);
    if (bits < rsa_bits_min || bits > rsa_bits_max) {
        return bad_key("an RSA key needs " + std::to_string(rsa_bits_min) + " to " +
                       std::to_string(rsa_bits_max) + " bits, this one has " +
                       std::to_string(bits));
    }
    return KeyKind::rsa;
}

std::string rsa_number(EVP_PKEY* key, const char* name) {
    BIGNUM* raw = nullptr;
    COURSESELECT_CHECK(EVP_PKEY_get_bn_param(key, name, &raw) == 1);
    const std::unique_ptr<BIGNUM, BignumDeleter> number(raw);
    std::string bytes(static_cast<std::size_t>(BN_num_bytes(number.get())), '\0');
    BN_bn2bin(number.get(), reinterpret_cast<unsigned char*>(bytes.data()));
    return bytes;
}

/// Ed25519 hashes inside the scheme; RSA is told which hash to use.
const EVP_MD* hash_for(KeyKind kind) {
    static const EVP_MD* const sha256_hash = EVP_MD_fetch(nullptr, "SHA256", nullptr);
    return kind == KeyKind::rsa ? sha256_hash : nullptr;
}

}  // namespace

struct PublicKey::State {
    KeyPtr key;
    KeyKind kind = KeyKind::ed25519;
};

core::Result<PublicKey> PublicKey::from_pem(std::string_view pem) {
    if (pem.size() > pem_bytes_max) {
        return bad_key("the PEM text is too long");
    }
    const BioPtr bio = reader_of(pem);
    KeyPtr key(PEM_read_bio_PUBKEY(bio.get(), nullptr, no_passphrase, nullptr));
    if (key == nullptr) {
        return bad_key("not a PEM public key (-----BEGIN PUBLIC KEY-----)");
    }
    COURSESELECT_TRY(const KeyKind kind, kind_of(key.get()));
    return PublicKey(std::make_shared<State>(State{std::move(key), kind}));
}

KeyKind PublicKey::kind() const { return state_->kind; }

bool PublicKey::verify(std::string_view message, std::string_view signature) const {
    const SignContextPtr context(EVP_MD_CTX_new());
    COURSESELECT_CHECK(context != nullptr);
    const bool ready = EVP_DigestVerifyInit(context.get(), nullptr, hash_for(state_->kind), nullptr,
                                            state_->key.get()) == 1;
    COURSESELECT_CHECK(ready);
    const int verdict = EVP_DigestVerify(
        context.get(), reinterpret_cast<const unsigned char*>(signature.data()), signature.size(),
        reinterpret_cast<const unsigned char*>(message.data()), message.size());
    if (verdict != 1) {
        ERR_clear_error();
    }
    return verdict == 1;
}

std::string PublicKey::to_pem() const {
    const BioPtr bio(BIO_new(BIO_s_mem()));
    COURSESELECT_CHECK(PEM_write_bio_PUBKEY(bio.get(), state_->key.get()) == 1);
    return text_of(bio.get());
}

std::string PublicKey::rsa_modulus() const {
    COURSESELECT_CHECK(kind() == KeyKind::rsa);
    return rsa_number(state_->key.get(), OSSL_PKEY_PARAM_RSA_N);
}

std::string PublicKey::rsa_exponent() const {
    COURSESELECT_CHECK(kind() == KeyKind::rsa);
    return rsa_number(state_->key.get(), OSSL_PKEY_PARAM_RSA_E);
}

std::string PublicKey::ed25519_point() const {
    COURSESELECT_CHECK(kind() == KeyKind::ed25519);
    std::array<unsigned char, 32> point{};
    std::size_t size = point.size();
    COURSESELECT_CHECK(EVP_PKEY_get_raw_public_key(state_->key.get(), point.data(), &size) == 1);
    return std::string(reinterpret_cast<const char*>(point.data()), size);
}

core::Result<PrivateKey> PrivateKey::from_pem(const core::Secret& pem) {
    if (pem.reveal().size() > pem_bytes_max) {
        return bad_key("the PEM text is too long");
    }
    const BioPtr bio = reader_of(pem.reveal());
    KeyPtr key(PEM_read_bio_PrivateKey(bio.get(), nullptr, no_passphrase, nullptr));
    if (key == nullptr) {
        return bad_key("not an unencrypted PEM private key (-----BEGIN PRIVATE KEY-----)");
    }
    COURSESELECT_TRY(const KeyKind kind, kind_of(key.get()));
    return PrivateKey(
        PublicKey(std::make_shared<PublicKey::State>(PublicKey::State{std::move(key), kind})));
}

core::Result<PrivateKey> PrivateKey::generate(KeyKind kind) {
    KeyPtr key(kind == KeyKind::rsa
                   ? EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", std::size_t{rsa_bits_min})
                   : EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
    if (key == nullptr) {
        ERR_clear_error();
        return core::Error(core::Errc::internal, "keygen", "the library made no key");
    }
    return PrivateKey(
        PublicKey(std::make_shared<PublicKey::State>(PublicKey::State{std::move(key), kind})));
}

core::Secret PrivateKey::to_pem() const {
    const BioPtr bio(BIO_new(BIO_s_secmem()));
    const int done = PEM_write_bio_PrivateKey(bio.get(), public_key_.state_->key.get(), nullptr,
                                              nullptr, 0, nullptr, nullptr);
    COURSESELECT_CHECK(done == 1);
    return core::Secret(text_of(bio.get()));
}

core::Result<std::string> PrivateKey::sign(std::string_view message) const {
    const PublicKey::State& state = *public_key_.state_;
    const SignContextPtr context(EVP_MD_CTX_new());
    COURSESELECT_CHECK(context != nullptr);
    std::string signature(static_cast<std::size_t>(EVP_PKEY_get_size(state.key.get())), '\0');
    std::size_t size = signature.size();
    const bool done =
        EVP_DigestSignInit(context.get(), nullptr, hash_for(state.kind), nullptr,
                           state.key.get()) == 1 &&
        EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size,
                       reinterpret_cast<const unsigned char*>(message.data()), message.size()) == 1;
    if (!done) {
        ERR_clear_error();
        return core::Error(core::Errc::internal, "sign", "the library did not sign");
    }
    signature.resize(size);
    return signature;
}

}  // namespace courseselect::crypto
