#include "courseselect/redis/memory_channel.hpp"

#include <doctest/doctest.h>

#include "redis/listener.hpp"

using namespace courseselect;

TEST_SUITE("redis/memory_channel") {
    TEST_CASE("what was under way when the broker left is gone") {
        async::EventLoop loop;
        redis::MemoryBroker broker(loop);
        redis::MemoryChannel channel(broker);
        test::Listener listener;
        channel.start(listener);
        loop.poll();
        channel.publish("under way");
        broker.set_present(false);
        broker.set_present(true);
        loop.poll();
        CHECK(listener.heard == std::vector<std::string>{"+", "-", "+"});
    }

    TEST_CASE("a broker that is away lets nobody join") {
        async::EventLoop loop;
        redis::MemoryBroker broker(loop);
        broker.set_present(false);
        redis::MemoryChannel channel(broker);
        test::Listener listener;
        channel.start(listener);
        loop.poll();
        CHECK(listener.heard.empty());
    }
}
