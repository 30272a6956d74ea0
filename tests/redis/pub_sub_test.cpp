#include "courseselect/redis/pub_sub.hpp"

#include <doctest/doctest.h>

#include <string>

#include "redis/listener.hpp"
#include "redis/redis_server.hpp"

using namespace courseselect;

namespace {

struct Fixture {
    async::EventLoop loop;
    core::SystemClock clock;
    test::Listener listener;

    redis::PubSubOptions options(const std::string& url) const {
        redis::PubSubOptions made;
        made.address = *redis::parse_address(url);
        made.channel = "school";
        made.retry_min = made.retry_max = std::chrono::milliseconds{5};
        return made;
    }
};

}  // namespace

TEST_SUITE("redis/pub_sub") {
    TEST_CASE("a password is shown; a wrong one is told as the server tells it") {
        Fixture f;
        const test::RedisServer server({"--requirepass", "open sesame"});
        auto right = f.options(server.url());
        right.address.password = core::Secret("open sesame");
        redis::PubSub channel(f.loop, f.clock, right);
        channel.start(f.listener);
        test::run_until(f.loop, [&] { return channel.is_joined(); });
        channel.stop();
        auto wrong = f.options(server.url());
        wrong.address.user = "nobody";
        wrong.address.password = core::Secret("guess");
        redis::PubSub refused(f.loop, f.clock, wrong);
        refused.start(f.listener);
        test::run_until(f.loop, [&] { return refused.problem().starts_with("WRONGPASS"); });
        CHECK_FALSE(refused.is_joined());
    }

    TEST_CASE("a server that hangs is found out by its silence, and joined again afterwards") {
        Fixture f;
        const test::RedisServer server;
        auto options = f.options(server.url());
        options.heartbeat = std::chrono::milliseconds{20};
        options.join_timeout = std::chrono::milliseconds{100};
        redis::PubSub channel(f.loop, f.clock, options);
        channel.start(f.listener);
        test::run_until(f.loop, [&] { return channel.is_joined(); });
        server.freeze();
        test::run_until(f.loop, [&] { return f.listener.has("-"); });
        CHECK(channel.problem() == "nothing is heard any more");
        test::run_until(f.loop, [&] { return channel.problem() == "it did not answer in time"; });
        server.thaw();
        test::run_until(f.loop, [&] { return channel.is_joined(); });
        channel.stop();
    }

    TEST_CASE("what the server does not take is bounded: beyond it the channel is lost") {
        Fixture f;
        const test::RedisServer server;
        auto options = f.options(server.url());
        options.unsent_bytes_max = 100'000;
        redis::PubSub channel(f.loop, f.clock, options);
        channel.start(f.listener);
        test::run_until(f.loop, [&] { return channel.is_joined(); });
        server.freeze();
        const std::string message(50'000, 'x');
        int published = 0;
        while (channel.is_joined() && ++published < 1'000) {
            channel.publish(message);
            f.loop.poll();
        }
        CHECK(published < 1'000);
        CHECK(channel.problem() == "the server does not read");
        server.thaw();
        channel.stop();
    }

    TEST_CASE("what is no Redis server is left alone until it is one") {
        Fixture f;
        redis::PubSub channel(f.loop, f.clock, f.options("unix:///nowhere/at/all.sock"));
        channel.start(f.listener);
        test::run_until(f.loop, [&] { return !channel.problem().empty(); });
        CHECK_FALSE(channel.is_joined());
        CHECK(f.listener.heard.empty());
    }
}
