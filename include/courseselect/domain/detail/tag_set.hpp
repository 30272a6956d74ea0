#pragma once
/// Tags as numbers: the first 64 that a ledger meets are bits, later ones a sorted list.

#include <algorithm>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace courseselect::domain::detail {

class TagSet {
  public:
    void insert(std::uint32_t tag) {
        if (tag < 64) {
            bits_ |= std::uint64_t{1} << tag;
            return;
        }
        const auto place = std::lower_bound(more_.begin(), more_.end(), tag);
        if (place == more_.end() || *place != tag) {
            more_.insert(place, tag);
        }
    }
    [[nodiscard]] bool contains(std::uint32_t tag) const {
        return tag < 64 ? ((bits_ >> tag) & 1U) != 0
                        : std::binary_search(more_.begin(), more_.end(), tag);
    }
    [[nodiscard]] bool contains_all(const TagSet& other) const {
        return (other.bits_ & ~bits_) == 0 &&
               (other.more_.empty() ||
                std::includes(more_.begin(), more_.end(), other.more_.begin(), other.more_.end()));
    }

  private:
    std::uint64_t bits_ = 0;
    std::vector<std::uint32_t> more_;
};

/// Numbers for tag texts, in order of arrival. A number is never given up: tags are few words used
/// often.
class TagTable {
  public:
    static constexpr std::uint32_t none = 0xffff'ffff;

    [[nodiscard]] std::uint32_t find(std::string_view text) const {
        const auto found = numbers_.find(text);
        return found == numbers_.end() ? none : found->second;
    }
    [[nodiscard]] TagSet intern(const std::vector<std::string>& texts) {
        TagSet tags;
        for (const std::string& text : texts) {
            tags.insert(
                numbers_.emplace(text, static_cast<std::uint32_t>(numbers_.size())).first->second);
        }
        return tags;
    }

  private:
    std::map<std::string, std::uint32_t, std::less<>> numbers_;
};

}  // namespace courseselect::domain::detail
