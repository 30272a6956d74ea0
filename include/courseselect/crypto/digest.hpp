#pragma once
/// SHA-1, SHA-256 and SHA-512 (FIPS 180-4), and HMAC over them (RFC 2104).

#include <array>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace courseselect::crypto {

/// A digest or tag of `size` bytes.
template <std::size_t size>
using Digest = std::array<unsigned char, size>;
using Sha1Digest = Digest<20>;
using Sha256Digest = Digest<32>;
using Sha512Digest = Digest<64>;

/// The bytes of a digest as text, for the encoders. Borrows the digest.
template <std::size_t size>
[[nodiscard]] std::string_view as_text(const Digest<size>& digest) {
    return {reinterpret_cast<const char*>(digest.data()), size};
}

/// One-shot digests. Thread-safety: any thread.
/// SHA-1 only where a protocol demands it (WebSocket handshake, TOTP).
[[nodiscard]] Sha1Digest sha1(std::string_view bytes);
[[nodiscard]] Sha256Digest sha256(std::string_view bytes);
[[nodiscard]] Sha512Digest sha512(std::string_view bytes);
/// 64 lower-case hexadecimal characters.
[[nodiscard]] std::string sha256_hex(std::string_view bytes);

/// Which hash an HMAC uses.
enum class HmacHash : unsigned char { sha1, sha256, sha512 };

/// A prepared HMAC key: the key schedule is computed once, a tag then costs two short hashes and
/// no allocation.
///
/// Thread-safety: any thread (a mutex inside, uncontended in a single-threaded process).
class HmacKey {
  public:
    /// Any key length; copies the key.
    HmacKey(HmacHash hash, std::string_view key);
    ~HmacKey();
    HmacKey(HmacKey&&) noexcept;
    HmacKey& operator=(HmacKey&&) noexcept;

    /// The tag of `message`: the first 20, 32 or 64 bytes are set, the rest is zero.
    [[nodiscard]] Sha512Digest tag(std::string_view message) const;
    /// 20, 32 or 64.
    [[nodiscard]] std::size_t tag_size() const;
    /// Whether `tag` is the whole tag of `message`; compares in constant time.
    [[nodiscard]] bool verify(std::string_view message, std::string_view tag) const;

  private:
    struct State;
    std::unique_ptr<State> state_;
};

/// One HMAC with a key used once.
[[nodiscard]] Sha1Digest hmac_sha1(std::string_view key, std::string_view message);
[[nodiscard]] Sha256Digest hmac_sha256(std::string_view key, std::string_view message);

/// Whether two byte strings are equal, in time that depends on their lengths only.
[[nodiscard]] bool constant_time_equal(std::string_view a, std::string_view b);

/// PBKDF2-HMAC-SHA256 (RFC 8018 §5.2). `rounds` >= 1. Blocking: run it on a BlockingPool.
[[nodiscard]] Sha256Digest pbkdf2_sha256(std::string_view password, std::string_view salt,
                                         int rounds);

}  // namespace courseselect::crypto
