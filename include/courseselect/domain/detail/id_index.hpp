#pragma once
/// From ids to slots: an array for the small ids that sequences hand out, a hash table for others.

#include <cstdint>
#include <unordered_map>
#include <vector>

namespace courseselect::domain::detail {

/// Slot numbers by id. Ids below `dense_max` cost four bytes each up to the largest one seen, at
/// most 4 MiB; a look-up of one is a load.
template <class Id>
class IdIndex {
  public:
    static constexpr std::uint32_t none = 0xffff'ffff;
    static constexpr std::int64_t dense_max = 1 << 20;

    [[nodiscard]] std::uint32_t find(Id id) const {
        const auto value = static_cast<std::uint64_t>(id.value());
        if (value < dense_.size()) [[likely]] {
            return dense_[value];
        }
        if (sparse_.empty()) {
            return none;
        }
        const auto found = sparse_.find(id);
        return found == sparse_.end() ? none : found->second;
    }

    void insert(Id id, std::uint32_t slot) {
        if (id.value() < 0 || id.value() >= dense_max) {
            sparse_.insert_or_assign(id, slot);
            return;
        }
        const auto value = static_cast<std::size_t>(id.value());
        if (value >= dense_.size()) {
            dense_.resize(value + 1, none);
        }
        dense_[value] = slot;
    }

    void erase(Id id) {
        const auto value = static_cast<std::uint64_t>(id.value());
        if (value < dense_.size()) {
            dense_[value] = none;
        } else {
            sparse_.erase(id);
        }
    }

  private:
    std::vector<std::uint32_t> dense_;
    std::unordered_map<Id, std::uint32_t> sparse_;
};

}  // namespace courseselect::domain::detail
