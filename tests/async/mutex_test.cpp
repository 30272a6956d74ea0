#include "courseselect/async/mutex.hpp"

#include <doctest/doctest.h>

#include <string>

#include "courseselect/async/sleep.hpp"
#include "support/run.hpp"

using namespace courseselect;

namespace {

async::Task<> write_twice(async::Mutex& mutex, async::EventLoop& loop, std::string& log, char who) {
    const auto guard = co_await mutex.lock();
    log.push_back(who);
    co_await async::yield(loop);
    log.push_back(who);
}

}  // namespace

TEST_SUITE("async/mutex") {
    TEST_CASE("holders do not interleave and are served in order of arrival") {
        async::EventLoop loop;
        async::Mutex mutex(loop);
        async::TaskGroup group(loop);
        std::string log;
        for (const char who : {'a', 'b', 'c'}) {
            group.spawn(write_twice(mutex, loop, log, who));
        }
        test::run(loop, group.join());
        CHECK(log == "aabbcc");
        group.spawn(write_twice(mutex, loop, log, 'd'));
        test::run(loop, group.join());
        CHECK(log == "aabbccdd");
    }
}
