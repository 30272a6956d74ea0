#pragma once
/// Fault injection for tests: fails the nth statement or commit of an engine.

#include <atomic>
#include <cstdint>

namespace courseselect::storage {

/// Counts calls down; the one that reaches zero fails with unavailable `injected_fault`. Zero or
/// less means off. Give it to an engine through `DatabaseOptions::faults`.
/// Thread-safety: any thread.
struct Faults {
    std::atomic<std::int64_t> statement{0};  ///< 1: the next statement fails, before it runs
    std::atomic<std::int64_t> commit{0};     ///< 1: the next commit fails, and nothing is kept

    /// True when this call is the one that has to fail.
    [[nodiscard]] static bool strikes(std::atomic<std::int64_t>& counter) {
        return counter.load(std::memory_order_relaxed) > 0 && counter.fetch_sub(1) == 1;
    }
};

}  // namespace courseselect::storage
