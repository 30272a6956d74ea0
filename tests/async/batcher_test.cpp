#include "courseselect/async/batcher.hpp"

#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <vector>

#include "courseselect/async/sleep.hpp"
#include "support/run.hpp"

using namespace courseselect;

namespace {

using Squares = async::Batcher<int, int>;

/// Squares numbers after one turn of the loop; remembers the sizes of its batches.
struct SlowSquares {
    async::EventLoop& loop;
    std::vector<std::vector<int>> batches;
    bool fails = false;

    async::Task<core::Result<std::vector<int>>> call(std::vector<int> items) {
        batches.push_back(items);
        co_await async::yield(loop);
        if (fails) {
            co_return core::Error(core::Errc::unavailable, "away");
        }
        for (int& item : items) {
            item *= item;
        }
        co_return items;
    }
};

Squares make(async::EventLoop& loop, SlowSquares& service, async::BatcherOptions options = {}) {
    return Squares(loop, options,
                   [&service](std::vector<int> items) { return service.call(std::move(items)); });
}

async::Task<> ask(Squares& squares, int value, std::vector<std::string>& log) {
    const auto result = co_await squares.submit(value);
    log.push_back(result ? std::to_string(*result) : std::string(result.error().detail()));
}

}  // namespace

TEST_SUITE("async/batcher") {
    TEST_CASE("requests of one turn travel together and are answered in order") {
        async::EventLoop loop;
        SlowSquares service{loop, {}};
        Squares squares = make(loop, service);
        std::vector<std::string> log;
        async::TaskGroup group(loop);
        for (const int value : {1, 2, 3}) {
            group.spawn(ask(squares, value, log));
        }
        CHECK(squares.waiting() == 3);
        test::run(loop, group.join());
        CHECK(log == std::vector<std::string>{"1", "4", "9"});
        REQUIRE(service.batches.size() == 1);
        CHECK(service.batches[0] == std::vector<int>{1, 2, 3});
        test::run(loop, squares.stop());
    }

    TEST_CASE("a batch is bounded, and what arrives meanwhile forms the next one") {
        async::EventLoop loop;
        SlowSquares service{loop, {}};
        Squares squares = make(loop, service, {.batch_max = 2});
        std::vector<std::string> log;
        async::TaskGroup group(loop);
        for (const int value : {1, 2, 3, 4, 5}) {
            group.spawn(ask(squares, value, log));
        }
        test::run(loop, group.join());
        CHECK(service.batches == std::vector<std::vector<int>>{{1, 2}, {3, 4}, {5}});
        test::run(loop, squares.stop());
    }

    TEST_CASE("a failed call fails everyone in it") {
        async::EventLoop loop;
        SlowSquares service{loop, {}, true};
        Squares squares = make(loop, service);
        std::vector<std::string> log;
        async::TaskGroup group(loop);
        group.spawn(ask(squares, 1, log));
        group.spawn(ask(squares, 2, log));
        test::run(loop, group.join());
        CHECK(log == std::vector<std::string>{"away", "away"});
        test::run(loop, squares.stop());
    }

    TEST_CASE("at the bound one more is refused; after stop everything is") {
        async::EventLoop loop;
        SlowSquares service{loop, {}};
        Squares squares = make(loop, service, {.waiting_max = 2});
        std::vector<std::string> log;
        async::TaskGroup group(loop);
        for (const int value : {1, 2, 3}) {
            group.spawn(ask(squares, value, log));
        }
        CHECK(log == std::vector<std::string>{"Too many requests are waiting, try again shortly"});
        test::run(loop, squares.stop());
        test::run(loop, group.join());
        CHECK(log.size() == 3);
        group.spawn(ask(squares, 4, log));
        CHECK(log.back() == "The service is stopping");
    }
}
