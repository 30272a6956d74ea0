#pragma once
/// `TaskIdCodec`: task ids that find their row without an index.

#include <array>
#include <cstdint>

#include "courseselect/core/uuid.hpp"

namespace courseselect::queue::detail {

/// A task id is a version 4 UUID: 62 random bits, and 60 bits that hold the task's sequence number
/// under a pad made from the random bits and a key of the database. Who has the key reads the
/// number back, so a lookup goes by primary key, and no index on random ids has to be kept: in
/// SQLite such an index costs a page (4 KiB of log) per task, more than the task itself. To others
/// the id looks random; the whole id is compared with the stored one before it is believed.
class TaskIdCodec {
  public:
    explicit TaskIdCodec(std::uint64_t key) : key_(key) {}

    [[nodiscard]] core::Uuid make(std::int64_t sequence,
                                  const std::array<std::uint8_t, 16>& random) const {
        core::Uuid id = core::make_uuid_v4(random);
        const std::uint64_t field = static_cast<std::uint64_t>(sequence) ^ pad_of(id);
        for (int i = 0; i < 6; ++i) {  // 48 bits, then 4 beside the version, then 8
            id.bytes[static_cast<std::size_t>(i)] = byte_of(field, 52 - 8 * i);
        }
        id.bytes[6] = static_cast<std::uint8_t>(0x40 | ((field >> 8) & 0x0f));
        id.bytes[7] = byte_of(field, 0);
        return id;
    }

    /// Any number for ids that were not made here.
    [[nodiscard]] std::int64_t sequence_of(const core::Uuid& id) const {
        std::uint64_t field = 0;
        for (std::size_t i = 0; i < 6; ++i) {
            field = field << 8 | id.bytes[i];
        }
        field = field << 12 | std::uint64_t{id.bytes[6] & 0x0fu} << 8 | id.bytes[7];
        return static_cast<std::int64_t>(field ^ pad_of(id));
    }

  private:
    static constexpr std::uint64_t field_mask = (std::uint64_t{1} << 60) - 1;

    [[nodiscard]] static std::uint8_t byte_of(std::uint64_t field, int shift) {
        return static_cast<std::uint8_t>(field >> shift);
    }
    /// splitmix64's finaliser, twice, over the random half and the key.
    [[nodiscard]] std::uint64_t pad_of(const core::Uuid& id) const {
        std::uint64_t half = 0;
        for (std::size_t i = 8; i < 16; ++i) {
            half = half << 8 | id.bytes[i];
        }
        return mix(mix(half + key_) ^ key_) & field_mask;
    }
    [[nodiscard]] static std::uint64_t mix(std::uint64_t z) {
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
        z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
        return z ^ (z >> 31);
    }

    std::uint64_t key_;
};

}  // namespace courseselect::queue::detail
