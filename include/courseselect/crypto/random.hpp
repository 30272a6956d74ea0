#pragma once
/// Randomness is injected: components take a `RandomSource&`, tests pass a `SeededRandomSource`.

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace courseselect::crypto {

/// Thread-safety: any thread.
class RandomSource {
  public:
    virtual ~RandomSource() = default;
    /// Fills all of `to`.
    virtual void fill(std::span<unsigned char> to) = 0;

    [[nodiscard]] std::string bytes(std::size_t count) {
        std::string made(count, '\0');
        fill({reinterpret_cast<unsigned char*>(made.data()), made.size()});
        return made;
    }
    template <std::size_t count>
    [[nodiscard]] std::array<std::uint8_t, count> array() {
        std::array<std::uint8_t, count> made{};
        fill(made);
        return made;
    }
};

/// The cryptographic generator of the system, for every secret. A system without randomness is a
/// bug of the installation: the process aborts rather than hand out guessable secrets.
class SystemRandomSource final : public RandomSource {
  public:
    void fill(std::span<unsigned char> to) override;
};

/// The same bytes for the same seed, for tests and simulations only: an observer can predict it.
/// Thread-safety: one thread at a time.
class SeededRandomSource final : public RandomSource {
  public:
    explicit SeededRandomSource(std::uint64_t seed) : state_(seed) {}
    void fill(std::span<unsigned char> to) override;

  private:
    std::uint64_t state_;
};

}  // namespace courseselect::crypto
