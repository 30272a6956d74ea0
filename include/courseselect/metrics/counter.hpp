#pragma once
/// Numbers that a hot path may touch: no lock, no allocation, no atomic read-modify-write.

#include <atomic>
#include <cstdint>

namespace courseselect::metrics {

/// A number that only grows. A few instructions to add, as a plain integer would cost.
/// Thread-safety: one thread adds, any thread reads. Two adding threads would lose counts.
class Counter {
  public:
    void add(std::uint64_t count = 1) {
        value_.store(value_.load(std::memory_order_relaxed) + count, std::memory_order_relaxed);
    }
    [[nodiscard]] std::uint64_t value() const { return value_.load(std::memory_order_relaxed); }

  private:
    std::atomic<std::uint64_t> value_{0};
};

}  // namespace courseselect::metrics
