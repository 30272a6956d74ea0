#pragma once
/// A student's courses: ten in place, more on the heap.

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "courseselect/core/check.hpp"

namespace courseselect::domain::detail {

/// A set of slot numbers without order.
class SlotList {
  public:
    [[nodiscard]] std::uint32_t size() const { return size_; }
    [[nodiscard]] std::uint32_t operator[](std::uint32_t i) const {
        return i < in_place_max ? in_place_[i] : (*more_)[i - in_place_max];
    }
    /// True when `predicate(slot)` is true for one of the slots; stops at the first.
    template <class Predicate>
    [[nodiscard]] bool any(Predicate predicate) const {
        const std::uint32_t first = size_ < in_place_max ? size_ : in_place_max;
        for (std::uint32_t i = 0; i < first; ++i) {
            if (predicate(in_place_[i])) {
                return true;
            }
        }
        for (std::uint32_t i = in_place_max; i < size_; ++i) {
            if (predicate((*more_)[i - in_place_max])) {
                return true;
            }
        }
        return false;
    }
    [[nodiscard]] bool contains(std::uint32_t slot) const {
        return any([slot](std::uint32_t other) { return other == slot; });
    }

    /// The slot must be absent.
    void insert(std::uint32_t slot) {
        if (size_ < in_place_max) {
            in_place_[size_] = slot;
        } else {
            if (!more_) {
                more_ = std::make_unique<std::vector<std::uint32_t>>();
            }
            more_->push_back(slot);
        }
        ++size_;
    }
    /// The slot must be present. The last one takes its place.
    void erase(std::uint32_t slot) {
        std::uint32_t place = 0;
        while (place < size_ && (*this)[place] != slot) {
            ++place;
        }
        COURSESELECT_CHECK(place < size_);
        const std::uint32_t last = (*this)[size_ - 1];
        (place < in_place_max ? in_place_[place] : (*more_)[place - in_place_max]) = last;
        --size_;
        if (size_ >= in_place_max) {
            more_->pop_back();
        }
    }

  private:
    static constexpr std::uint32_t in_place_max = 10;
    std::uint32_t size_ = 0;
    std::array<std::uint32_t, in_place_max> in_place_{};
    std::unique_ptr<std::vector<std::uint32_t>> more_;
};

/// The slot goes; the last one takes its place. Searched from the back: fresh ones leave most.
inline void erase_slot(std::vector<std::uint32_t>& slots, std::uint32_t slot) {
    const auto found = std::find(slots.rbegin(), slots.rend(), slot);
    COURSESELECT_CHECK(found != slots.rend());
    *found = slots.back();
    slots.pop_back();
}

}  // namespace courseselect::domain::detail
