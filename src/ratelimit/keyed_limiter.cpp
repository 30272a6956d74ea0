#include "courseselect/ratelimit/keyed_limiter.hpp"

#include <utility>

namespace courseselect::ratelimit {

core::Result<KeyedLimiter> KeyedLimiter::create(LimiterOptions options) {
    COURSESELECT_TRY_OK(options.bucket.check());
    if (options.keys_max == 0 || options.key_bytes_max == 0) {
        return core::Error(core::Errc::invalid_argument, "limiter_keys",
                           "a limiter needs room for at least one key of one byte");
    }
    return KeyedLimiter(options);
}

KeyedLimiter::KeyedLimiter(LimiterOptions options) : options_(options), rule_(options.bucket) {}

TakeResult KeyedLimiter::try_take(std::string_view key, core::MonoTime now) {
    // At most two a call: new keys come one a call, so this catches up without a pause.
    for (int dropped = 0; dropped < 2 && !entries_.empty(); ++dropped) {
        if (!entries_.back().bucket.is_full(now)) {
            break;
        }
        drop_last();
    }
    return touch(key.substr(0, options_.key_bytes_max)).try_take(rule_, now);
}

TokenBucket& KeyedLimiter::touch(std::string_view key) {
    const auto found = index_.find(key);
    if (found != index_.end()) {
        entries_.splice(entries_.begin(), entries_, found->second);
        return entries_.front().bucket;
    }
    if (entries_.size() >= options_.keys_max) {
        drop_last();
    }
    entries_.push_front(Entry{std::string(key), TokenBucket{}});
    index_.emplace(entries_.front().key, entries_.begin());
    return entries_.front().bucket;
}

void KeyedLimiter::drop_last() {
    index_.erase(entries_.back().key);
    entries_.pop_back();
}

}  // namespace courseselect::ratelimit
