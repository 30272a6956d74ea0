#include "courseselect/ratelimit/token_bucket.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <limits>
#include <string>
#include <vector>

using namespace courseselect;
using namespace std::chrono_literals;
using ratelimit::BucketOptions;
using ratelimit::BucketRule;
using ratelimit::TakeResult;
using ratelimit::TokenBucket;

namespace {

std::string bucket_fault_of(const BucketOptions& options) {
    const auto checked = options.check();
    return checked ? "none" : std::string(checked.error().reason());
}

}  // namespace

TEST_SUITE("ratelimit/token_bucket") {
    TEST_CASE("a bucket gives its capacity at once, then one an interval") {
        const BucketRule rule({.capacity = 10, .refill_per_second = 0.1});
        TokenBucket bucket;
        core::ManualClock clock;
        for (int i = 0; i < 10; ++i) {
            CHECK(bucket.try_take(rule, clock.mono_now()).allowed);
        }
        clock.advance(500ms);
        const auto refused = bucket.try_take(rule, clock.mono_now());
        CHECK_FALSE(refused.allowed);
        CHECK(refused.wait == 9500ms);
        clock.advance(9500ms - 1us);
        CHECK(bucket.try_take(rule, clock.mono_now()).wait == 1us);
        clock.advance(1us);
        CHECK(bucket.try_take(rule, clock.mono_now()).allowed);
        CHECK_FALSE(bucket.try_take(rule, clock.mono_now()).allowed);
    }

    TEST_CASE("a bucket never gives more than capacity plus rate times time") {
        CHECK(rc::check("bound", [] {
            const int capacity = *rc::gen::inRange(1, 50);
            const int rate = *rc::gen::inRange(1, 100);
            const BucketRule rule(
                {.capacity = capacity, .refill_per_second = static_cast<double>(rate)});
            TokenBucket bucket;
            core::ManualClock clock;
            const auto start = clock.mono_now();
            std::int64_t given = 0;
            const auto steps = *rc::gen::container<std::vector<int>>(rc::gen::inRange(0, 100'000));
            for (const int step : steps) {
                clock.advance(std::chrono::microseconds{step});
                given += bucket.try_take(rule, clock.mono_now()).allowed ? 1 : 0;
                const std::chrono::duration<double> passed = clock.mono_now() - start;
                RC_ASSERT(static_cast<double>(given) <= capacity + rate * passed.count() + 1e-9);
            }
        }));
    }

    TEST_CASE("who waits as long as it was told gets a token") {
        CHECK(rc::check("wait", [] {
            const int capacity = *rc::gen::inRange(1, 20);
            const double rate = *rc::gen::inRange(1, 5000) / 100.0;
            const BucketRule rule({.capacity = capacity, .refill_per_second = rate});
            TokenBucket bucket;
            core::MonoTime now = core::ManualClock().mono_now();
            for (int i = 0; i < 3 * capacity; ++i) {
                const TakeResult taken = bucket.try_take(rule, now);
                RC_ASSERT(taken.allowed == (taken.wait == 0ns));
                if (!taken.allowed) {
                    RC_ASSERT(!bucket.try_take(rule, now + taken.wait - 1ns).allowed);
                    now += taken.wait;
                    RC_ASSERT(bucket.try_take(rule, now).allowed);
                }
            }
        }));
    }

    TEST_CASE("a bucket is full at first, and again after its fill time") {
        const BucketRule rule({.capacity = 2, .refill_per_second = 1});
        CHECK(rule.token_interval() == 1s);
        CHECK(rule.fill_time() == 2s);
        core::ManualClock clock;
        TokenBucket bucket;
        CHECK(bucket.is_full(clock.mono_now()));
        static_cast<void>(bucket.try_take(rule, clock.mono_now()));
        static_cast<void>(bucket.try_take(rule, clock.mono_now()));
        clock.advance(2s - 1us);
        CHECK_FALSE(bucket.is_full(clock.mono_now()));
        clock.advance(1us);
        CHECK(bucket.is_full(clock.mono_now()));
    }

    TEST_CASE("time that goes back is harmless") {
        const BucketRule rule({.capacity = 1, .refill_per_second = 1});
        core::ManualClock clock;
        clock.advance(1h);
        TokenBucket bucket;
        CHECK(bucket.try_take(rule, clock.mono_now()).allowed);
        CHECK_FALSE(bucket.try_take(rule, clock.mono_now() - 30min).allowed);
        CHECK(bucket.try_take(rule, clock.mono_now() + 1s).allowed);
    }

    TEST_CASE("a wait is told in whole seconds: down for the text, up and at least 1 to retry") {
        const auto refused = [](std::chrono::nanoseconds wait) {
            return TakeResult{.allowed = false, .wait = wait};
        };
        CHECK(refused(1ns).wait_seconds() == 0);
        CHECK(refused(1ns).retry_after_seconds() == 1);
        CHECK(refused(9500ms).wait_seconds() == 9);
        CHECK(refused(9500ms).retry_after_seconds() == 10);
        CHECK(refused(10s).wait_seconds() == 10);
        CHECK(refused(10s).retry_after_seconds() == 10);
        CHECK(TakeResult{.allowed = true}.retry_after_seconds() == 1);
    }

    TEST_CASE("numbers out of bounds are refused by name, those at the bounds are not") {
        CHECK(bucket_fault_of({}) == "none");
        CHECK(bucket_fault_of({.capacity = 1}) == "none");
        CHECK(bucket_fault_of({.capacity = 0}) == "bucket_capacity");
        CHECK(bucket_fault_of({.capacity = 1'000'000}) == "none");
        CHECK(bucket_fault_of({.capacity = 1'000'001}) == "bucket_capacity");
        CHECK(bucket_fault_of({.refill_per_second = 1.0 / 86'400}) == "none");
        CHECK(bucket_fault_of({.refill_per_second = 1.0 / 86'401}) == "bucket_rate");
        CHECK(bucket_fault_of({.refill_per_second = 0}) == "bucket_rate");
        CHECK(bucket_fault_of({.refill_per_second = -1}) == "bucket_rate");
        CHECK(bucket_fault_of({.refill_per_second = 1'000'000}) == "none");
        CHECK(bucket_fault_of({.refill_per_second = 1'000'001}) == "bucket_rate");
        CHECK(bucket_fault_of({.refill_per_second = std::numeric_limits<double>::quiet_NaN()}) ==
              "bucket_rate");
        CHECK(bucket_fault_of({.refill_per_second = std::numeric_limits<double>::infinity()}) ==
              "bucket_rate");
    }

    TEST_CASE("a bucket that would take more than a century to fill is refused") {
        CHECK(bucket_fault_of({.capacity = 36'000, .refill_per_second = 1.0 / 86'400}) == "none");
        CHECK(bucket_fault_of({.capacity = 37'000, .refill_per_second = 1.0 / 86'400}) ==
              "bucket_rate");
    }
}
