#pragma once
/// Public-key signatures: Ed25519 (RFC 8032) and RSA PKCS#1 v1.5 with SHA-256 (RFC 8017 §8.2).

#include <memory>
#include <string>
#include <string_view>

#include "courseselect/core/result.hpp"
#include "courseselect/core/secret.hpp"

namespace courseselect::crypto {

enum class KeyKind : unsigned char { ed25519, rsa };

/// RSA keys outside these bounds are refused: weaker is breakable, larger only burns time.
inline constexpr int rsa_bits_min = 2048;
inline constexpr int rsa_bits_max = 8192;
/// PEM texts longer than this are refused.
inline constexpr std::size_t pem_bytes_max = 16 * 1024;

/// A public key. Copies share the key. Thread-safety: any thread.
class PublicKey {
  public:
    /// Reads "-----BEGIN PUBLIC KEY-----" (RFC 7468 §13).
    /// Errors: invalid_argument (not PEM, another algorithm, an RSA size out of bounds).
    [[nodiscard]] static core::Result<PublicKey> from_pem(std::string_view pem);

    [[nodiscard]] KeyKind kind() const;
    /// Whether `signature` is this key's over `message`. Never fails: rubbish is simply wrong.
    [[nodiscard]] bool verify(std::string_view message, std::string_view signature) const;
    [[nodiscard]] std::string to_pem() const;

    /// Big-endian bytes without leading zeros, for JWK (RFC 7518 §6.3.1). RSA only.
    [[nodiscard]] std::string rsa_modulus() const;
    [[nodiscard]] std::string rsa_exponent() const;
    /// The 32 bytes of the point, for JWK (RFC 8037 §2). Ed25519 only.
    [[nodiscard]] std::string ed25519_point() const;

  private:
    friend class PrivateKey;
    struct State;
    explicit PublicKey(std::shared_ptr<const State> state) : state_(std::move(state)) {}
    std::shared_ptr<const State> state_;
};

/// A signing key. Copies share the key. Thread-safety: any thread.
class PrivateKey {
  public:
    /// Reads an unencrypted PKCS#8 PEM (RFC 7468 §10).
    /// Errors: invalid_argument, as `PublicKey::from_pem`; the text is never in the detail.
    [[nodiscard]] static core::Result<PrivateKey> from_pem(const core::Secret& pem);
    /// A fresh key; RSA of 2048 bits takes tens of milliseconds: setup and tests only.
    [[nodiscard]] static core::Result<PrivateKey> generate(KeyKind kind);

    [[nodiscard]] KeyKind kind() const { return public_key_.kind(); }
    [[nodiscard]] const PublicKey& public_key() const { return public_key_; }
    [[nodiscard]] core::Secret to_pem() const;
    /// Errors: internal (the library refused).
    [[nodiscard]] core::Result<std::string> sign(std::string_view message) const;

  private:
    explicit PrivateKey(PublicKey key) : public_key_(std::move(key)) {}
    PublicKey public_key_;  // its state holds the private half too
};

}  // namespace courseselect::crypto
