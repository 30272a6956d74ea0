#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <vector>

#include "courseselect/ratelimit/client_address.hpp"
#include "courseselect/ratelimit/keyed_limiter.hpp"

using namespace courseselect;
using namespace std::chrono_literals;
using ratelimit::ClientAddressRule;
using ratelimit::IpAddress;
using ratelimit::IpNetwork;

TEST_SUITE("ratelimit/token_bucket") {
    TEST_CASE("a bucket gives its capacity at once, then one an interval") {
        const ratelimit::BucketRule rule({.capacity = 10, .refill_per_second = 0.1});
        ratelimit::TokenBucket bucket;
        core::ManualClock clock;
        for (int i = 0; i < 10; ++i) {
            CHECK(bucket.try_take(rule, clock.mono_now()).allowed);
        }
        clock.advance(500ms);
        const auto refused = bucket.try_take(rule, clock.mono_now());
        CHECK_FALSE(refused.allowed);
        CHECK(refused.wait == 9500ms);
        CHECK(refused.wait_seconds() == 9);
        CHECK(refused.retry_after_seconds() == 10);
        clock.advance(9500ms);
        CHECK(bucket.try_take(rule, clock.mono_now()).allowed);
        CHECK_FALSE(bucket.try_take(rule, clock.mono_now()).allowed);
    }

    TEST_CASE("a bucket never gives more than capacity plus rate times time") {
        CHECK(rc::check("bound", [] {
            const int capacity = *rc::gen::inRange(1, 50);
            const int rate = *rc::gen::inRange(1, 100);
            const ratelimit::BucketRule rule(
                {.capacity = capacity, .refill_per_second = static_cast<double>(rate)});
            ratelimit::TokenBucket bucket;
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

    TEST_CASE("numbers out of bounds are refused") {
        CHECK_FALSE(ratelimit::BucketOptions{.capacity = 0}.check());
        CHECK_FALSE(ratelimit::BucketOptions{.capacity = 1'000'001}.check());
        CHECK(ratelimit::BucketOptions{.capacity = 1'000'000}.check());
        CHECK_FALSE(ratelimit::BucketOptions{.refill_per_second = 0}.check());
    }
}

TEST_SUITE("ratelimit/keyed_limiter") {
    TEST_CASE("keys have buckets of their own, bounded in number") {
        auto limiter = ratelimit::KeyedLimiter::create(
            {.bucket = {.capacity = 1, .refill_per_second = 1}, .keys_max = 2});
        REQUIRE(limiter);
        core::ManualClock clock;
        CHECK(limiter->try_take("a", clock.mono_now()).allowed);
        CHECK_FALSE(limiter->try_take("a", clock.mono_now()).allowed);
        CHECK(limiter->try_take("b", clock.mono_now()).allowed);
        CHECK(limiter->try_take("c", clock.mono_now()).allowed);  // "a" goes
        CHECK(limiter->size() == 2);
        CHECK(limiter->try_take("a", clock.mono_now()).allowed);
        clock.advance(1s);
        CHECK(limiter->try_take("d", clock.mono_now()).allowed);
        CHECK(limiter->size() == 1);  // full buckets expired
        CHECK_FALSE(ratelimit::KeyedLimiter::create({.keys_max = 0}));
    }
}

TEST_SUITE("ratelimit/client_address") {
    TEST_CASE("addresses are strict and canonical") {
        CHECK(IpAddress::parse("::ffff:10.0.0.1")->to_string() == "10.0.0.1");
        CHECK(IpAddress::parse("2001:DB8:0::1")->to_string() == "2001:db8::1");
        for (const char* bad : {"", "1.2.3", "01.2.3.4", "1.2.3.4:80", "[::1]", " 1.2.3.4", "x",
                                "fe80::1%eth0", "1.2.3.256"}) {
            CAPTURE(bad);
            CHECK_FALSE(IpAddress::parse(bad));
        }
    }

    TEST_CASE("networks say what is wrong with them") {
        CHECK(IpNetwork::parse("10.0.0.0/8")->contains(*IpAddress::parse("10.9.8.7")));
        CHECK_FALSE(IpNetwork::parse("10.0.0.0/8")->contains(*IpAddress::parse("11.0.0.0")));
        CHECK(IpNetwork::parse("fd00::/8")->contains(*IpAddress::parse("fdff::1")));
        CHECK(IpNetwork::parse("10.1.2.3/8").error().detail().find("10.0.0.0/8") !=
              std::string::npos);
        CHECK_FALSE(IpNetwork::parse("10.0.0.0/33"));
        CHECK_FALSE(IpNetwork::parse("10.0.0.0/08"));
        CHECK_FALSE(IpNetwork::parse("10.0.0.0/"));
        CHECK(ratelimit::parse_networks("10.0.0.0/8, ::1")->size() == 2);
        CHECK(ratelimit::parse_networks(" ")->empty());
        CHECK_FALSE(ratelimit::parse_networks("::1,"));
    }

    TEST_CASE("headers count only from those who may be believed") {
        const ClientAddressRule rule({.trusted_proxies = *ratelimit::parse_networks("10.0.0.0/8")});
        CHECK(rule.client_address({.peer_address = "9.9.9.9", .x_forwarded_for = "1.1.1.1"}) ==
              "9.9.9.9");
        CHECK(rule.client_address({.peer_address = "10.0.0.1", .x_forwarded_for = "1.1.1.1, 2"}) ==
              "1.1.1.1");
        CHECK(rule.client_address({.peer_address = "10.0.0.1",
                                   .x_forwarded_for = "rubbish",
                                   .x_real_ip = "2.2.2.2"}) == "2.2.2.2");
        CHECK(rule.client_address({.peer_address = "9.9.9.9",
                                   .x_forwarded_for = "1.1.1.1",
                                   .internal_token_ok = true}) == "1.1.1.1");
        CHECK(rule.client_address({.peer_address = "unix", .peer_is_unix = true}) == "unknown");
        CHECK(rule.client_address({.peer_address = "2001:db8:1:2:3::4"}) == "2001:db8:1:2::");
    }
}
