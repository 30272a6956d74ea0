#include "courseselect/redis/address.hpp"

#include <doctest/doctest.h>

#include <string>

using courseselect::redis::parse_address;

TEST_SUITE("redis/address") {
    TEST_CASE("hosts and ports") {
        const auto full = parse_address("redis://10.0.0.7:6380");
        REQUIRE(full);
        CHECK(full->host == "10.0.0.7");
        CHECK(full->port == 6380);
        CHECK(full->password.empty());
        const auto local = parse_address("redis://localhost/");
        REQUIRE(local);
        CHECK(local->host == "127.0.0.1");
        CHECK(local->port == 6379);
        CHECK_FALSE(local->is_tls);
        const auto tls = parse_address("rediss://:secret@10.0.0.7");
        REQUIRE(tls);
        CHECK(tls->is_tls);
        CHECK(tls->host == "10.0.0.7");
        CHECK(tls->password.reveal() == "secret");
        const auto six = parse_address("redis://[::1]:7000");
        REQUIRE(six);
        CHECK(six->host == "::1");
        CHECK(six->port == 7000);
    }

    TEST_CASE("user and password, percent-encoded; an @ in them may stand as it is") {
        const auto both = parse_address("redis://realtime:p%40ss%3a@%w@127.0.0.1");
        REQUIRE(both);
        CHECK(both->user == "realtime");
        CHECK(both->password.reveal() == "p@ss:@%w");
        const auto alone = parse_address("redis://:secret@127.0.0.1:1");
        REQUIRE(alone);
        CHECK(alone->user.empty());
        CHECK(alone->password.reveal() == "secret");
    }

    TEST_CASE("unix sockets, up to the longest path that the system takes") {
        const auto path = parse_address("unix:///run/redis.sock");
        REQUIRE(path);
        CHECK(path->socket_path == "/run/redis.sock");
        CHECK(parse_address("unix:///" + std::string(106, 'x')));
        CHECK_FALSE(parse_address("unix:///" + std::string(107, 'x')));
        CHECK_FALSE(parse_address("unix://relative.sock"));
    }

    TEST_CASE("what is no address is refused, without telling the password") {
        for (const std::string url :
             {"", "127.0.0.1:6379", "http://127.0.0.1", "redis://", "redis://cache.example.org",
              "redis://127.0.0.1:", "redis://127.0.0.1:0", "redis://127.0.0.1:65536",
              "redis://127.0.0.1:1x", "redis://secret@127.0.0.1", "redis://[::1", "redis://[::1]x",
              "rediss://", "rediss://secret@127.0.0.1"}) {
            CAPTURE(url);
            const auto address = parse_address(url);
            REQUIRE_FALSE(address);
            CHECK(address.error().code() == courseselect::core::Errc::invalid_argument);
            CHECK(address.error().to_string().find("secret") == std::string::npos);
        }
    }
}
