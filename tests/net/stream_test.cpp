#include "courseselect/net/stream.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <memory>
#include <string>
#include <utility>

#include "courseselect/async/task_group.hpp"
#include "courseselect/net/detail/tls_engine.hpp"
#include "support/run.hpp"

using namespace courseselect;
using net::Stream;

namespace {

constexpr std::size_t plenty = 64 * 1024 * 1024;

/// Both ends of a connection, on one loop.
struct Pair {
    explicit Pair(std::string already_read = "", std::size_t unsent_bytes_max = plenty) {
        int ends[2];
        REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) == 0);
        near = std::make_unique<Stream>(loop, ends[0], nullptr, std::move(already_read),
                                        unsent_bytes_max);
        far = std::make_unique<Stream>(loop, ends[1], nullptr, "", plenty);
    }

    async::EventLoop loop;
    std::unique_ptr<Stream> near;
    std::unique_ptr<Stream> far;
};

/// Reads to the peer's end.
async::Task<> read_all(Stream& stream, std::string& all) {
    while (true) {
        const auto bytes = co_await stream.read(4096);
        if (!bytes || bytes->empty()) {
            co_return;
        }
        all += *bytes;
    }
}

async::Task<> read_reason(Stream& stream, std::string& reason) {
    const auto bytes = co_await stream.read(16);
    reason = bytes ? "read " + *bytes : std::string(bytes.error().reason());
}

async::Task<> check_first_bytes(Pair& pair) {
    pair.far->send("later");
    const auto first = co_await pair.near->read(3);
    const auto second = co_await pair.near->read(16);
    const auto third = co_await pair.near->read(16);
    CHECK(*first == "ear");
    CHECK(*second == "ly");
    CHECK(*third == "later");
}

async::Task<> check_end(Pair& pair) {
    pair.far->send("last");
    pair.far->shut_down();
    CHECK_FALSE(pair.far->send("ignored"));
    const auto bytes = co_await pair.near->read(16);
    const auto end = co_await pair.near->read(16);
    CHECK(*bytes == "last");
    CHECK(end);
    CHECK(end->empty());
    CHECK(pair.near->is_open());
    CHECK(pair.near->send("answer"));  // our side is still open
    const auto answer = co_await pair.far->read(16);
    CHECK(*answer == "answer");
}

async::Task<> check_much(Pair& pair) {
    std::string much;
    for (int i = 0; much.size() < 4'000'000; ++i) {
        much += std::to_string(i) + ",";
    }
    CHECK(pair.near->send(much.substr(0, much.size() / 2)));
    CHECK(pair.near->unsent_bytes() > 0);
    CHECK(pair.near->send(much.substr(much.size() / 2)));  // behind what is kept
    pair.near->shut_down();
    std::string all;
    async::TaskGroup group(pair.loop);
    group.spawn(read_all(*pair.far, all));
    co_await pair.near->flushed();
    CHECK(pair.near->unsent_bytes() == 0);
    co_await group.join();
    CHECK(all == much);
}

async::Task<> check_close_while_reading(Pair& pair) {
    std::string reason;
    async::TaskGroup group(pair.loop);
    group.spawn(read_reason(*pair.near, reason));
    pair.near->close();
    co_await group.join();
    CHECK(reason == "closed");
    CHECK_FALSE(pair.near->is_open());
    CHECK_FALSE(pair.near->send("late"));
    const auto end = co_await pair.far->read(16);
    CHECK(end->empty());
}

async::Task<> check_destroyed_while_reading(Pair& pair) {
    std::string reason;
    async::TaskGroup group(pair.loop);
    group.spawn(read_reason(*pair.near, reason));
    pair.near.reset();
    co_await group.join();
    CHECK(reason == "closed");
}

async::Task<> check_slow_peer(Pair& pair, std::size_t bytes_max) {
    std::string reason;
    async::TaskGroup group(pair.loop);
    group.spawn(read_reason(*pair.near, reason));
    while (pair.near->unsent_bytes() == 0) {
        CHECK(pair.near->send(std::string(1024, 'x')));  // the socket's own buffer
    }
    CHECK(pair.near->send(std::string(bytes_max - pair.near->unsent_bytes(), 'x')));
    CHECK(pair.near->unsent_bytes() == bytes_max);
    CHECK(pair.near->is_open());
    CHECK_FALSE(pair.near->send("x"));
    CHECK_FALSE(pair.near->is_open());
    co_await pair.near->flushed();  // there is nothing to wait for
    co_await group.join();
    CHECK(reason == "peer_too_slow");
}

async::Task<> check_lost(Pair& pair) {
    pair.near->send("never read");
    pair.far.reset();  // with unread bytes: the peer gets a reset
    const auto lost = co_await pair.near->read(16);
    CHECK(lost.error().reason() == "connection_lost");
    CHECK(lost.error().code() == core::Errc::unavailable);
    CHECK_FALSE(pair.near->is_open());
}

}  // namespace

TEST_SUITE("net/stream") {
    TEST_CASE("what was read before comes first, in pieces if asked so") {
        Pair pair("early");
        test::run(pair.loop, check_first_bytes(pair));
    }

    TEST_CASE("the peer's end is an empty read, and our side stays open") {
        Pair pair;
        test::run(pair.loop, check_end(pair));
    }

    TEST_CASE("more than the socket takes is kept, in order, and leaves before our end") {
        Pair pair;
        test::run(pair.loop, check_much(pair));
    }

    TEST_CASE("closing ends a waiting read") {
        Pair pair;
        test::run(pair.loop, check_close_while_reading(pair));
    }

    TEST_CASE("destroying the stream ends a waiting read") {
        Pair pair;
        test::run(pair.loop, check_destroyed_while_reading(pair));
    }

    TEST_CASE("a peer that does not read is closed one byte over the bound") {
        constexpr std::size_t bytes_max = 20'000;
        Pair pair("", bytes_max);
        test::run(pair.loop, check_slow_peer(pair, bytes_max));
    }

    TEST_CASE("a lost connection is an error, not an end") {
        Pair pair;
        test::run(pair.loop, check_lost(pair));
    }
}
