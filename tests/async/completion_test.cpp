#include "courseselect/async/completion.hpp"

#include <doctest/doctest.h>

#include <memory>

#include "support/death.hpp"
#include "support/run.hpp"

using namespace courseselect;

namespace {

template <class T>
async::Task<> receive(async::Completion<T>& completion, T& out) {
    T value = co_await completion;
    out = std::move(value);
}

}  // namespace

TEST_SUITE("async/completion") {
    TEST_CASE("a completion set before the await does not suspend") {
        async::EventLoop loop;
        async::Completion<int> completion;
        completion.set(7);
        CHECK(completion.is_set());
        int got = 0;
        async::TaskGroup group(loop);
        group.spawn(receive(completion, got));
        CHECK(got == 7);
        CHECK(group.running() == 0);
    }

    TEST_CASE("setting it resumes the waiter inline") {
        async::EventLoop loop;
        async::Completion<int> completion;
        int got = 0;
        async::TaskGroup group(loop);
        group.spawn(receive(completion, got));
        CHECK(got == 0);
        CHECK_FALSE(completion.is_set());
        completion.set(8);
        CHECK(got == 8);
        CHECK(group.running() == 0);
    }

    TEST_CASE("the value may be one that cannot be copied") {
        async::EventLoop loop;
        async::Completion<std::unique_ptr<int>> completion;
        std::unique_ptr<int> got;
        async::TaskGroup group(loop);
        group.spawn(receive(completion, got));
        completion.set(std::make_unique<int>(9));
        REQUIRE(got);
        CHECK(*got == 9);
    }

    TEST_CASE("setting it twice aborts") {
        CHECK(test::fails_a_check([] {
            async::Completion<int> completion;
            completion.set(1);
            completion.set(2);
        }));
    }
}
