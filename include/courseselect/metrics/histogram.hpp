#pragma once
/// How values are spread over fixed buckets, cheap enough for every request.

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>

#include "courseselect/core/check.hpp"
#include "courseselect/metrics/counter.hpp"

namespace courseselect::metrics {

/// The upper bounds of a histogram's buckets, ascending, each belonging to its bucket (Prometheus'
/// `le`); what is over the last falls into a bucket without bound. Observed values are integers of
/// `unit`, so that no floating point is needed to observe.
struct Buckets {
    std::span<const std::uint64_t> bounds;  ///< at most `Histogram::bounds_max`; static storage
    double unit = 1.0;                      ///< what one is, in the base unit that is shown
};

namespace detail {
using std::chrono::nanoseconds;
inline constexpr std::uint64_t duration_bounds[] = {
    100'000,       250'000,       500'000,       1'000'000,      2'500'000,     5'000'000,
    10'000'000,    25'000'000,    50'000'000,    100'000'000,    250'000'000,   500'000'000,
    1'000'000'000, 2'500'000'000, 5'000'000'000, 10'000'000'000, 30'000'000'000};
inline constexpr std::uint64_t size_bounds[] = {1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1'024};
}  // namespace detail

/// 0.1 ms to 30 s, the longest deadline of a call: observed in nanoseconds, shown in seconds.
inline constexpr Buckets durations{detail::duration_bounds, 1e-9};
/// 1 to 1,024 things in a batch or group, in powers of two.
inline constexpr Buckets sizes{detail::size_bounds, 1.0};

/// Thread-safety: one thread observes, any thread reads (a reader may see a value in its bucket and
/// not yet in the sum).
class Histogram {
  public:
    static constexpr std::size_t bounds_max = 24;

    explicit Histogram(const Buckets& buckets) : buckets_(buckets) {
        COURSESELECT_CHECK(!buckets.bounds.empty() && buckets.bounds.size() <= bounds_max);
    }

    void observe(std::uint64_t value) {
        std::size_t at = 0;
        while (at < buckets_.bounds.size() && value > buckets_.bounds[at]) {
            ++at;
        }
        counts_[at].add();
        sum_.add(value);
    }
    /// For `durations`. A clock that went back counts as no time.
    void observe(std::chrono::nanoseconds time) {
        observe(static_cast<std::uint64_t>(time.count() < 0 ? 0 : time.count()));
    }

    [[nodiscard]] const Buckets& buckets() const { return buckets_; }
    /// How many fell into bucket `at` alone; the one after the last bound is the unbounded one.
    [[nodiscard]] std::uint64_t in_bucket(std::size_t at) const { return counts_[at].value(); }
    [[nodiscard]] std::uint64_t count() const {
        std::uint64_t all = 0;
        for (std::size_t at = 0; at <= buckets_.bounds.size(); ++at) {
            all += in_bucket(at);
        }
        return all;
    }
    /// In the base unit.
    [[nodiscard]] double sum() const { return static_cast<double>(sum_.value()) * buckets_.unit; }

  private:
    Buckets buckets_;
    std::array<Counter, bounds_max + 1> counts_;
    Counter sum_;
};

}  // namespace courseselect::metrics
