#pragma once
/// `QueueIndex`: which task is next. Pure: no storage, no clock, no coroutine.

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <unordered_map>
#include <utility>
#include <vector>

#include "courseselect/core/clock.hpp"
#include "courseselect/core/ids.hpp"
#include "courseselect/queue/detail/sequence_set.hpp"

namespace courseselect::queue::detail {

/// Unfinished tasks by sequence number. A task is pending (perhaps not before some time) or
/// processing (until its lease ends). Of each student at most one task is *ready*: the earliest of
/// its highest priority whose earliest is not delayed, and only while none is processing.
/// All operations are O(log n), `position` besides adds one number per priority and 1,024 tasks.
class QueueIndex {
  public:
    /// A pending task. Numbers are positive and used once; they may come in any order.
    void add(std::int64_t sequence, core::StudentId student, int priority);
    /// Forgets a task, pending or processing. False when it is not here.
    bool remove(std::int64_t sequence);

    /// The next ready tasks, now processing until `lease_until`.
    [[nodiscard]] std::vector<std::int64_t> take(std::size_t limit, core::MonoTime lease_until);
    /// Makes a task processing (or stay so) until `lease_until`, whatever its turn.
    void hold(std::int64_t sequence, core::MonoTime lease_until);
    /// A processing task is pending again, in its old place, but not before `not_before`.
    void put_back(std::int64_t sequence, std::optional<core::MonoTime> not_before);
    /// Ends delays and leases that are over; returns the tasks whose lease ended.
    [[nodiscard]] std::vector<std::int64_t> expire(core::MonoTime now);

    [[nodiscard]] bool contains(std::int64_t sequence) const { return entries_.contains(sequence); }
    [[nodiscard]] bool is_processing(std::int64_t sequence) const;
    /// From 1: pending tasks that come before it, and itself. Nothing unless pending.
    [[nodiscard]] std::optional<std::size_t> position(std::int64_t sequence) const;
    [[nodiscard]] bool has_ready() const { return !ready_.empty(); }
    /// When the next delay or lease ends.
    [[nodiscard]] std::optional<core::MonoTime> next_due() const;
    [[nodiscard]] std::size_t size() const { return entries_.size(); }
    [[nodiscard]] std::size_t processing() const { return processing_; }
    [[nodiscard]] std::size_t pending() const { return entries_.size() - processing_; }

  private:
    /// Sorts by priority, highest first, then by arrival.
    struct Key {
        int negative_priority;
        std::int64_t sequence;
        friend auto operator<=>(const Key&, const Key&) = default;
    };
    struct Entry {
        core::StudentId student;
        int priority = 0;
        bool processing = false;
        std::optional<core::MonoTime> due;  ///< end of the lease or of the delay
    };
    struct Student {
        std::set<Key> pending;
        std::optional<Key> ready;
        std::size_t processing = 0;
    };

    [[nodiscard]] std::optional<Key> next_of(const Student& student) const;
    void refresh(core::StudentId id);
    void set_due(std::int64_t sequence, Entry& entry, std::optional<core::MonoTime> due);
    void enter_pending(std::int64_t sequence, const Entry& entry);
    void leave_pending(std::int64_t sequence, const Entry& entry);

    std::unordered_map<std::int64_t, Entry> entries_;
    std::unordered_map<core::StudentId, Student> students_;
    std::set<Key> ready_;
    std::set<std::pair<core::MonoTime, std::int64_t>> due_;
    std::map<int, SequenceSet, std::greater<>> pending_by_priority_;
    std::size_t processing_ = 0;
};

}  // namespace courseselect::queue::detail
