#include "courseselect/crypto/random.hpp"

#include <openssl/rand.h>

#include "courseselect/core/check.hpp"

namespace courseselect::crypto {

void SystemRandomSource::fill(std::span<unsigned char> to) {
    while (!to.empty()) {
        // RAND_bytes takes an int; parts of 1 MiB keep any length safe.
        const std::size_t part = to.size() < (1U << 20U) ? to.size() : (1U << 20U);
        COURSESELECT_CHECK(RAND_bytes(to.data(), static_cast<int>(part)) == 1);
        to = to.subspan(part);
    }
}

void SeededRandomSource::fill(std::span<unsigned char> to) {
    // SplitMix64 (Steele, Lea, Flood 2014): one addition and a mix for every eight bytes.
    std::uint64_t word = 0;
    for (std::size_t i = 0; i < to.size(); ++i) {
        if (i % 8 == 0) {
            state_ += 0x9e3779b97f4a7c15ULL;
            word = state_;
            word = (word ^ (word >> 30U)) * 0xbf58476d1ce4e5b9ULL;
            word = (word ^ (word >> 27U)) * 0x94d049bb133111ebULL;
            word ^= word >> 31U;
        }
        to[i] = static_cast<unsigned char>(word >> (8 * (i % 8)));
    }
}

}  // namespace courseselect::crypto
