#include "courseselect/nodes/auth/guess_guard.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <utility>

namespace courseselect::nodes::accounts {
namespace {

core::Error slow_down(api::Context& context, std::chrono::nanoseconds wait) {
    const ratelimit::TakeResult refused{.allowed = false, .wait = wait};
    context.retry_after_seconds = refused.retry_after_seconds();
    return {core::Errc::resource_exhausted, "rate_limited",
            fmt::format("Rate limit exceeded. Please wait {} seconds.", refused.wait_seconds())};
}

/// The spelling of a name in limits: its case must not give more tries.
std::string folded(std::string_view username) {
    std::string key(username);
    std::transform(key.begin(), key.end(), key.begin(), [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    return key;
}

}  // namespace

core::Result<GuessGuard> GuessGuard::create(const core::Clock& clock, const GuessLimits& limits) {
    COURSESELECT_TRY(auto addresses, ratelimit::KeyedLimiter::create(limits.address));
    return GuessGuard(clock, limits, std::move(addresses));
}

GuessGuard::GuessGuard(const core::Clock& clock, const GuessLimits& limits,
                       ratelimit::KeyedLimiter addresses)
    : clock_(&clock),
      is_enabled_(limits.enabled),
      addresses_(std::move(addresses)),
      passwords_(limits.password),
      totp_codes_(limits.totp),
      reset_codes_(limits.reset) {}

core::Result<> GuessGuard::admit(api::Context& context) {
    if (!is_enabled_) {
        return {};
    }
    const auto taken = addresses_.try_take(context.client_address(), clock_->mono_now());
    if (!taken.allowed) {
        return slow_down(context, taken.wait);
    }
    return {};
}

core::Result<> GuessGuard::charge(courseselect::auth::Throttle& throttle, api::Context& context,
                                  std::string_view key) {
    COURSESELECT_TRY_OK(admit(context));
    if (!is_enabled_) {
        return {};
    }
    const auto decision = throttle.attempt(key, clock_->mono_now());
    if (!decision.allowed) {
        return slow_down(context, decision.retry_after);
    }
    return {};
}

core::Result<> GuessGuard::admit_password(api::Context& context, std::string_view username) {
    return charge(passwords_, context, folded(username));
}

void GuessGuard::forgive_password(std::string_view username) {
    passwords_.succeeded(folded(username));
}

core::Result<> GuessGuard::admit_totp(api::Context& context, repo::UserKey user) {
    return charge(totp_codes_, context, repo::to_string(user));
}

void GuessGuard::forgive_totp(repo::UserKey user) { totp_codes_.succeeded(repo::to_string(user)); }

core::Result<> GuessGuard::admit_reset(api::Context& context) {
    return charge(reset_codes_, context, context.client_address());
}

void GuessGuard::forgive_reset(const api::Context& context) {
    reset_codes_.succeeded(context.client_address());
}

}  // namespace courseselect::nodes::accounts
