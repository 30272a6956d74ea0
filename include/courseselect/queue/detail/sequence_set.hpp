#pragma once
/// `SequenceSet`: a set of sequence numbers that knows how many lie before one of them.

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <deque>

namespace courseselect::queue::detail {

/// A bitmap in blocks of 1,024 numbers, each with its count. Members are close together (what is
/// pending arrived lately), so this is smaller and faster than a balanced tree: insert and erase
/// are O(1), `count_up_to` adds one number per block.
class SequenceSet {
  public:
    void insert(std::int64_t number) {
        Block& block = block_of(number);
        std::uint64_t& word = block.words[word_of(number)];
        const std::uint64_t bit = bit_of(number);
        if ((word & bit) == 0) {
            word |= bit;
            ++block.count;
            ++size_;
        }
    }

    void erase(std::int64_t number) {
        const std::int64_t index = number / block_bits - first_;
        if (index < 0 || index >= static_cast<std::int64_t>(blocks_.size())) {
            return;
        }
        Block& block = blocks_[static_cast<std::size_t>(index)];
        std::uint64_t& word = block.words[word_of(number)];
        const std::uint64_t bit = bit_of(number);
        if ((word & bit) != 0) {
            word &= ~bit;
            --block.count;
            --size_;
            trim();
        }
    }

    [[nodiscard]] std::size_t size() const { return size_; }

    /// Members not greater than `number`.
    [[nodiscard]] std::size_t count_up_to(std::int64_t number) const {
        const std::int64_t own = number / block_bits - first_;
        std::size_t count = 0;
        for (std::size_t i = 0; i < blocks_.size(); ++i) {
            if (static_cast<std::int64_t>(i) == own) {
                return count + blocks_[i].count_up_to(word_of(number), bit_of(number));
            }
            if (static_cast<std::int64_t>(i) > own) {
                break;
            }
            count += blocks_[i].count;
        }
        return count;
    }

  private:
    static constexpr std::int64_t block_bits = 1024;

    struct Block {
        std::array<std::uint64_t, block_bits / 64> words{};
        std::size_t count = 0;

        [[nodiscard]] std::size_t count_up_to(std::size_t word, std::uint64_t bit) const {
            std::size_t found = 0;
            for (std::size_t i = 0; i < word; ++i) {
                found += static_cast<std::size_t>(std::popcount(words[i]));
            }
            return found + static_cast<std::size_t>(std::popcount(words[word] & (bit | (bit - 1))));
        }
    };

    [[nodiscard]] static std::size_t word_of(std::int64_t number) {
        return static_cast<std::size_t>(number % block_bits) / 64;
    }
    [[nodiscard]] static std::uint64_t bit_of(std::int64_t number) {
        return std::uint64_t{1} << (static_cast<std::uint64_t>(number) % 64);
    }

    Block& block_of(std::int64_t number) {
        const std::int64_t wanted = number / block_bits;
        if (blocks_.empty()) {
            first_ = wanted;
        }
        for (; wanted < first_; --first_) {
            blocks_.emplace_front();
        }
        while (wanted >= first_ + static_cast<std::int64_t>(blocks_.size())) {
            blocks_.emplace_back();
        }
        return blocks_[static_cast<std::size_t>(wanted - first_)];
    }

    void trim() {
        while (!blocks_.empty() && blocks_.front().count == 0) {
            blocks_.pop_front();
            ++first_;
        }
        while (!blocks_.empty() && blocks_.back().count == 0) {
            blocks_.pop_back();
        }
    }

    std::deque<Block> blocks_;
    std::int64_t first_ = 0;  // block number of blocks_.front()
    std::size_t size_ = 0;
};

}  // namespace courseselect::queue::detail
