#include "courseselect/ratelimit/token_bucket.hpp"

#include <cmath>

#include "courseselect/core/check.hpp"

namespace courseselect::ratelimit {
namespace {

constexpr std::int64_t capacity_max = 1'000'000;
constexpr double rate_max = 1'000'000.0;
constexpr double rate_min = 1.0 / 86'400.0;  // one a day

}  // namespace

core::Result<> BucketOptions::check() const {
    if (capacity < 1 || capacity > capacity_max) {
        return core::Error(core::Errc::invalid_argument, "bucket_capacity",
                           "a bucket's capacity must be 1 to 1000000");
    }
    // Over 2^63 ns (292 years) to fill up would overflow; a million tokens at one a day would.
    const bool rate_ok = refill_per_second >= rate_min && refill_per_second <= rate_max;
    if (!rate_ok || static_cast<double>(capacity) / refill_per_second > 3.15e9) {
        return core::Error(core::Errc::invalid_argument, "bucket_rate",
                           "a bucket's refill must be 1/86400 to 1000000 a second and fill the "
                           "bucket within a century");
    }
    return {};
}

BucketRule::BucketRule(BucketOptions options)
    : interval_(static_cast<std::int64_t>(std::ceil(1e9 / options.refill_per_second))),
      fill_time_(interval_ * options.capacity) {
    COURSESELECT_CHECK(options.check());
}

}  // namespace courseselect::ratelimit
