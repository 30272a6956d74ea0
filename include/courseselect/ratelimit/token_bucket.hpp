#pragma once
/// A token bucket: bursts up to a capacity, a steady rate after that.

#include <chrono>
#include <cstdint>

#include "courseselect/core/clock.hpp"
#include "courseselect/core/result.hpp"

namespace courseselect::ratelimit {

/// How many requests at once, and how many a second in the long run.
struct BucketOptions {
    std::int64_t capacity = 60;      ///< 1 to 1,000,000
    double refill_per_second = 1.0;  ///< over one a day, up to 1,000,000

    /// Errors: invalid_argument, naming the number that is out of bounds.
    [[nodiscard]] core::Result<> check() const;
};

/// Whether a token was given, and otherwise how long until there is one.
struct TakeResult {
    bool allowed = false;
    std::chrono::nanoseconds wait{0};  ///< over 0 exactly when refused

    /// For the error text (contract §1.5): whole seconds, rounded down.
    [[nodiscard]] std::int64_t wait_seconds() const {
        return std::chrono::floor<std::chrono::seconds>(wait).count();
    }
    /// For `Retry-After`: whole seconds, rounded up, at least 1.
    [[nodiscard]] std::int64_t retry_after_seconds() const {
        const auto seconds = std::chrono::ceil<std::chrono::seconds>(wait).count();
        return seconds < 1 ? 1 : seconds;
    }
};

/// The bucket's constants, computed once for all buckets of a limiter.
class BucketRule {
  public:
    /// `options` must pass `check()`.
    explicit BucketRule(BucketOptions options);

    /// Time for one token, rounded up: a bucket never gives more than capacity + rate * t.
    [[nodiscard]] std::chrono::nanoseconds token_interval() const { return interval_; }
    /// Time from empty to full.
    [[nodiscard]] std::chrono::nanoseconds fill_time() const { return fill_time_; }

  private:
    std::chrono::nanoseconds interval_;
    std::chrono::nanoseconds fill_time_;
};

/// One bucket, full at first, refilled continuously. Its whole state is the time at which it will
/// be full again: 8 bytes, exact integers, no drift (the "virtual scheduling" of ITU-T I.371).
/// Thread-safety: the executor this object was built on.
class TokenBucket {
  public:
    /// Takes one token if there is one. A refusal changes nothing. Time going back is harmless.
    TakeResult try_take(const BucketRule& rule, core::MonoTime now) {
        const core::MonoTime start = full_at_ > now ? full_at_ : now;
        const core::MonoTime full_at = start + rule.token_interval();
        const auto over = (full_at - now) - rule.fill_time();
        if (over > std::chrono::nanoseconds{0}) {
            return {.allowed = false, .wait = over};
        }
        full_at_ = full_at;
        return {.allowed = true, .wait = std::chrono::nanoseconds{0}};
    }
    [[nodiscard]] bool is_full(core::MonoTime now) const { return full_at_ <= now; }

  private:
    core::MonoTime full_at_ = core::MonoTime::min();
};

}  // namespace courseselect::ratelimit
