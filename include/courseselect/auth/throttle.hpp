#pragma once
/// Slows the guessing of passwords, reset codes and one-time passwords down, per key.

#include <chrono>
#include <cstddef>
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>

#include "courseselect/core/clock.hpp"

namespace courseselect::auth {

struct ThrottleOptions {
    int free_attempts = 5;  ///< attempts before the first delay
    std::chrono::milliseconds delay_first{1'000};
    std::chrono::milliseconds delay_max{15 * 60 * 1'000};  ///< 2, 4, 8.. times the first, up to it
    std::chrono::seconds forget_after{60 * 60};  ///< quiet time after which a key starts anew
    std::size_t keys_max = 100'000;  ///< about 200 bytes each; the longest idle one goes
};

/// May the attempt be made, and if not, when.
struct ThrottleDecision {
    bool allowed = false;
    std::chrono::milliseconds retry_after{0};  ///< over 0 exactly when refused
};

/// Counts attempts per key, such as "login:account:42" or "reset:addr:203.0.113.9".
///
/// An attempt is charged before it is made, so that many at once cannot slip by while a password
/// is being hashed; a success forgives. Refused attempts are not charged: a victim's delay does
/// not grow because an attacker keeps knocking.
///
/// Limits: `keys_max`. Evicting needs as many other keys, so pair it with a limit per address.
/// Thread-safety: the executor this object was built on.
class Throttle {
  public:
    explicit Throttle(ThrottleOptions options = {});

    /// Asks for one attempt, and charges it when allowed.
    [[nodiscard]] ThrottleDecision attempt(std::string_view key, core::MonoTime now);
    /// The attempt succeeded: the key starts anew.
    void succeeded(std::string_view key);
    [[nodiscard]] std::size_t size() const { return entries_.size(); }

  private:
    struct Entry {
        std::string key;
        int attempts = 0;
        core::MonoTime last{};
        core::MonoTime blocked_until{};
    };
    using Entries = std::list<Entry>;

    Entry& touch(std::string_view key, core::MonoTime now);
    void expire(core::MonoTime now);
    [[nodiscard]] std::chrono::milliseconds delay_after(int attempts) const;

    ThrottleOptions options_;
    Entries entries_;                                                // most recently used first
    std::unordered_map<std::string_view, Entries::iterator> index_;  // views into `entries_`
};

}  // namespace courseselect::auth
