#include "courseselect/async/event_loop.hpp"

#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <thread>
#include <vector>

using namespace courseselect;

TEST_SUITE("async/event_loop") {
    TEST_CASE("posted work runs later, in order, and work it posts after it") {
        async::EventLoop loop;
        std::string log;
        loop.post([&] {
            log += 'a';
            loop.post([&] { log += 'c'; });
        });
        loop.post([&] { log += 'b'; });
        CHECK(log.empty());
        loop.poll();
        CHECK(log == "abc");
    }

    TEST_CASE("poll returns when nothing is ready, and can be called again") {
        async::EventLoop loop;
        loop.poll();
        int ran = 0;
        loop.post([&] { ++ran; });
        loop.poll();
        loop.poll();
        CHECK(ran == 1);
    }

    TEST_CASE("run keeps waiting for work of other threads until it is stopped") {
        async::EventLoop loop;
        std::thread::id ran_on;
        std::thread other([&] {
            loop.post([&] {
                ran_on = std::this_thread::get_id();
                loop.stop();
            });
        });
        loop.run();
        other.join();
        CHECK(ran_on == std::this_thread::get_id());
    }

    TEST_CASE("what is ready when the loop stops waits for the next run") {
        async::EventLoop loop;
        std::string log;
        loop.post([&] {
            log += 'a';
            loop.stop();
        });
        loop.post([&] { log += 'b'; });
        loop.run();
        CHECK(log == "a");
        loop.poll();
        CHECK(log == "ab");
    }

    TEST_CASE("a stop before the run is forgotten") {
        async::EventLoop loop;
        bool ran = false;
        loop.stop();
        loop.post([&] {
            ran = true;
            loop.stop();
        });
        loop.run();
        CHECK(ran);
    }

    TEST_CASE("posts of several threads are all run, each thread's in order") {
        async::EventLoop loop;
        constexpr int each = 500;
        std::vector<int> last(3, 0);
        bool in_order = true;
        std::vector<std::thread> threads;
        for (std::size_t who = 0; who < last.size(); ++who) {
            threads.emplace_back([&, who] {
                for (int n = 1; n <= each; ++n) {
                    loop.post([&, who, n] {
                        in_order = in_order && last[who] == n - 1;
                        last[who] = n;
                    });
                }
            });
        }
        for (auto& thread : threads) {
            thread.join();
        }
        loop.poll();
        CHECK(in_order);
        CHECK(last == std::vector<int>(3, each));
    }

    TEST_CASE("the loop knows its own thread only while it runs") {
        async::EventLoop loop;
        CHECK_FALSE(loop.runs_in_this_thread());
        bool inside = false;
        loop.post([&] { inside = loop.runs_in_this_thread(); });
        loop.poll();
        CHECK(inside);
    }

    TEST_CASE("work that never ran is destroyed with the loop") {
        const auto held = std::make_shared<int>(1);
        {
            async::EventLoop loop;
            loop.post([held] {});
            CHECK(held.use_count() == 2);
        }
        CHECK(held.use_count() == 1);
    }
}
