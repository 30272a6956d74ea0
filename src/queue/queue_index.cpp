#include "courseselect/queue/detail/queue_index.hpp"

#include <limits>

#include "courseselect/core/check.hpp"

namespace courseselect::queue::detail {

void QueueIndex::add(std::int64_t sequence, core::StudentId student, int priority) {
    const auto [place, is_new] =
        entries_.try_emplace(sequence, Entry{student, priority, false, {}});
    COURSESELECT_CHECK(is_new && sequence > 0);
    enter_pending(sequence, place->second);
    refresh(student);
}

bool QueueIndex::remove(std::int64_t sequence) {
    const auto found = entries_.find(sequence);
    if (found == entries_.end()) {
        return false;
    }
    Entry& entry = found->second;
    const core::StudentId student = entry.student;
    set_due(sequence, entry, std::nullopt);
    if (entry.processing) {
        --students_[student].processing;
        --processing_;
    } else {
        leave_pending(sequence, entry);
    }
    entries_.erase(found);
    refresh(student);
    return true;
}

std::vector<std::int64_t> QueueIndex::take(std::size_t limit, core::MonoTime lease_until) {
    std::vector<std::int64_t> taken;
    while (taken.size() < limit && !ready_.empty()) {
        const std::int64_t sequence = ready_.begin()->sequence;
        hold(sequence, lease_until);
        taken.push_back(sequence);
    }
    return taken;
}

void QueueIndex::hold(std::int64_t sequence, core::MonoTime lease_until) {
    const auto found = entries_.find(sequence);
    COURSESELECT_CHECK(found != entries_.end());
    Entry& entry = found->second;
    if (!entry.processing) {
        leave_pending(sequence, entry);
        entry.processing = true;
        ++students_[entry.student].processing;
        ++processing_;
    }
    set_due(sequence, entry, lease_until);
    refresh(entry.student);
}

void QueueIndex::put_back(std::int64_t sequence, std::optional<core::MonoTime> not_before) {
    const auto found = entries_.find(sequence);
    COURSESELECT_CHECK(found != entries_.end() && found->second.processing);
    Entry& entry = found->second;
    entry.processing = false;
    --students_[entry.student].processing;
    --processing_;
    set_due(sequence, entry, not_before);
    enter_pending(sequence, entry);
    refresh(entry.student);
}

std::vector<std::int64_t> QueueIndex::expire(core::MonoTime now) {
    std::vector<std::int64_t> lost;
    while (!due_.empty() && due_.begin()->first <= now) {
        const std::int64_t sequence = due_.begin()->second;
        Entry& entry = entries_.at(sequence);
        if (entry.processing) {
            lost.push_back(sequence);
            put_back(sequence, std::nullopt);
        } else {
            set_due(sequence, entry, std::nullopt);
            refresh(entry.student);
        }
    }
    return lost;
}

bool QueueIndex::is_processing(std::int64_t sequence) const {
    const auto found = entries_.find(sequence);
    return found != entries_.end() && found->second.processing;
}

std::optional<std::size_t> QueueIndex::position(std::int64_t sequence) const {
    const auto found = entries_.find(sequence);
    if (found == entries_.end() || found->second.processing) {
        return std::nullopt;
    }
    std::size_t before = 0;
    for (const auto& [priority, pending] : pending_by_priority_) {
        if (priority == found->second.priority) {
            return before + pending.count_up_to(sequence);
        }
        before += pending.size();
    }
    return std::nullopt;
}

std::optional<core::MonoTime> QueueIndex::next_due() const {
    return due_.empty() ? std::nullopt : std::optional(due_.begin()->first);
}

std::optional<QueueIndex::Key> QueueIndex::next_of(const Student& student) const {
    if (student.processing > 0) {
        return std::nullopt;
    }
    auto head = student.pending.begin();
    while (head != student.pending.end() && entries_.at(head->sequence).due) {
        // Its lane waits for it; go to the next priority.
        head = student.pending.upper_bound(
            Key{head->negative_priority, std::numeric_limits<std::int64_t>::max()});
    }
    return head != student.pending.end() ? std::optional(*head) : std::nullopt;
}

void QueueIndex::refresh(core::StudentId id) {
    const auto found = students_.find(id);
    Student& student = found->second;
    const std::optional<Key> next = next_of(student);
    if (next != student.ready) {
        if (student.ready) {
            ready_.erase(*student.ready);
        }
        if (next) {
            ready_.insert(*next);
        }
        student.ready = next;
    }
    if (student.pending.empty() && student.processing == 0) {
        students_.erase(found);
    }
}

void QueueIndex::set_due(std::int64_t sequence, Entry& entry, std::optional<core::MonoTime> due) {
    if (entry.due) {
        due_.erase({*entry.due, sequence});
    }
    if (due) {
        due_.emplace(*due, sequence);
    }
    entry.due = due;
}

void QueueIndex::enter_pending(std::int64_t sequence, const Entry& entry) {
    students_[entry.student].pending.insert(Key{-entry.priority, sequence});
    pending_by_priority_[entry.priority].insert(sequence);
}

void QueueIndex::leave_pending(std::int64_t sequence, const Entry& entry) {
    students_[entry.student].pending.erase(Key{-entry.priority, sequence});
    const auto lane = pending_by_priority_.find(entry.priority);
    lane->second.erase(sequence);
    if (lane->second.size() == 0) {
        pending_by_priority_.erase(lane);
    }
}

}  // namespace courseselect::queue::detail
