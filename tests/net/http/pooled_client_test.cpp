#include "courseselect/net/http/pooled_client.hpp"

#include <doctest/doctest.h>

#include <memory>
#include <optional>
#include <string>

#include "client_bench.hpp"
#include "courseselect/async/task_group.hpp"
#include "scripted_server.hpp"

using namespace courseselect;
using namespace std::chrono_literals;
using net::http::ClientRequest;
using net::http::Method;
using net::http::PooledClient;
using net::http::PooledClientOptions;
using test::ClientBench;
using test::keep;
using test::ok;
using test::Outcome;
using test::Script;
using test::ScriptedServer;

TEST_SUITE("net/http/pooled_client") {
    TEST_CASE("answers come back whole: length, chunks, end of connection, interim answers") {
        ScriptedServer server(
            {{{ok("first", "X-A: b\r\n"),
               "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
               "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n",
               "HTTP/1.1 100 Continue\r\n\r\n" + ok("late"),
               "HTTP/1.1 404 Not Found\r\nConnection: close\r\n\r\nto the end"}}});
        ClientBench bench;
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
        ClientBench bench;
        bench.open(port);
        CHECK(bench.post("/").error().code() == core::Errc::unavailable);
    }

    TEST_CASE("an answer that breaks off, is malformed or over a limit: the outcome is unknown") {
        ScriptedServer server({{{"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf"}},
                               {{"nonsense\r\n\r\n"}},
                               {{ok(std::string(200, 'x'))}},
                               {{ok("x", "X-Long: " + std::string(3000, 'y') + "\r\n")}},
                               {{}, false, true}});
        ClientBench bench;
        bench.open(server.port(), {.header_bytes_max = 2000, .body_bytes_max = 100});
        for (int i = 0; i < 5; ++i) {
            const auto lost = bench.post("/");
            REQUIRE_FALSE(lost);
            CHECK(lost.error().code() == core::Errc::outcome_unknown);
        }
    }

    TEST_CASE("a kept connection that the server closes meanwhile is replaced") {
        ScriptedServer server({{{ok("one")}}, {{ok("two")}}});
        ClientBench bench;
        bench.open(server.port());
        CHECK(bench.post("/1")->body == "one");
        server.wait_until_closed(1);
        CHECK(bench.post("/2")->body == "two");  // nothing of it went to the closed connection
        CHECK(bench.client->stats().connects == 2);
    }

    TEST_CASE("a reused connection that dies after the request: GET and HEAD again, once") {
        struct Row {
            Method method;
            bool is_repeated;
        };
        for (const Row row :
             {Row{Method::get, true}, Row{Method::head, true}, Row{Method::post, false},
              Row{Method::put, false}, Row{Method::patch, false}, Row{Method::delete_, false},
              Row{Method::options, false}}) {
            CAPTURE(net::http::method_name(row.method));
            std::vector<Script> scripts{{{ok("one"), ""}}};
            if (row.is_repeated) {
                scripts.push_back({{ok("")}});
            }
            ScriptedServer server(scripts);
            ClientBench bench;
            bench.open(server.port());
            CHECK(bench.get("/1")->body == "one");
            const auto second = bench.send({.method = row.method, .target = "/2"});
            CHECK(test::word(second) == (row.is_repeated ? "200" : "outcome_unknown"));
            CHECK(bench.client->stats().repeats == (row.is_repeated ? 1 : 0));
        }
    }

    TEST_CASE("a GET is repeated once, not for ever, and never on a new connection that died") {
        const Script dies{{ok("one"), ""}};
        ScriptedServer server({dies, {{""}}, {{""}}});
        ClientBench bench;
        bench.open(server.port());
        CHECK(bench.get("/1")->body == "one");
        CHECK(bench.get("/2").error().code() == core::Errc::outcome_unknown);
        CHECK(bench.client->stats().repeats == 1);
        CHECK(bench.get("/3").error().code() == core::Errc::outcome_unknown);
        CHECK(bench.client->stats().connects == 3);
    }

    TEST_CASE("no answer in time: no effect for GET, unknown for POST; a new connection follows") {
        ScriptedServer server({{{""}, true}, {{"HTTP/1.1 200 OK\r\n"}, true}, {{ok("fresh")}}});
        ClientBench bench;
        bench.open(server.port());
        const auto late = bench.send({.target = "/"}, 30ms);
        CHECK(late.error().code() == core::Errc::deadline_exceeded);
        const auto lost = bench.send({.method = Method::post, .target = "/"}, 30ms);
        CHECK(lost.error().code() == core::Errc::outcome_unknown);
        CHECK(lost.error().reason() == "timeout");
        CHECK(bench.get("/")->body == "fresh");
    }

    TEST_CASE("a request that waits for a connection until its time is over was not sent") {
        ScriptedServer server({{{""}, true}});
        ClientBench bench;
        bench.open(server.port(), {.connections_max = 1});
        std::optional<Outcome> first;
        std::optional<Outcome> second;
        async::TaskGroup group(bench.loop);
        group.spawn(keep(*bench.client, {.method = Method::post, .target = "/"}, 90ms, first));
        group.spawn(keep(*bench.client, {.method = Method::post, .target = "/"}, 30ms, second));
        test::run(bench.loop, group.join());
        CHECK(test::word(*first) == "outcome_unknown");
        CHECK(test::word(*second) == "deadline_exceeded");
    }

    TEST_CASE("at connections_max requests wait in order; beyond waiting_max they are refused") {
        ScriptedServer server({{{ok("1"), ok("2"), ok("3")}}});
        ClientBench bench;
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
        ClientBench bench;
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
        ClientBench bench;
        bench.open(1);
        const auto refused = [&](ClientRequest request) {
            return bench.send(std::move(request)).error().reason() == "bad_request";
        };
        for (const std::string target :
             {"", "no-slash", "*", "http://x/", "/a b", "/#a", "/\x7f", "/\xc3"}) {
            CAPTURE(target);
            CHECK(refused({.target = target}));
        }
        for (const std::string name :
             {"", "X Y", "X:", "X\r\nY", "content-length", "Host", "Expect", "upgrade", "TE",
              "Accept-Encoding", "Transfer-Encoding"}) {
            CAPTURE(name);
            CHECK(refused({.target = "/", .headers = {{name, "1"}}}));
        }
        for (const std::string value : {"a\r\nY: b", "a\nb", "\x01", "\x7f"}) {
            CAPTURE(value);
            CHECK(refused({.target = "/", .headers = {{"X", value}}}));
        }
        CHECK(refused({.target = "/", .headers = {{"X", std::string(1, '\0')}}}));
        CHECK(bench.client->stats().requests == 0);
    }
}
