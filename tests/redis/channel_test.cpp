#include "courseselect/redis/channel.hpp"

#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <vector>

#include "courseselect/redis/memory_channel.hpp"
#include "courseselect/redis/pub_sub.hpp"
#include "redis/listener.hpp"
#include "redis/redis_server.hpp"

using namespace courseselect;

namespace {

/// Channels within the process, and what they have in common.
struct MemoryWorld {
    async::EventLoop loop;
    redis::MemoryBroker broker{loop};

    std::unique_ptr<redis::Channel> make() {
        return std::make_unique<redis::MemoryChannel>(broker);
    }
    void leave() { broker.set_present(false); }
    void come_back() { broker.set_present(true); }
};

/// Channels on a real server.
struct RedisWorld {
    async::EventLoop loop;
    core::SystemClock clock;
    test::RedisServer server;

    std::unique_ptr<redis::Channel> make() {
        redis::PubSubOptions options;
        options.address = *redis::parse_address(server.url());
        options.channel = "test";
        options.retry_min = options.retry_max = std::chrono::milliseconds{5};
        return std::make_unique<redis::PubSub>(loop, clock, std::move(options));
    }
    void leave() { server.end(); }
    void come_back() { server.start(); }
};

}  // namespace

TEST_SUITE("redis/channel") {
    TEST_CASE_TEMPLATE("all hear everything, their own included, in one order", World, MemoryWorld,
                       RedisWorld) {
        World world;
        test::Listener one;
        test::Listener two;
        const auto first = world.make();
        const auto second = world.make();
        first->start(one);
        second->start(two);
        test::run_until(world.loop, [&] { return first->is_joined() && second->is_joined(); });
        for (int i = 0; i < 200; ++i) {
            CHECK((i % 2 == 0 ? first : second)->publish("message " + std::to_string(i)));
        }
        test::run_until(world.loop,
                        [&] { return one.heard.size() == 201 && two.heard.size() == 201; });
        CHECK(one.heard == two.heard);
        first->stop();
        second->stop();
    }

    TEST_CASE_TEMPLATE("any bytes travel", World, MemoryWorld, RedisWorld) {
        World world;
        test::Listener listener;
        const auto channel = world.make();
        channel->start(listener);
        test::run_until(world.loop, [&] { return channel->is_joined(); });
        const std::string bytes("\0\r\n$5\r\n\xff *3", 12);
        const std::string large(300'000, 'x');
        channel->publish(bytes);
        channel->publish(large);
        test::run_until(world.loop, [&] { return listener.heard.size() == 3; });
        CHECK(listener.heard == std::vector<std::string>{"+", bytes, large});
        channel->stop();
    }

    TEST_CASE_TEMPLATE("a loss is told, nothing is published meanwhile, and it joins again", World,
                       MemoryWorld, RedisWorld) {
        World world;
        test::Listener listener;
        const auto channel = world.make();
        CHECK_FALSE(channel->publish("too early"));
        channel->start(listener);
        test::run_until(world.loop, [&] { return channel->is_joined(); });
        for (int round = 0; round < 3; ++round) {
            world.leave();
            test::run_until(world.loop, [&] { return listener.has("-"); });
            CHECK_FALSE(channel->is_joined());
            CHECK_FALSE(channel->publish("for nobody"));
            world.come_back();
            test::run_until(world.loop, [&] { return listener.has("+"); });
            CHECK(channel->publish("again"));
            test::run_until(world.loop, [&] { return listener.has("again"); });
        }
        channel->stop();
    }

    TEST_CASE_TEMPLATE("who has stopped hears nothing, not even of the end", World, MemoryWorld,
                       RedisWorld) {
        World world;
        test::Listener listener;
        test::Listener other;
        const auto channel = world.make();
        const auto witness = world.make();
        channel->start(listener);
        witness->start(other);
        test::run_until(world.loop, [&] { return channel->is_joined() && witness->is_joined(); });
        channel->stop();
        CHECK_FALSE(channel->is_joined());
        witness->publish("news");
        test::run_until(world.loop, [&] { return other.has("news"); });
        CHECK(listener.heard == std::vector<std::string>{"+"});
        witness->stop();
    }
}
