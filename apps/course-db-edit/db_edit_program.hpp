#pragma once
/// `course-db-edit`: looks into the services' databases and changes them (contract/cli §2).

namespace courseselect::apps {

/// Returns the exit code: 0 done or declined, 1 failed or interrupted, 2 bad usage.
[[nodiscard]] int run_db_edit(int argc, char** argv);

}  // namespace courseselect::apps
