#include "courseselect/net/http/pooled_client.hpp"

#include <doctest/doctest.h>

#include <memory>
#include <optional>
#include <string>

#include "courseselect/async/task_group.hpp"
#include "scripted_server.hpp"
#include "support/run.hpp"

using namespace courseselect;
using namespace std::chrono_literals;
using net::http::ClientRequest;
using net::http::Method;
using net::http::PooledClient;
using net::http::PooledClientOptions;
using test::ok;
using test::Script;
using test::ScriptedServer;

namespace {

using Outcome = core::Result<net::http::ClientResponse>;

async::Task<> keep(net::http::Client& client, ClientRequest request,
                   std::chrono::milliseconds timeout, std::optional<Outcome>& out) {
    auto outcome = co_await client.send(std::move(request), timeout);
    out.emplace(std::move(outcome));
}

struct Bench {
    async::EventLoop loop;
    core::SystemClock clock;
    std::unique_ptr<PooledClient> client;

    void open(std::uint16_t port, PooledClientOptions options = {}) {
        options.tick = 5ms;
        auto opened = PooledClient::open(loop, clock, {.host = "127.0.0.1", .port = port}, options);
        REQUIRE(opened.has_value());
        client = *std::move(opened);
    }
    Outcome send(ClientRequest request, std::chrono::milliseconds timeout = 5s) {
        std::optional<Outcome> out;
        test::run(loop, keep(*client, std::move(request), timeout, out));
        return *std::move(out);
    }
    Outcome get(const std::string& target) { return send({.target = target}); }
    Outcome post(const std::string& target) {
        return send({.method = Method::post, .target = target, .body = "{}"});
    }
};

}  // namespace

TEST_SUITE("net/http/pooled_client") {
    TEST_CASE("answers come back whole: length, chunks, end of connection, interim answers") {
        ScriptedServer server(
            {{{ok("first", "X-A: b\r\n"),
               "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
               "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n",
               "HTTP/1.1 100 Continue\r\n\r\n" + ok("late"),
               "HTTP/1.1 404 Not Found\r\nConnection: close\r\n\r\nto the end"}}});
        Bench bench;
        bench.open(server.port());
        const auto first = bench.get("/1");
        CHECK(first->body == "first");
        CHECK(first->header("x-a") == "b");
        CHECK(bench.get("/2")->body == "abcde");
        CHECK(bench.get("/3")->body == "late");
        const auto last = bench.get("/4");
        CHECK(last->status == 404);
        CHECK(last->body == "to the end");
        CHECK(bench.client->stats().connects == 1);
    }

    TEST_CASE("nobody listens: unavailable, because nothing was sent") {
        std::uint16_t port = 0;
        {
            ScriptedServer gone({});
            port = gone.port();
        }
        Bench bench;
        bench.open(port);
        CHECK(bench.post("/").error().code() == core::Errc::unavailable);
    }

    TEST_CASE("an answer that breaks off, is malformed or over a limit: the outcome is unknown") {
        ScriptedServer server({{{"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf"}},
                               {{"nonsense\r\n\r\n"}},
                               {{ok(std::string(200, 'x'))}},
                               {{ok("x", "X-Long: " + std::string(3000, 'y') + "\r\n")}},
                               {{}, false, true}});
        Bench bench;
        bench.open(server.port(), {.header_bytes_max = 2000, .body_bytes_max = 100});
        for (int i = 0; i < 5; ++i) {
            const auto lost = bench.post("/");
            REQUIRE_FALSE(lost);
            CHECK(lost.error().code() == core::Errc::outcome_unknown);
        }
    }

    TEST_CASE("limits hold at their bound") {
        ScriptedServer server({{{ok(std::string(100, 'x')), ok(std::string(101, 'x'))}}});
        Bench bench;
        bench.open(server.port(), {.body_bytes_max = 100});
        CHECK(bench.get("/")->body.size() == 100);
        CHECK_FALSE(bench.get("/").has_value());
    }

    TEST_CASE("a kept connection that the server closes meanwhile is replaced") {
        ScriptedServer server({{{ok("one")}}, {{ok("two")}}});
        Bench bench;
        bench.open(server.port());
        CHECK(bench.post("/1")->body == "one");
        CHECK(bench.post("/2")->body == "two");  // nothing of it went to the closed connection
        CHECK(bench.client->stats().connects == 2);
    }

    TEST_CASE("a reused connection that dies after the request: GET again, POST unknown") {
        const Script dies{{ok("one"), ""}};
        ScriptedServer server({dies, {{ok("again")}}, dies});
        Bench bench;
        bench.open(server.port());
        CHECK(bench.get("/1")->body == "one");
        CHECK(bench.get("/2")->body == "again");
        CHECK(bench.client->stats().repeats == 1);
        CHECK(bench.post("/3")->body == "one");
        CHECK(bench.post("/4").error().code() == core::Errc::outcome_unknown);
    }

    TEST_CASE("no answer in time: deadline_exceeded, and the connection is not used again") {
        ScriptedServer server({{{""}, true}, {{ok("fresh")}}});
        Bench bench;
        bench.open(server.port());
        const auto late = bench.send({.target = "/"}, 30ms);
        CHECK(late.error().code() == core::Errc::deadline_exceeded);
        CHECK(bench.get("/")->body == "fresh");
    }

    TEST_CASE("at connections_max requests wait in order; beyond waiting_max they are refused") {
        ScriptedServer server({{{ok("1"), ok("2"), ok("3")}}});
        Bench bench;
        bench.open(server.port(), {.connections_max = 1, .waiting_max = 2});
        std::optional<Outcome> out[4];
        async::TaskGroup group(bench.loop);
        for (auto& one : out) {
            group.spawn(keep(*bench.client, {.target = "/"}, 5s, one));
        }
        REQUIRE(out[3].has_value());
        CHECK(out[3]->error().code() == core::Errc::resource_exhausted);
        CHECK(bench.client->stats().waiting == 2);
        test::run(bench.loop, group.join());
        CHECK((*out[0])->body == "1");
        CHECK((*out[1])->body == "2");
        CHECK((*out[2])->body == "3");
        CHECK(bench.client->stats().connects == 1);
    }

    TEST_CASE("destroying the client answers what is under way with cancelled") {
        ScriptedServer server({{{""}, true}});
        Bench bench;
        bench.open(server.port(), {.connections_max = 1});
        std::optional<Outcome> out[2];
        async::TaskGroup group(bench.loop);
        for (auto& one : out) {
            group.spawn(keep(*bench.client, {.target = "/"}, 5s, one));
        }
        bench.client.reset();
        test::run(bench.loop, group.join());
        for (auto& one : out) {
            CHECK((*one).error().code() == core::Errc::cancelled);
        }
        bench.loop.poll();
    }

    TEST_CASE("requests that would break the protocol are refused before anything is sent") {
        Bench bench;
        bench.open(1);
        const auto refused = [&](ClientRequest request) {
            return bench.send(std::move(request)).error().reason() == "bad_request";
        };
        CHECK(refused({.target = "no-slash"}));
        CHECK(refused({.target = "/a b"}));
        CHECK(refused({.target = "/", .headers = {{"X", "a\r\nY: b"}}}));
        CHECK(refused({.target = "/", .headers = {{"content-length", "3"}}}));
        CHECK(bench.client->stats().requests == 0);
    }
}
