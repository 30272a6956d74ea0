#pragma once
/// A `PooledClient` on a loop of its own, used as if it blocked.

#include <doctest/doctest.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "courseselect/async/event_loop.hpp"
#include "courseselect/core/clock.hpp"
#include "courseselect/net/http/pooled_client.hpp"
#include "support/run.hpp"

namespace courseselect::test {

using Outcome = core::Result<net::http::ClientResponse>;

inline async::Task<> keep(net::http::Client& client, net::http::ClientRequest request,
                          std::chrono::milliseconds timeout, std::optional<Outcome>& out) {
    auto outcome = co_await client.send(std::move(request), timeout);
    out.emplace(std::move(outcome));
}

inline Outcome send_and_wait(async::EventLoop& loop, net::http::Client& client,
                             net::http::ClientRequest request,
                             std::chrono::milliseconds timeout = std::chrono::seconds{20}) {
    std::optional<Outcome> out;
    test::run(loop, keep(client, std::move(request), timeout, out));
    return *std::move(out);
}

/// "200", or the error's class: one word for tables.
inline std::string word(const Outcome& outcome) {
    return outcome ? std::to_string(outcome->status)
                   : std::string(core::errc_name(outcome.error().code()));
}

struct ClientBench {
    async::EventLoop loop;
    core::SystemClock clock;
    std::unique_ptr<net::http::PooledClient> client;

    void open(net::http::ServiceAddress address, net::http::PooledClientOptions options = {}) {
        options.tick = std::chrono::milliseconds{5};
        auto opened =
            net::http::PooledClient::open(loop, clock, std::move(address), std::move(options));
        REQUIRE(opened.has_value());
        client = *std::move(opened);
    }
    void open(std::uint16_t port, net::http::PooledClientOptions options = {}) {
        open({.host = "127.0.0.1", .port = port}, std::move(options));
    }
    Outcome send(net::http::ClientRequest request,
                 std::chrono::milliseconds timeout = std::chrono::seconds{20}) {
        return send_and_wait(loop, *client, std::move(request), timeout);
    }
    Outcome get(const std::string& target) { return send({.target = target}); }
    Outcome post(const std::string& target, std::string body = "{}") {
        return send({.method = net::http::Method::post, .target = target, .body = std::move(body)});
    }
};

}  // namespace courseselect::test
