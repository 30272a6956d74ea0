#pragma once
/// What of a node can be watched: its queues, pools and counters.

#include <cstddef>
#include <cstdint>
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

/// Messages to people: which channels are on, and what is left in the outbox.
struct NotificationHealth {
    bool email = false;
    bool sms = false;
    std::int64_t waiting = 0;
    std::int64_t dead = 0;
};

/// Null and empty: the node has no such part, or not yet. Borrowed for the moment of a look.
struct NodeParts {
    bool is_started = true;  ///< has loaded what it needs
    const storage::WriteQueue* writes = nullptr;
    const storage::ReaderPool* readers = nullptr;
    courseselect::queue::TaskQueue* tasks = nullptr;
    /// Passwords that wait for a hashing thread.
    std::optional<std::size_t> hashing_queued;
    std::optional<NotificationHealth> notifications;
    /// Figures that only this kind of node has.
    std::function<void(metrics::Scrape&)> more;
};

/// Writes what the parts have into a scrape.
void collect_parts(const NodeParts& parts, metrics::Scrape& scrape);

}  // namespace courseselect::nodes
