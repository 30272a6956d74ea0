#include "courseselect/redis/pub_sub.hpp"

#include <doctest/doctest.h>

#include <cstdlib>
#include <optional>
#include <string>
#include <vector>

#include "net/certificates.hpp"
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

/// A server that speaks TLS only, whose authority this process trusts, or not.
struct TlsFixture : Fixture {
    explicit TlsFixture(const std::string& names = "IP:127.0.0.1", bool is_trusted = true) {
        const auto files = authority.issue({.names = names});
        const std::string trusted = is_trusted ? authority.root_file() : stranger.root_file();
        ::setenv("SSL_CERT_FILE", trusted.c_str(), 1);
        port = test::free_port();
        server.emplace(std::vector<std::string>{
            "--tls-port", std::to_string(port), "--tls-cert-file", files.certificate_chain,
            "--tls-key-file", files.private_key, "--tls-ca-cert-file", authority.root_file(),
            "--tls-auth-clients", "no", "--requirepass", "open sesame"});
    }
    ~TlsFixture() { ::unsetenv("SSL_CERT_FILE"); }

    redis::PubSubOptions options() const {
        return Fixture::options("rediss://:open%20sesame@127.0.0.1:" + std::to_string(port));
    }

    test::CertificateAuthority authority;
    test::CertificateAuthority stranger;
    std::uint16_t port = 0;
    std::optional<test::RedisServer> server;
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

    TEST_CASE("over TLS, with a password, to a server whose certificate is trusted") {
        TlsFixture f;
        redis::PubSub channel(f.loop, f.clock, f.options());
        channel.start(f.listener);
        test::run_until(f.loop, [&] { return channel.is_joined(); });
        const std::string much(300'000, 'x');  // more than one record, and than one read
        CHECK(channel.publish("first"));
        CHECK(channel.publish(much));
        test::run_until(f.loop, [&] { return f.listener.has(much); });
        CHECK(f.listener.heard == std::vector<std::string>{"+", "first", much});
        f.server->end();
        test::run_until(f.loop, [&] { return f.listener.has("-"); });
        f.server->start();
        test::run_until(f.loop, [&] { return channel.is_joined(); });
        channel.stop();
    }

    TEST_CASE("over TLS a certificate of an unknown authority, or of another address, is refused") {
        for (const bool is_trusted : {false, true}) {
            CAPTURE(is_trusted);
            TlsFixture f(is_trusted ? "IP:127.0.0.2" : "IP:127.0.0.1", is_trusted);
            redis::PubSub channel(f.loop, f.clock, f.options());
            channel.start(f.listener);
            const std::string refusal = "the server's certificate is not trusted (";
            test::run_until(f.loop, [&] { return channel.problem().starts_with(refusal); });
            CHECK(channel.problem().find("open sesame") == std::string::npos);
            CHECK_FALSE(channel.is_joined());
        }
    }

    TEST_CASE("TLS with a server that speaks none is told, and the other way about") {
        TlsFixture f;
        auto plain = f.options();
        plain.address.is_tls = false;
        redis::PubSub without(f.loop, f.clock, plain);
        without.start(f.listener);
        test::run_until(f.loop, [&] { return !without.problem().empty(); });
        auto with = f.options();
        with.address.port = test::free_port();
        const test::RedisServer other({"--port", std::to_string(with.address.port)});
        with.join_timeout = std::chrono::milliseconds{100};  // Redis waits for the end of a line
        redis::PubSub channel(f.loop, f.clock, with);
        channel.start(f.listener);
        test::run_until(f.loop, [&] { return !channel.problem().empty(); });
        CHECK(f.listener.heard.empty());
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
