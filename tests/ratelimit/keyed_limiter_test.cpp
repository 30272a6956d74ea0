#include "courseselect/ratelimit/keyed_limiter.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace courseselect;
using namespace std::chrono_literals;
using ratelimit::KeyedLimiter;
using ratelimit::LimiterOptions;

namespace {

/// One token a second and key, none in store.
LimiterOptions one_a_second() { return {.bucket = {.capacity = 1, .refill_per_second = 1}}; }

std::string limiter_fault_of(const LimiterOptions& options) {
    const auto limiter = KeyedLimiter::create(options);
    return limiter ? "none" : std::string(limiter.error().reason());
}

}  // namespace

TEST_SUITE("ratelimit/keyed_limiter") {
    TEST_CASE("each key has a bucket of its own") {
        auto limiter = KeyedLimiter::create(one_a_second());
        REQUIRE(limiter);
        core::ManualClock clock;
        CHECK(limiter->try_take("a", clock.mono_now()).allowed);
        const auto refused = limiter->try_take("a", clock.mono_now());
        CHECK_FALSE(refused.allowed);
        CHECK(refused.wait == 1s);
        CHECK(limiter->try_take("b", clock.mono_now()).allowed);
        CHECK(limiter->try_take("", clock.mono_now()).allowed);
        CHECK(limiter->size() == 3);
    }

    TEST_CASE("at the bound the longest idle key goes, and is forgiven") {
        LimiterOptions options = one_a_second();
        options.keys_max = 2;
        auto limiter = KeyedLimiter::create(options);
        core::ManualClock clock;
        CHECK(limiter->try_take("a", clock.mono_now()).allowed);
        CHECK(limiter->try_take("b", clock.mono_now()).allowed);
        CHECK_FALSE(limiter->try_take("a", clock.mono_now()).allowed);  // "b" is idle longer now
        CHECK(limiter->try_take("c", clock.mono_now()).allowed);
        CHECK(limiter->size() == 2);
        CHECK_FALSE(limiter->try_take("a", clock.mono_now()).allowed);
        CHECK(limiter->try_take("b", clock.mono_now()).allowed);
        CHECK(limiter->size() == 2);
    }

    TEST_CASE("a flood of new keys neither grows the memory nor locks anybody out") {
        LimiterOptions options = one_a_second();
        options.keys_max = 100;
        auto limiter = KeyedLimiter::create(options);
        core::ManualClock clock;
        for (int i = 0; i < 10'000; ++i) {
            REQUIRE(limiter->try_take("key" + std::to_string(i), clock.mono_now()).allowed);
            REQUIRE(limiter->size() <= 100);
        }
    }

    TEST_CASE("buckets that are full again are dropped as time passes") {
        auto limiter = KeyedLimiter::create(one_a_second());
        core::ManualClock clock;
        for (const char* key : {"a", "b", "c", "d"}) {
            CHECK(limiter->try_take(key, clock.mono_now()).allowed);
        }
        clock.advance(1s - 1us);
        static_cast<void>(limiter->try_take("e", clock.mono_now()));
        CHECK(limiter->size() == 5);
        clock.advance(1us);
        static_cast<void>(limiter->try_take("e", clock.mono_now()));
        CHECK(limiter->size() == 3);  // two a call
        static_cast<void>(limiter->try_take("e", clock.mono_now()));
        CHECK(limiter->size() == 1);
    }

    TEST_CASE("keys longer than the bound share the bucket of their first bytes") {
        LimiterOptions options = one_a_second();
        options.key_bytes_max = 4;
        auto limiter = KeyedLimiter::create(options);
        core::ManualClock clock;
        CHECK(limiter->try_take("abcd", clock.mono_now()).allowed);
        CHECK_FALSE(limiter->try_take("abcde", clock.mono_now()).allowed);
        CHECK_FALSE(
            limiter->try_take(std::string("abcd") + std::string(100'000, 'x'), clock.mono_now())
                .allowed);
        CHECK(limiter->try_take("abce", clock.mono_now()).allowed);
        CHECK(limiter->try_take("abc", clock.mono_now()).allowed);
    }

    TEST_CASE("a moved limiter keeps its buckets") {
        auto limiter = KeyedLimiter::create(one_a_second());
        core::ManualClock clock;
        CHECK(limiter->try_take("a", clock.mono_now()).allowed);
        KeyedLimiter moved = *std::move(limiter);
        CHECK_FALSE(moved.try_take("a", clock.mono_now()).allowed);
        CHECK(moved.try_take("b", clock.mono_now()).allowed);
    }

    TEST_CASE("a limiter without room for a key, or with a wrong bucket, is refused") {
        CHECK(limiter_fault_of({}) == "none");
        CHECK(limiter_fault_of({.keys_max = 0}) == "limiter_keys");
        CHECK(limiter_fault_of({.keys_max = 1}) == "none");
        CHECK(limiter_fault_of({.key_bytes_max = 0}) == "limiter_keys");
        CHECK(limiter_fault_of({.bucket = {.capacity = 0}}) == "bucket_capacity");
    }
}
