#include "courseselect/core/result.hpp"

#include <doctest/doctest.h>

#include <memory>
#include <string>

#include "support/death.hpp"

using namespace courseselect;
using core::Errc;
using core::Error;
using core::Result;

namespace {

Result<int> half(int number) {
    if (number % 2 != 0) {
        return Error(Errc::invalid_argument, "odd", "not even");
    }
    return number / 2;
}

Result<int> quarter(int number) {
    COURSESELECT_TRY(const int once, half(number));
    COURSESELECT_TRY_OK(half(once));
    return once / 2;
}

Result<> check_even(int number, int& calls) {
    ++calls;
    COURSESELECT_TRY_OK(half(number));
    return {};
}

Result<std::unique_ptr<int>> boxed(int number) {
    COURSESELECT_TRY(auto box, Result<std::unique_ptr<int>>(std::make_unique<int>(number)));
    return box;
}

}  // namespace

TEST_SUITE("core/result") {
    TEST_CASE("a value passes through and the first error stops") {
        CHECK(*quarter(8) == 2);
        CHECK(quarter(6).error().reason() == "odd");
        CHECK(quarter(3).error().to_string() == "invalid_argument(odd): not even");
    }

    TEST_CASE("the expression of a try is evaluated once") {
        int calls = 0;
        CHECK(check_even(2, calls));
        CHECK(calls == 1);
        CHECK_FALSE(check_even(3, calls));
        CHECK(calls == 2);
    }

    TEST_CASE("success without a value is the default") {
        CHECK(Result<>{});
        CHECK(Result<>{}.has_value());
        const Result<> failed = Error(Errc::conflict, "taken");
        CHECK_FALSE(failed);
        CHECK(failed.error().to_string() == "conflict: taken");
        CHECK(Result<>(failed).error().code() == Errc::conflict);
    }

    TEST_CASE("what cannot be copied can be returned and taken out") {
        auto box = boxed(7);
        REQUIRE(box);
        CHECK(**box == 7);
        const std::unique_ptr<int> taken = *std::move(box);
        CHECK(*taken == 7);
    }

    TEST_CASE("a value may be used and changed in place") {
        Result<std::string> text = std::string("ab");
        text->push_back('c');
        *text += 'd';
        CHECK(text.value() == "abcd");
        const Result<std::string> constant = text;
        CHECK(constant->size() == 4);
    }

    TEST_CASE("a fallback is used only for an error") {
        CHECK(half(4).value_or(7) == 2);
        CHECK(half(3).value_or(7) == 7);
    }

    TEST_CASE("an error can be moved out") {
        Result<int> failed = half(1);
        const Error error = std::move(failed).error();
        CHECK(error.detail() == "not even");
    }

    TEST_CASE("asking for the absent one aborts") {
        CHECK(test::fails_a_check([] { static_cast<void>(*half(1)); }));
        CHECK(test::fails_a_check([] { static_cast<void>(half(2).error().code()); }));
        CHECK(test::fails_a_check([] { static_cast<void>(Result<>().error().code()); }));
    }
}
