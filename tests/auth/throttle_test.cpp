#include "courseselect/auth/throttle.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "support/death.hpp"

using namespace courseselect;
using namespace std::chrono_literals;
using auth::Throttle;

TEST_SUITE("auth/throttle") {
    TEST_CASE("after the free attempts each delay is twice the last, up to the longest") {
        Throttle throttle({.free_attempts = 2, .delay_max = 5s});
        core::ManualClock clock;
        CHECK(throttle.attempt("a", clock.mono_now()).allowed);
        CHECK(throttle.attempt("a", clock.mono_now()).allowed);
        for (const auto delay : {1s, 2s, 4s, 5s, 5s}) {
            const auto refused = throttle.attempt("a", clock.mono_now());
            CHECK_FALSE(refused.allowed);
            CHECK(refused.retry_after == delay);
            clock.advance(delay - 1us);
            CHECK(throttle.attempt("a", clock.mono_now()).retry_after == 1ms);
            clock.advance(1us);
            const auto allowed = throttle.attempt("a", clock.mono_now());
            CHECK(allowed.allowed);
            CHECK(allowed.retry_after == 0ms);
        }
    }

    TEST_CASE("the defaults give five attempts, then a second, and a quarter of an hour at most") {
        Throttle throttle;
        core::ManualClock clock;
        for (int i = 0; i < 5; ++i) {
            CHECK(throttle.attempt("a", clock.mono_now()).allowed);
        }
        auto wait = throttle.attempt("a", clock.mono_now()).retry_after;
        CHECK(wait == 1s);
        for (int i = 0; i < 20; ++i) {
            clock.advance(wait);
            CHECK(throttle.attempt("a", clock.mono_now()).allowed);
            wait = throttle.attempt("a", clock.mono_now()).retry_after;
        }
        CHECK(wait == 15min);
    }

    TEST_CASE("refused attempts are not charged: knocking does not lengthen the delay") {
        Throttle throttle({.free_attempts = 1});
        core::ManualClock clock;
        CHECK(throttle.attempt("a", clock.mono_now()).allowed);
        for (int i = 0; i < 1000; ++i) {
            CHECK_FALSE(throttle.attempt("a", clock.mono_now()).allowed);
        }
        clock.advance(1s);
        CHECK(throttle.attempt("a", clock.mono_now()).allowed);
        CHECK(throttle.attempt("a", clock.mono_now()).retry_after == 2s);
    }

    TEST_CASE("an attempt is charged before its outcome is known") {
        Throttle throttle({.free_attempts = 3});
        core::ManualClock clock;
        int allowed = 0;
        for (int i = 0; i < 50; ++i) {  // all at once, while the first is still being hashed
            allowed += throttle.attempt("a", clock.mono_now()).allowed ? 1 : 0;
        }
        CHECK(allowed == 3);
    }

    TEST_CASE("a success forgives, and keys do not touch each other") {
        Throttle throttle({.free_attempts = 1});
        core::ManualClock clock;
        CHECK(throttle.attempt("a", clock.mono_now()).allowed);
        CHECK(throttle.attempt("b", clock.mono_now()).allowed);
        throttle.succeeded("a");
        throttle.succeeded("unknown");
        CHECK(throttle.attempt("a", clock.mono_now()).allowed);
        CHECK_FALSE(throttle.attempt("b", clock.mono_now()).allowed);
        CHECK(throttle.attempt("a", clock.mono_now()).retry_after == 1s);
    }

    TEST_CASE("a key is forgotten after the quiet time, not a moment before") {
        Throttle throttle({.free_attempts = 1, .forget_after = 60s});
        core::ManualClock clock;
        CHECK(throttle.attempt("a", clock.mono_now()).allowed);
        clock.advance(60s - 1us);
        CHECK(throttle.attempt("a", clock.mono_now()).allowed);
        CHECK(throttle.attempt("a", clock.mono_now()).retry_after == 2s);  // the second in a row
        clock.advance(60s);
        CHECK(throttle.attempt("a", clock.mono_now()).allowed);
        CHECK(throttle.attempt("a", clock.mono_now()).retry_after == 1s);  // the first again
    }

    TEST_CASE("a delay longer than the quiet time is still kept") {
        Throttle throttle({.free_attempts = 1, .delay_first = 600s, .forget_after = 60s});
        core::ManualClock clock;
        CHECK(throttle.attempt("a", clock.mono_now()).allowed);
        clock.advance(599s);
        CHECK(throttle.attempt("a", clock.mono_now()).retry_after == 1s);
        CHECK(throttle.attempt("b", clock.mono_now()).allowed);
        CHECK(throttle.size() == 2);
    }

    TEST_CASE("at the bound the longest idle key goes") {
        Throttle throttle({.free_attempts = 1, .keys_max = 2});
        core::ManualClock clock;
        CHECK(throttle.attempt("a", clock.mono_now()).allowed);
        CHECK(throttle.attempt("b", clock.mono_now()).allowed);
        CHECK_FALSE(throttle.attempt("a", clock.mono_now()).allowed);  // "b" is idle longer now
        CHECK(throttle.attempt("c", clock.mono_now()).allowed);
        CHECK(throttle.size() == 2);
        CHECK_FALSE(throttle.attempt("a", clock.mono_now()).allowed);
        CHECK(throttle.attempt("b", clock.mono_now()).allowed);
    }

    TEST_CASE("quiet keys are dropped as others come") {
        Throttle throttle({.forget_after = 60s});
        core::ManualClock clock;
        for (int i = 0; i < 10; ++i) {
            CHECK(throttle.attempt("key" + std::to_string(i), clock.mono_now()).allowed);
        }
        clock.advance(60s);
        for (int i = 0; i < 5; ++i) {
            CHECK(throttle.attempt("other", clock.mono_now()).allowed);
        }
        CHECK(throttle.size() == 1);
    }

    TEST_CASE("options that make no sense abort") {
        CHECK(test::fails_a_check([] { Throttle({.free_attempts = 0}); }));
        CHECK(test::fails_a_check([] { Throttle({.delay_first = 0ms}); }));
        CHECK(test::fails_a_check([] { Throttle({.delay_first = 2s, .delay_max = 1s}); }));
        CHECK(test::fails_a_check([] { Throttle({.keys_max = 0}); }));
    }
}
