#include "courseselect/metrics/histogram.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <functional>

using namespace courseselect;
using namespace std::chrono_literals;

TEST_SUITE("metrics/histogram") {
    TEST_CASE("a value on a bound belongs to that bucket, one more to the next") {
        metrics::Histogram histogram(metrics::sizes);
        histogram.observe(0);
        histogram.observe(1);
        histogram.observe(2);
        histogram.observe(3);
        histogram.observe(4);
        CHECK(histogram.in_bucket(0) == 2);
        CHECK(histogram.in_bucket(1) == 1);
        CHECK(histogram.in_bucket(2) == 2);
        CHECK(histogram.count() == 5);
        CHECK(histogram.sum() == doctest::Approx(10));
    }

    TEST_CASE("what is over the last bound is counted too") {
        metrics::Histogram histogram(metrics::sizes);
        histogram.observe(1'024);
        histogram.observe(1'025);
        const std::size_t last = metrics::sizes.bounds.size();
        CHECK(histogram.in_bucket(last - 1) == 1);
        CHECK(histogram.in_bucket(last) == 1);
        CHECK(histogram.count() == 2);
    }

    TEST_CASE("times are summed in seconds, and a clock that went back adds nothing") {
        metrics::Histogram histogram(metrics::durations);
        histogram.observe(100us);
        histogram.observe(101us);
        histogram.observe(-5ms);
        histogram.observe(31s);
        CHECK(histogram.in_bucket(0) == 2);
        CHECK(histogram.in_bucket(1) == 1);
        CHECK(histogram.in_bucket(metrics::durations.bounds.size()) == 1);
        CHECK(histogram.sum() == doctest::Approx(31.000201));
    }

    TEST_CASE("the bounds that are offered ascend and fit") {
        for (const auto& buckets : {metrics::durations, metrics::sizes}) {
            CHECK(buckets.bounds.size() <= metrics::Histogram::bounds_max);
            CHECK(std::adjacent_find(buckets.bounds.begin(), buckets.bounds.end(),
                                     std::greater_equal<>()) == buckets.bounds.end());
        }
    }
}
