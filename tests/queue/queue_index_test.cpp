#include "courseselect/queue/detail/queue_index.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <set>

using namespace courseselect;
using queue::detail::QueueIndex;
using queue::detail::SequenceSet;

namespace {

core::MonoTime at(int seconds) { return core::MonoTime{} + std::chrono::seconds(seconds); }

/// The same rules, said slowly: a list that is searched from the start for everything.
struct SlowIndex {
    struct Item {
        std::int64_t sequence;
        std::int64_t student;
        int priority;
        bool processing = false;
        int due = 0;  // 0: none
    };
    std::vector<Item> items;

    void sort() {
        std::sort(items.begin(), items.end(), [](const Item& a, const Item& b) {
            return std::pair(-a.priority, a.sequence) < std::pair(-b.priority, b.sequence);
        });
    }
    [[nodiscard]] bool is_ready(const Item& item) const {
        return !item.processing && item.due == 0 &&
               std::none_of(items.begin(), items.end(), [&](const Item& other) {
                   const bool earlier =
                       other.priority == item.priority && other.sequence < item.sequence;
                   return other.student == item.student && (other.processing || earlier);
               });
    }
    std::vector<std::int64_t> take(std::size_t limit, int lease) {
        std::vector<std::int64_t> taken;
        for (auto& item : items) {
            if (taken.size() < limit && is_ready(item)) {
                item.processing = true;
                item.due = lease;
                taken.push_back(item.sequence);
            }
        }
        return taken;
    }
    std::set<std::int64_t> expire(int now) {
        std::set<std::int64_t> lost;
        for (auto& item : items) {
            if (item.due != 0 && item.due <= now) {
                if (item.processing) {
                    lost.insert(item.sequence);
                }
                item.processing = false;
                item.due = 0;
            }
        }
        return lost;
    }
    [[nodiscard]] std::optional<std::size_t> position(std::int64_t sequence) const {
        std::size_t place = 0;
        for (const auto& item : items) {
            place += item.processing ? 0 : 1;
            if (item.sequence == sequence) {
                return item.processing ? std::nullopt : std::optional(place);
            }
        }
        return std::nullopt;
    }
};

void step_both(QueueIndex& index, SlowIndex& slow, std::int64_t& last, int& now) {
    switch (*rc::gen::inRange(0, 6)) {
        case 0:
        case 1: {
            const auto student = *rc::gen::inRange<std::int64_t>(1, 5);
            const int priority = *rc::gen::inRange(-1, 3);
            last += *rc::gen::inRange<std::int64_t>(1, 700);
            index.add(last, core::StudentId(student), priority);
            slow.items.push_back({last, student, priority});
            slow.sort();
            break;
        }
        case 2: {
            const auto limit = *rc::gen::inRange<std::size_t>(0, 4);
            RC_ASSERT(index.take(limit, at(now + 10)) == slow.take(limit, now + 10));
            break;
        }
        case 3: {
            now += *rc::gen::inRange(0, 8);
            const auto lost = index.expire(at(now));
            RC_ASSERT(std::set(lost.begin(), lost.end()) == slow.expire(now));
            break;
        }
        default: {
            if (slow.items.empty()) {
                break;
            }
            const auto which = *rc::gen::inRange<std::size_t>(0, slow.items.size());
            auto& item = slow.items[which];
            const int delay = *rc::gen::inRange(0, 5);
            if (item.processing && delay > 0) {
                index.put_back(item.sequence, at(now + delay));
                item.processing = false;
                item.due = now + delay;
            } else {
                RC_ASSERT(index.remove(item.sequence));
                slow.items.erase(slow.items.begin() + static_cast<std::ptrdiff_t>(which));
            }
        }
    }
}

}  // namespace

TEST_SUITE("queue/queue_index") {
    TEST_CASE("a sequence set counts like a sorted list") {
        CHECK(rc::check([](const std::vector<std::uint16_t>& numbers) {
            SequenceSet set;
            std::set<std::int64_t> model;
            for (const std::int64_t number : numbers) {
                if (number % 3 == 0) {
                    set.erase(number / 4);
                    model.erase(number / 4);
                } else {
                    set.insert(number / 4);
                    model.insert(number / 4);
                }
                const auto up_to = std::distance(model.begin(), model.upper_bound(number / 4));
                RC_ASSERT(set.count_up_to(number / 4) == static_cast<std::size_t>(up_to));
                RC_ASSERT(set.size() == model.size());
            }
        }));
    }

    TEST_CASE("any history gives the same order, positions and counts as the slow index") {
        CHECK(rc::check([] {
            QueueIndex index;
            SlowIndex slow;
            std::int64_t last = 0;
            int now = 1;
            const int steps = *rc::gen::inRange(1, 120);
            for (int i = 0; i < steps; ++i) {
                step_both(index, slow, last, now);
                std::size_t processing = 0;
                for (const auto& item : slow.items) {
                    processing += item.processing ? 1 : 0;
                    RC_ASSERT(index.position(item.sequence) == slow.position(item.sequence));
                }
                RC_ASSERT(index.processing() == processing);
                RC_ASSERT(index.size() == slow.items.size());
                RC_ASSERT(index.has_ready() ==
                          std::any_of(slow.items.begin(), slow.items.end(),
                                      [&](const auto& item) { return slow.is_ready(item); }));
            }
        }));
    }
}
