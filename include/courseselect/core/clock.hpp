#pragma once
/// Time is injected: components take a `const Clock&`, tests pass a `ManualClock`.

#include <atomic>
#include <chrono>
#include <cstdint>

namespace courseselect::core {

/// Wall time: microseconds since 1970-01-01T00:00:00Z. What is stored and sent.
using WallTime = std::chrono::sys_time<std::chrono::microseconds>;
/// Monotonic time, for deadlines and durations; never stored.
using MonoTime = std::chrono::steady_clock::time_point;

/// Thread-safety: any thread.
class Clock {
  public:
    virtual ~Clock() = default;
    [[nodiscard]] virtual WallTime wall_now() const = 0;
    [[nodiscard]] virtual MonoTime mono_now() const = 0;
};

/// The operating system's clocks.
class SystemClock final : public Clock {
  public:
    [[nodiscard]] WallTime wall_now() const override {
        return std::chrono::time_point_cast<std::chrono::microseconds>(
            std::chrono::system_clock::now());
    }
    [[nodiscard]] MonoTime mono_now() const override { return std::chrono::steady_clock::now(); }
};

/// A clock that moves only when told. Thread-safety: any thread.
class ManualClock final : public Clock {
  public:
    explicit ManualClock(WallTime start = WallTime{std::chrono::seconds{1'700'000'000}})
        : start_(start) {}

    [[nodiscard]] WallTime wall_now() const override {
        return start_ + std::chrono::microseconds{elapsed_us_.load()};
    }
    [[nodiscard]] MonoTime mono_now() const override {
        return MonoTime{} + std::chrono::hours{1} + std::chrono::microseconds{elapsed_us_.load()};
    }
    void advance(std::chrono::microseconds step) { elapsed_us_.fetch_add(step.count()); }

  private:
    WallTime start_;
    std::atomic<std::int64_t> elapsed_us_{0};
};

}  // namespace courseselect::core
