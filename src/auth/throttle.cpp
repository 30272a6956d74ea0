#include "courseselect/auth/throttle.hpp"

#include <algorithm>

#include "courseselect/core/check.hpp"

namespace courseselect::auth {

Throttle::Throttle(ThrottleOptions options) : options_(options) {
    COURSESELECT_CHECK(options.free_attempts >= 1 && options.keys_max >= 1);
    COURSESELECT_CHECK(options.delay_first.count() > 0 && options.delay_max >= options.delay_first);
}

ThrottleDecision Throttle::attempt(std::string_view key, core::MonoTime now) {
    expire(now);
    Entry& entry = touch(key, now);
    if (entry.blocked_until > now) {
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(entry.blocked_until - now);
        return {.allowed = false, .retry_after = left};
    }
    ++entry.attempts;
    entry.last = now;
    entry.blocked_until = now + delay_after(entry.attempts);
    return {.allowed = true, .retry_after = std::chrono::milliseconds{0}};
}

void Throttle::succeeded(std::string_view key) {
    const auto found = index_.find(key);
    if (found == index_.end()) {
        return;
    }
    const auto entry = found->second;
    index_.erase(found);
    entries_.erase(entry);
}

Throttle::Entry& Throttle::touch(std::string_view key, core::MonoTime now) {
    const auto found = index_.find(key);
    if (found != index_.end()) {
        entries_.splice(entries_.begin(), entries_, found->second);
        Entry& entry = entries_.front();
        if (entry.last + options_.forget_after <= now && entry.blocked_until <= now) {
            entry.attempts = 0;
        }
        return entry;
    }
    if (entries_.size() >= options_.keys_max) {
        index_.erase(entries_.back().key);
        entries_.pop_back();
    }
    entries_.push_front(Entry{.key = std::string(key), .last = now});
    index_.emplace(entries_.front().key, entries_.begin());
    return entries_.front();
}

void Throttle::expire(core::MonoTime now) {
    // At most two a call: new keys come one a call, so this catches up without a pause.
    for (int dropped = 0; dropped < 2 && !entries_.empty(); ++dropped) {
        const Entry& oldest = entries_.back();
        if (oldest.last + options_.forget_after > now || oldest.blocked_until > now) {
            return;
        }
        index_.erase(oldest.key);
        entries_.pop_back();
    }
}

std::chrono::milliseconds Throttle::delay_after(int attempts) const {
    std::chrono::milliseconds delay{0};
    for (int i = options_.free_attempts; i <= attempts && delay < options_.delay_max; ++i) {
        delay = i == options_.free_attempts ? options_.delay_first : delay * 2;
    }
    return std::min(delay, options_.delay_max);
}

}  // namespace courseselect::auth
