#pragma once
/// What of a node can be watched: its queues, pools and counters.

#include <cstddef>
#include <functional>
#include <optional>

#include "courseselect/metrics/registry.hpp"

namespace courseselect::storage {
class ReaderPool;
class WriteQueue;
}  // namespace courseselect::storage
namespace courseselect::queue {
class TaskQueue;
}

namespace courseselect::nodes {

/// Null and empty: the node has no such part, or not yet. Borrowed for the moment of a look.
struct NodeParts {
    bool is_started = true;  ///< has loaded what it needs
    const storage::WriteQueue* writes = nullptr;
    const storage::ReaderPool* readers = nullptr;
    courseselect::queue::TaskQueue* tasks = nullptr;
    /// Passwords that wait for a hashing thread.
    std::optional<std::size_t> hashing_queued;
    /// Figures that only this kind of node has.
    std::function<void(metrics::Scrape&)> more;
};

/// Writes what the parts have into a scrape.
void collect_parts(const NodeParts& parts, metrics::Scrape& scrape);

}  // namespace courseselect::nodes
