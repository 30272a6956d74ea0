#pragma once
/// `course-cli` as a whole (contract/cli §1).

namespace courseselect::cli {

/// Reads arguments and environment, runs one command. Returns the exit code: 0 done, 1 it failed
/// or was interrupted, 2 bad usage. Call from `main`: it takes over the process's signals.
[[nodiscard]] int run_program(int argc, char** argv);

}  // namespace courseselect::cli
