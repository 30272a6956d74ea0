#pragma once
/// `course-generate-users`: made-up users as CSV, for `course-cli import csv` (contract/cli §3).

namespace courseselect::apps {

/// Returns the exit code: 0 done, 1 failed, 2 bad usage.
[[nodiscard]] int run_generator(int argc, char** argv);

}  // namespace courseselect::apps
