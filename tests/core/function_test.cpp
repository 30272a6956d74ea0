#include "courseselect/core/function.hpp"

#include <doctest/doctest.h>

#include <string>

#include "support/death.hpp"

using namespace courseselect;
using core::UniqueFunction;

namespace {

int triple(int number) { return 3 * number; }

}  // namespace

TEST_SUITE("core/function") {
    TEST_CASE("it owns what cannot be copied, and moving passes it on") {
        UniqueFunction<int(int)> add = [base = std::make_unique<int>(40)](int more) {
            return *base + more;
        };
        auto moved = std::move(add);
        CHECK(moved(2) == 42);
        CHECK_FALSE(add);
        CHECK(moved);
    }

    TEST_CASE("plain functions and lambdas alike can be called") {
        UniqueFunction<int(int)> call = triple;
        CHECK(call(2) == 6);
        const auto square = [](int number) { return number * number; };
        call = square;
        CHECK(call(5) == 25);
    }

    TEST_CASE("arguments pass through as they are: moved, or by reference") {
        UniqueFunction<std::size_t(std::unique_ptr<std::string>)> measure =
            [](std::unique_ptr<std::string> text) { return text->size(); };
        CHECK(measure(std::make_unique<std::string>("four")) == 4);
        UniqueFunction<void(int&)> raise = [](int& number) { ++number; };
        int number = 1;
        raise(number);
        CHECK(number == 2);
    }

    TEST_CASE("the callable dies with its owner, and once") {
        const auto shared = std::make_shared<int>(0);
        {
            UniqueFunction<int()> first = [shared] { return *shared; };
            CHECK(shared.use_count() == 2);
            UniqueFunction<int()> second = std::move(first);
            CHECK(shared.use_count() == 2);
            second = nullptr;
            CHECK(shared.use_count() == 1);
        }
        CHECK(shared.use_count() == 1);
    }

    TEST_CASE("an empty one says so, and calling it aborts") {
        CHECK_FALSE(UniqueFunction<void()>());
        CHECK_FALSE(UniqueFunction<void()>(nullptr));
        CHECK(test::fails_a_check([] { UniqueFunction<void()>()(); }));
    }
}
