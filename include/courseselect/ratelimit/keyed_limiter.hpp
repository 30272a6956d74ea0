#pragma once
/// One token bucket per key (a client address, a student), with bounded memory.

#include <cstddef>
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>

#include "courseselect/core/clock.hpp"
#include "courseselect/core/result.hpp"
#include "courseselect/ratelimit/token_bucket.hpp"

namespace courseselect::ratelimit {

struct LimiterOptions {
    BucketOptions bucket{};
    std::size_t keys_max = 100'000;   ///< about 200 bytes each; the longest idle one goes
    std::size_t key_bytes_max = 128;  ///< longer keys share a bucket with their first bytes
};

/// Refuses a key that asks too often (contract §1.5).
///
/// Limits: at `keys_max` the longest idle bucket is dropped, which forgives its owner; a flood of
/// new keys can therefore only loosen the limit, never lock others out or eat memory. Full buckets
/// are the same as none and are dropped as time passes.
/// Thread-safety: the executor this object was built on.
class KeyedLimiter {
  public:
    /// Errors: invalid_argument (bucket numbers out of bounds, `keys_max` 0).
    [[nodiscard]] static core::Result<KeyedLimiter> create(LimiterOptions options);

    /// Takes one token of this key's bucket.
    TakeResult try_take(std::string_view key, core::MonoTime now);
    [[nodiscard]] std::size_t size() const { return entries_.size(); }

    KeyedLimiter(KeyedLimiter&&) noexcept = default;
    KeyedLimiter& operator=(KeyedLimiter&&) noexcept = default;

  private:
    struct Entry {
        std::string key;
        TokenBucket bucket;
    };
    using Entries = std::list<Entry>;

    explicit KeyedLimiter(LimiterOptions options);
    TokenBucket& touch(std::string_view key);
    void drop_last();

    LimiterOptions options_;
    BucketRule rule_;
    Entries entries_;                                                // most recently used first
    std::unordered_map<std::string_view, Entries::iterator> index_;  // views into `entries_`
};

}  // namespace courseselect::ratelimit
