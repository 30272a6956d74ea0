#include "courseselect/metrics/counter.hpp"

#include <doctest/doctest.h>

#include <thread>

using namespace courseselect;

TEST_SUITE("metrics/counter") {
    TEST_CASE("a counter starts at nothing and keeps every addition") {
        metrics::Counter counter;
        CHECK(counter.value() == 0);
        counter.add();
        counter.add(41);
        CHECK(counter.value() == 42);
    }

    TEST_CASE("another thread may read while the owner adds, and never sees it fall") {
        metrics::Counter counter;
        constexpr std::uint64_t total = 200'000;
        std::thread owner([&counter] {
            for (std::uint64_t i = 0; i < total; ++i) {
                counter.add();
            }
        });
        std::uint64_t before = 0;
        bool fell = false;
        while (before < total) {
            const std::uint64_t now = counter.value();
            fell = fell || now < before;
            before = now;
        }
        owner.join();
        CHECK_FALSE(fell);
        CHECK(counter.value() == total);
    }
}
