#pragma once
/// Today's counts and the average processing time (contract §6, `/queue/stats`).

#include <array>
#include <chrono>
#include <cstddef>

#include "courseselect/core/clock.hpp"

namespace courseselect::queue {

class QueueMetrics {
  public:
    using Day = std::chrono::sys_days;

    QueueMetrics(core::WallTime now, std::size_t completed, std::size_t failed)
        : day_(std::chrono::floor<std::chrono::days>(now)),
          completed_(completed),
          failed_(failed) {}

    /// Starts counting anew when the UTC day has changed.
    void turn_day(core::WallTime now) {
        const Day today = std::chrono::floor<std::chrono::days>(now);
        if (today != day_) {
            day_ = today;
            completed_ = 0;
            failed_ = 0;
        }
    }
    void count(bool success) { ++(success ? completed_ : failed_); }
    void measure(std::chrono::microseconds processing) {
        sum_ += processing - last_[next_];
        last_[next_] = processing;
        next_ = (next_ + 1) % last_.size();
        measured_ = measured_ < last_.size() ? measured_ + 1 : measured_;
    }

    [[nodiscard]] std::size_t completed_today() const { return completed_; }
    [[nodiscard]] std::size_t failed_today() const { return failed_; }
    [[nodiscard]] double average_seconds() const {
        return measured_ == 0
                   ? 0.0
                   : std::chrono::duration<double>(sum_).count() / static_cast<double>(measured_);
    }

  private:
    Day day_;
    std::size_t completed_;
    std::size_t failed_;
    std::array<std::chrono::microseconds, 100> last_{};
    std::chrono::microseconds sum_{0};
    std::size_t next_ = 0;
    std::size_t measured_ = 0;
};

}  // namespace courseselect::queue
