#pragma once
/// What became of the tasks, by the databases' own timestamps.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "courseselect/storage/connection.hpp"
#include "rush/report.hpp"

namespace courseselect::bench {

struct Outcomes {
    std::size_t decided = 0;
    double seconds = 0;            ///< from the first task stored to the last one decided
    Latencies submit_to_decision;  ///< from a task's creation to its completion

    [[nodiscard]] double decisions_per_second() const {
        return seconds > 0 ? static_cast<double>(decided) / seconds : 0;
    }
};

/// Tasks with a sequence above `after`. Throws std::runtime_error.
[[nodiscard]] Outcomes read_outcomes(storage::Connection& queue, std::int64_t after = 0);
/// The highest sequence of a task; 0 without tasks.
[[nodiscard]] std::int64_t last_task(storage::Connection& queue);

/// Decisions after a sequence: accepted ones under "accepted", refused ones under their reason.
[[nodiscard]] std::map<std::string, std::size_t> count_decisions(storage::Connection& data,
                                                                 std::int64_t after = 0);
[[nodiscard]] std::int64_t last_decision(storage::Connection& data);

/// The courses with the most requests, most wanted first. `wanted` by course id.
[[nodiscard]] std::vector<SeatLine> hottest_courses(
    storage::Connection& data, const std::map<std::int64_t, std::int64_t>& wanted,
    std::size_t count);

/// Waits until every stored task has its outcome. Throws std::runtime_error when that takes longer
/// than `limit`.
void wait_until_decided(storage::Connection& queue, std::chrono::seconds limit);

}  // namespace courseselect::bench
