#pragma once
/// How far something is, how fast it goes, and how long it still takes.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>

#include "courseselect/core/clock.hpp"

namespace courseselect::cli {

/// The rate is that of the last ten seconds, so that the time left follows what happens now.
class Progress {
  public:
    Progress(std::int64_t total, core::MonoTime start);

    /// `done` never goes back.
    void update(std::int64_t done, core::MonoTime now);

    /// A second; nothing before the first half second has passed.
    [[nodiscard]] std::optional<double> rate() const;
    /// Nothing while the rate is not known or 0.
    [[nodiscard]] std::optional<std::chrono::seconds> time_left() const;

    /// `[████████░░░░░░░░]  51%  10,240/20,000  33/s  4 min 56 s left` in at most `columns`.
    [[nodiscard]] std::string bar(std::size_t columns) const;
    /// `10240 of 20000 (51%), 33/s, 4 min 56 s left`.
    [[nodiscard]] std::string line() const;

  private:
    struct Point {
        core::MonoTime time;
        std::int64_t done = 0;
    };
    [[nodiscard]] int percent() const;

    std::int64_t total_;
    std::deque<Point> points_;  ///< oldest first; at most one each 100 ms
};

/// "59 s", "4 min 56 s", "2 h 10 min".
[[nodiscard]] std::string duration_text(std::chrono::seconds duration);

}  // namespace courseselect::cli
