#pragma once
/// `course-bench demo`: a term's opening minute at the running daemons, through their public APIs.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>

#include "rush/demo_school.hpp"

namespace courseselect::bench {

struct DemoOptions {
    SchoolOptions school;
    std::size_t courses = 40;
    std::size_t requests_per_student = 6;
    std::uint64_t seed = 1;
    std::size_t connections = 64;  ///< of the rush itself
    std::string data_node;         ///< address, asked by the reconciliation
    std::string internal_token;    ///< for that; empty: the API is not asked
    std::filesystem::path data_database = "course_data.db";
    std::filesystem::path queue_database = "queue_data.db";
};

/// Returns the exit code: 0 when everything reconciles. Throws std::runtime_error when the term
/// cannot be made.
[[nodiscard]] int run_demo(const DemoOptions& options);

}  // namespace courseselect::bench
