// What a client makes of answers: early ones, malformed ones, slow ones, and those at its limits.

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "client_bench.hpp"
#include "courseselect/net/http/pooled_client.hpp"
#include "scripted_server.hpp"
#include "server_fixture.hpp"

using namespace courseselect;
using namespace std::chrono_literals;
using net::http::Method;
using test::ClientBench;
using test::ok;
using test::Script;
using test::ScriptedServer;
using test::word;

namespace {

/// More than the socket buffers of both sides hold.
const std::string& large_body() {
    static const std::string body(16 * 1024 * 1024, 'b');
    return body;
}

struct Answer {
    std::string what;
    std::string bytes;
};

const std::vector<Answer>& malformed_answers() {
    static const std::vector<Answer> answers{
        {"no HTTP at all", "nonsense\r\n\r\n"},
        {"a TLS alert", std::string("\x15\x03\x01\x00\x02\x02\x46", 7)},
        {"zero bytes", std::string(64, '\0')},
        {"a request", "GET / HTTP/1.1\r\nHost: a\r\n\r\n"},
        {"HTTP/2.0", "HTTP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n"},
        {"HTTP/0.9", "HTTP/0.9 200 OK\r\nContent-Length: 0\r\n\r\n"},
        {"another protocol", "RTSP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n"},
        {"a status of two digits", "HTTP/1.1 20 OK\r\nContent-Length: 0\r\n\r\n"},
        {"a status of four digits", "HTTP/1.1 2000 OK\r\nContent-Length: 0\r\n\r\n"},
        {"status 000", "HTTP/1.1 000 OK\r\nContent-Length: 0\r\n\r\n"},
        {"status 600", "HTTP/1.1 600 OK\r\nContent-Length: 0\r\n\r\n"},
        {"a status in letters", "HTTP/1.1 abc OK\r\nContent-Length: 0\r\n\r\n"},
        {"another protocol that nobody asked for",
         "HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n" +
             ok("x")},
        {"101 without a word", "HTTP/1.1 101 X\r\n\r\n"},
        {"two lengths", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab"},
        {"a list of lengths", "HTTP/1.1 200 OK\r\nContent-Length: 1, 1\r\n\r\na"},
        {"a negative length", "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n"},
        {"a length with a sign", "HTTP/1.1 200 OK\r\nContent-Length: +1\r\n\r\na"},
        {"a length beyond 64 bits",
         "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n"},
        {"a length that is not a number", "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n"},
        {"length and chunks",
         "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
        {"an unknown transfer coding", "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nabc"},
        {"two transfer codings",
         "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"},
        {"chunked twice",
         "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n"
         "0\r\n\r\n"},
        {"chunks in HTTP/1.0", "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
        {"a chunk size that is not a number",
         "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n"},
        {"a chunk size beyond 64 bits",
         "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n"},
        {"a chunk longer than announced",
         "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n0\r\n\r\n"},
        {"a field without a colon", "HTTP/1.1 200 OK\r\nnonsense\r\n\r\n"},
        {"a blank before the colon", "HTTP/1.1 200 OK\r\nX : a\r\n\r\n"},
        {"a NUL in a field", std::string("HTTP/1.1 200 OK\r\nX: a\0b\r\n\r\n", 27)},
        {"a carriage return in a field", "HTTP/1.1 200 OK\r\nX: a\rY: b\r\n\r\n"},
        {"a body over the limit by its length", "HTTP/1.1 200 OK\r\nContent-Length: 101\r\n\r\n"},
        {"a body over the limit by its chunks",
         "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n65\r\n" + std::string(101, 'x')},
        {"a body without a length over the limit",
         "HTTP/1.1 200 OK\r\n\r\n" + std::string(101, 'x')},
        {"a header over the limit", "HTTP/1.1 200 OK\r\nX: " + std::string(1024, 'x')},
        {"an endless reason phrase", "HTTP/1.1 200 " + std::string(1024, 'x')},
        {"endless blanks", "HTTP/1.1 200 OK\r\nX:" + std::string(1024, ' ')},
        {"fields over the limit", "HTTP/1.1 200 OK\r\nA:\r\nB:\r\nC:\r\nD:\r\nE:\r\n"},
    };
    return answers;
}

}  // namespace

TEST_SUITE("net/http/client/early_answers") {
    TEST_CASE("a server that refuses a large body and closes without reading it is heard") {
        const std::string refusal =
            "HTTP/1.1 401 Unauthorized\r\nConnection: close\r\nContent-Length: 4\r\n\r\nwhy?";
        ScriptedServer server({{{refusal}}, {{refusal}}, {{ok("fresh")}}});
        ClientBench bench;
        bench.open(server.port());
        for (int i = 0; i < 2; ++i) {
            const auto refused = bench.post("/", large_body());
            REQUIRE(refused.has_value());
            CHECK(refused->status == 401);
            CHECK(refused->body == "why?");
        }
        CHECK(bench.get("/")->body == "fresh");
        CHECK(bench.client->stats().connects == 3);
    }

    TEST_CASE("an early answer without Connection: close still ends its connection") {
        ScriptedServer server({{{ok("early")}, true}, {{ok("fresh")}}});
        ClientBench bench;
        bench.open(server.port());
        CHECK(bench.post("/", large_body())->body == "early");
        CHECK(bench.client->stats().connections == 0);
        CHECK(bench.post("/")->body == "fresh");
    }

    TEST_CASE("our own server's 413 arrives, whether it reads the body or not") {
        test::ServerFixture fixture({.body_bytes_max = 1000});
        fixture.start();
        ClientBench bench;
        bench.open(fixture.server().port());
        CHECK(word(bench.post("/", std::string(1000, 'b'))) == "200");
        CHECK(word(bench.post("/", std::string(1001, 'b'))) == "413");
        CHECK(word(bench.post("/", large_body())) == "413");
        CHECK(word(bench.get("/")) == "200");
    }

    TEST_CASE("interim answers while the body is being sent are no early answers") {
        ScriptedServer server(
            {{{"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: a"
               "\r\n\r\n" +
               ok("final", "X-A: b\r\n")}}});
        ClientBench bench;
        bench.open(server.port());
        const auto answer = bench.post("/", "{}");
        CHECK(answer->body == "final");
        CHECK(answer->headers.size() == 2);  // none of the interim ones
    }

    TEST_CASE(
        "a server that closes while it is written to, without a word: the outcome is unknown") {
        ScriptedServer server({{{""}}});
        ClientBench bench;
        bench.open(server.port());
        CHECK(word(bench.post("/", large_body())) == "outcome_unknown");
    }
}

TEST_SUITE("net/http/client/hostile_answers") {
    TEST_CASE("malformed answers are outcome_unknown, at once, even if the connection stays open") {
        for (const Answer& answer : malformed_answers()) {
            CAPTURE(answer.what);
            for (const bool hold : {true, false}) {
                ScriptedServer server({{{answer.bytes}, hold}});
                ClientBench bench;
                bench.open(server.port(),
                           {.header_bytes_max = 512, .header_count_max = 4, .body_bytes_max = 100});
                const auto lost = bench.post("/");
                CHECK(word(lost) == "outcome_unknown");
                CHECK(lost.error().detail().find("malformed or over a limit") != std::string::npos);
                CHECK(bench.client->stats().connections == 0);
            }
        }
    }

    TEST_CASE("answers that break off anywhere are outcome_unknown") {
        const std::string whole =
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n";
        for (std::size_t size = 0; size < whole.size(); ++size) {
            CAPTURE(size);
            ScriptedServer server({{{whole.substr(0, size)}}});
            ClientBench bench;
            bench.open(server.port());
            CHECK(word(bench.post("/")) == "outcome_unknown");
        }
    }

    TEST_CASE("a slow server is waited for until the deadline, wherever it stops") {
        for (const std::string part :
             {"", "H", "HTTP/1.1 200 OK\r\nX: ", "HTTP/1.1 100 Continue\r\n\r\n",
              "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\na",
              "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n",
              "HTTP/1.1 200 OK\r\n\r\nendless"}) {
            CAPTURE(part);
            ScriptedServer server({{{part}, true}});
            ClientBench bench;
            bench.open(server.port());
            CHECK(word(bench.send({.target = "/"}, 25ms)) == "deadline_exceeded");
            CHECK(bench.client->stats().connections == 0);
        }
    }

    TEST_CASE("what is unusual but plain is understood") {
        struct Row {
            std::string what;
            std::string bytes;
            std::string body;
            bool is_kept;
        };
        const std::vector<Row> rows{
            {"no reason phrase", "HTTP/1.1 200 \r\nContent-Length: 1\r\n\r\na", "a", true},
            {"HTTP/1.0 until the end", "HTTP/1.0 200 OK\r\n\r\nabc", "abc", false},
            {"HTTP/1.0 kept",
             "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 1\r\n\r\na", "a", true},
            {"bytes behind the answer", ok("a") + "HTTP/1.1 500 X\r\n\r\n", "a", false},
            {"chunk extensions and trailers",
             "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;a=b\r\nx\r\n0\r\nStatus: 9\r\n"
             "\r\n",
             "x", true},
            {"Connection: close", ok("a", "Connection: close\r\n"), "a", false},
            {"an upgrade that is only offered", ok("a", "Upgrade: h2c\r\n"), "a", true},
        };
        for (const Row& row : rows) {
            CAPTURE(row.what);
            std::vector<Script> scripts{{{row.bytes}}, {{ok("next")}}};
            if (row.is_kept) {
                scripts = {{{row.bytes, ok("next")}}};
            }
            ScriptedServer server(scripts);
            ClientBench bench;
            bench.open(server.port());
            const auto answer = bench.get("/");
            REQUIRE(answer.has_value());
            CHECK(answer->body == row.body);
            CHECK(bench.get("/")->body == "next");
            CHECK(bench.client->stats().connects == (row.is_kept ? 1 : 2));
        }
    }

    TEST_CASE("204, 304 and the answers to HEAD have no body, whatever their fields say") {
        ScriptedServer server({{{"HTTP/1.1 204 No Content\r\n\r\n",
                                 "HTTP/1.1 304 Not Modified\r\nContent-Length: 1000\r\n\r\n",
                                 "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n", ok("end")}}});
        ClientBench bench;
        bench.open(server.port(), {.body_bytes_max = 100});
        CHECK(bench.get("/")->status == 204);
        CHECK(bench.get("/")->status == 304);
        CHECK(bench.send({.method = Method::head, .target = "/"})->body.empty());
        CHECK(bench.get("/")->body == "end");
        CHECK(bench.client->stats().connects == 1);
    }
}

TEST_SUITE("net/http/client/limits") {
    TEST_CASE("limits hold at their bound: body, header bytes, header fields") {
        const std::string chunked_100 =
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n32\r\n" + std::string(50, 'x') +
            "\r\n32\r\n" + std::string(50, 'x') + "\r\n0\r\n\r\n";
        const std::string head = "HTTP/1.1 204 No Content\r\nX: ";
        const auto head_of = [&head](std::size_t size) {
            return head + std::string(size - head.size() - 4, 'x') + "\r\n\r\n";
        };
        ScriptedServer server({{{ok(std::string(100, 'x')), chunked_100, head_of(512),
                                 "HTTP/1.1 204 N\r\nA:\r\nB:\r\nC:\r\nD:\r\n\r\n", head_of(513)}}});
        ClientBench bench;
        bench.open(server.port(),
                   {.header_bytes_max = 512, .header_count_max = 4, .body_bytes_max = 100});
        CHECK(bench.post("/")->body.size() == 100);
        CHECK(bench.post("/")->body.size() == 100);
        CHECK(bench.post("/")->status == 204);
        CHECK(bench.post("/")->headers.size() == 4);
        CHECK(word(bench.post("/")) == "outcome_unknown");
    }

    TEST_CASE("interim answers count towards the header limit, so they cannot go on for ever") {
        const std::string interim = "HTTP/1.1 100 Continue\r\n\r\n";
        std::string many;
        while (many.size() < 600) {
            many += interim;
        }
        ScriptedServer server({{{many}, true}});
        ClientBench bench;
        bench.open(server.port(), {.header_bytes_max = 512});
        CHECK(word(bench.post("/")) == "outcome_unknown");
    }
}
