#pragma once
/// `course-bench crash`: is anything lost or done twice when daemons are killed during a rush?
///
/// Each round sends selections, registrations, logins, logouts and teachers' changes while one of
/// the five daemons, or all of them, are SIGKILLed at a seeded moment and restarted. Clients repeat
/// what was not answered, selections with an Idempotency-Key. After each round every answered task
/// id must have exactly one decision, the databases must reconcile, and accounts, codes, tokens and
/// profiles must be as their owners were told (`crash_people.hpp`).

#include <cstddef>
#include <cstdint>
#include <filesystem>

namespace courseselect::bench {

struct CrashOptions {
    std::size_t rounds = 20;
    std::size_t requests = 400;  ///< a round
    std::uint64_t seed = 1;
    std::size_t kills = 2;  ///< a round
    std::size_t connections = 32;
    std::filesystem::path programs;
    std::filesystem::path directory;  ///< scratch, kept; empty: a new one, removed after
};

/// Returns the exit code: 0 when every round reconciles. Throws std::runtime_error when a daemon
/// does not come back.
[[nodiscard]] int run_crash(const CrashOptions& options);

}  // namespace courseselect::bench
