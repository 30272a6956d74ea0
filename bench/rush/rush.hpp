#pragma once
/// `course-bench rush`: how many durable decisions a second, and how long does one take?
///
/// Workload: 5,000 students, 200 courses with log-normal demand, 30,000 selections over 256
/// connections to the student node on TCP; sockets between the nodes, fsync on. A good answer is
/// 8,000 decisions a second or more, p99 under 200 ms at half of that, and a clean reconciliation.

#include <cstdint>
#include <filesystem>
#include <string>

#include "rush/workload.hpp"

namespace courseselect::bench {

struct RushOptions {
    WorkloadOptions workload;
    std::size_t connections = 256;
    double rate = 0;                  ///< requests a second, open loop; 0: closed loop
    std::size_t poll_every = 100;     ///< a status poll after so many requests; 0: none
    std::filesystem::path programs;   ///< where the daemons are
    std::filesystem::path directory;  ///< scratch, kept; empty: a new one, removed after
    std::filesystem::path json_file;  ///< one line is appended; empty: none
};

/// Returns the exit code: 0 when everything reconciles. Throws std::runtime_error when the rush
/// cannot be run.
[[nodiscard]] int run_rush(const RushOptions& options);

}  // namespace courseselect::bench
