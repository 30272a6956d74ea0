#include "courseselect/net/http/server.hpp"

#include <doctest/doctest.h>
#include <zlib.h>

#include <string>
#include <vector>

#include "server_fixture.hpp"

using namespace courseselect;
using namespace std::chrono_literals;
using test::RawClient;
using test::ServerFixture;

namespace {

std::string get(const std::string& target, const std::string& fields = "") {
    return "GET " + target + " HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n";
}

std::string post(const std::string& body) {
    return "POST /p HTTP/1.1\r\nHost: a\r\nContent-Length: " + std::to_string(body.size()) +
           "\r\n\r\n" + body;
}

bool has(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}

std::string body_of(const std::string& answer) {
    return answer.substr(answer.find("\r\n\r\n") + 4);
}

std::string unzip(std::string packed) {
    std::string plain(1 << 20, '\0');
    ::z_stream stream{};
    REQUIRE(inflateInit2(&stream, 15 + 16) == Z_OK);
    stream.next_in = reinterpret_cast<Bytef*>(packed.data());
    stream.avail_in = static_cast<uInt>(packed.size());
    stream.next_out = reinterpret_cast<Bytef*>(plain.data());
    stream.avail_out = static_cast<uInt>(plain.size());
    CHECK(inflate(&stream, Z_FINISH) == Z_STREAM_END);
    plain.resize(stream.total_out);
    inflateEnd(&stream);
    return plain;
}

}  // namespace

TEST_SUITE("net/http/server") {
    TEST_CASE("an answer has status, date, type and length, and the connection stays open") {
        ServerFixture fixture;
        fixture.start();
        RawClient client = fixture.connect();
        for (int i = 0; i < 3; ++i) {
            client.send(get("/a?b=c"));
            CHECK(client.read_answer() ==
                  "HTTP/1.1 200 OK\r\nDate: Tue, 14 Nov 2023 22:13:20 GMT\r\n"
                  "Content-Type: application/json\r\nContent-Length: 11\r\n\r\nGET /a?b=c ");
        }
        fixture.clock.advance(2s);
        client.send(get("/"));
        CHECK(has(client.read_answer(), "Date: Tue, 14 Nov 2023 22:13:22 GMT\r\n"));
    }

    TEST_CASE("pipelined answers come in order and leave in one write") {
        ServerFixture fixture;
        fixture.start();
        RawClient client = fixture.connect();
        std::string requests;
        for (int i = 0; i < 16; ++i) {
            requests += get("/" + std::to_string(i));
        }
        client.send(requests);
        const std::string answers = client.read_some();
        std::size_t at = 0;
        for (int i = 0; i < 16; ++i) {
            at = answers.find("GET /" + std::to_string(i) + " ", at);
            REQUIRE(at != std::string::npos);
        }
    }

    TEST_CASE("a request split at every byte boundary is one request") {
        ServerFixture fixture;
        fixture.start();
        RawClient client = fixture.connect();
        const std::string request = post("hello");
        fixture.wait_until([](const auto& stats) { return stats.connections == 1; });
        for (std::size_t cut = 1; cut < request.size(); ++cut) {
            client.send(request.substr(0, cut));
            CHECK(fixture.stats().connections == 1);  // a turn of the loop, so that it is read
            client.send(request.substr(cut));
            CHECK(body_of(client.read_answer()) == "POST /p hello");
        }
    }

    TEST_CASE("more pipelined requests than one write may answer are all answered") {
        net::http::ServerOptions options;
        options.pipelined_requests_max = 2;
        options.output_bytes_max = 300;
        ServerFixture fixture(options);
        fixture.start();
        RawClient client = fixture.connect();
        std::string requests;
        for (int i = 0; i < 50; ++i) {
            requests += get("/" + std::to_string(i));
        }
        client.send(requests);
        for (int i = 0; i < 50; ++i) {
            CHECK(body_of(client.read_answer()) == "GET /" + std::to_string(i) + " ");
        }
    }

    TEST_CASE("a suspended handler holds back its connection only, and keeps the order") {
        ServerFixture fixture;
        fixture.start();
        RawClient slow = fixture.connect();
        RawClient other = fixture.connect();
        slow.send(get("/first") + get("/wait") + get("/last"));
        CHECK(body_of(slow.read_answer()) == "GET /first ");
        fixture.wait_until([](const auto& stats) { return stats.handlers == 1; });
        other.send(get("/other"));
        CHECK(body_of(other.read_answer()) == "GET /other ");
        CHECK(slow.is_silent());
        fixture.on_loop([&] {
            fixture.handler.release();
            return true;
        });
        CHECK(body_of(slow.read_answer()) == "GET /wait ");
        CHECK(body_of(slow.read_answer()) == "GET /last ");
    }

    TEST_CASE("HEAD gets the head of GET without the body") {
        ServerFixture fixture;
        fixture.start();
        RawClient client = fixture.connect();
        client.send("HEAD /x HTTP/1.1\r\nHost: a\r\n\r\n" + get("/y"));
        CHECK(has(client.read_answer(true), "Content-Length: 8\r\n"));
        CHECK(body_of(client.read_answer()) == "GET /y ");
    }

    TEST_CASE("204 has neither type nor length") {
        ServerFixture fixture;
        fixture.start();
        RawClient client = fixture.connect();
        client.send(get("/empty"));
        const std::string answer = client.read_answer();
        CHECK(answer.starts_with("HTTP/1.1 204 No Content\r\n"));
        CHECK_FALSE(has(answer, "Content-"));
    }

    TEST_CASE("the connection closes when one side asks for it") {
        ServerFixture fixture;
        fixture.start();
        for (const std::string& request : {get("/", "Connection: close\r\n"), get("/close"),
                                           std::string("GET / HTTP/1.0\r\n\r\n")}) {
            RawClient client = fixture.connect();
            client.send(request + get("/not-answered"));
            const std::string all = client.read_all();
            CHECK(has(all, "Connection: close\r\n"));
            CHECK_FALSE(has(all, "not-answered"));
        }
        RawClient old = fixture.connect();
        old.send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
        CHECK(has(old.read_answer(), "Connection: keep-alive\r\n"));
        old.send(get("/again"));
        CHECK(body_of(old.read_answer()) == "GET /again ");
    }

    TEST_CASE("a half-closed client still gets its answer") {
        ServerFixture fixture;
        fixture.start();
        RawClient client = fixture.connect();
        client.send(get("/x"));
        client.end();
        CHECK(body_of(client.read_all()) == "GET /x ");
    }

    TEST_CASE("chunked bodies and 100-continue") {
        ServerFixture fixture;
        fixture.start();
        RawClient client = fixture.connect();
        client.send(
            "POST /c HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n"
            "Expect: 100-continue\r\n\r\n");
        CHECK(client.read_answer() == "HTTP/1.1 100 Continue\r\n\r\n");
        client.send("3\r\nabc\r\n");
        client.send("2;x\r\nde\r\n0\r\n\r\n");
        CHECK(body_of(client.read_answer()) == "POST /c abcde");
    }

    TEST_CASE("a large body is read whole, one byte more is refused without reading it") {
        net::http::ServerOptions options;
        options.body_bytes_max = 300'000;
        ServerFixture fixture(options);
        fixture.start();
        RawClient client = fixture.connect();
        client.send(post(std::string(300'000, 'b')));
        CHECK(body_of(client.read_answer()).size() == 300'000 + 8);
        client.send(post(std::string(300'001, 'b')));
        const std::string refused = client.read_all();
        CHECK(refused.starts_with("HTTP/1.1 413 Content Too Large\r\n"));
        CHECK(body_of(refused) == R"({"detail":"The request body is too large"})");
        CHECK(has(refused, "Connection: close\r\n"));
    }

    TEST_CASE("refusals answer what was pipelined before them") {
        ServerFixture fixture;
        fixture.start();
        RawClient client = fixture.connect();
        client.send(get("/ok") + "BREW / HTTP/1.1\r\nHost: a\r\n\r\n" + get("/never"));
        const std::string all = client.read_all();
        CHECK(has(all, "GET /ok "));
        CHECK(has(all, "HTTP/1.1 501 Not Implemented\r\n"));
        CHECK_FALSE(has(all, "never"));
    }

    TEST_CASE("a handler that throws gives 500 without its reason") {
        ServerFixture fixture;
        fixture.start();
        RawClient client = fixture.connect();
        client.send(get("/throw"));
        const std::string answer = client.read_all();
        CHECK(answer.starts_with("HTTP/1.1 500 "));
        CHECK_FALSE(has(answer, "secret"));
    }

    TEST_CASE("a handler cannot be made to split its answer") {
        ServerFixture fixture;
        fixture.start();
        RawClient client = fixture.connect();
        client.send(get("/split"));
        CHECK(has(client.read_answer(), "X-Echo: a  Set-Cookie: b\r\n"));
    }

    TEST_CASE("large JSON is compressed for who asks") {
        ServerFixture fixture;
        fixture.start();
        RawClient client = fixture.connect();
        client.send(get("/big?20000", "Accept-Encoding: br, gzip;q=0.5\r\n"));
        const std::string packed = client.read_answer();
        CHECK(has(packed, "Content-Encoding: gzip\r\nVary: Accept-Encoding\r\n"));
        CHECK(packed.size() < 2000);
        CHECK(unzip(body_of(packed)) == "\"" + std::string(20000, 'x') + "\"");
        for (const std::string fields : {"", "Accept-Encoding: gzip;q=0\r\n"}) {
            client.send(get("/big?20000", fields));
            const std::string plain = client.read_answer();
            CHECK_FALSE(has(plain, "Content-Encoding"));
            CHECK(body_of(plain).size() == 20002);
        }
        client.send(get("/big?8189", "Accept-Encoding: gzip\r\n"));  // one byte under the bound
        CHECK_FALSE(has(client.read_answer(), "gzip"));
        client.send(get("/big?8190", "Accept-Encoding: gzip\r\n"));
        CHECK(has(client.read_answer(), "gzip"));
    }

    TEST_CASE("connections over the maximum get 503") {
        net::http::ServerOptions options;
        options.connections_max = 2;
        ServerFixture fixture(options);
        fixture.start();
        RawClient first = fixture.connect();
        {
            RawClient second = fixture.connect();
            second.send(get("/"));
            CHECK(has(second.read_answer(), "200 OK"));
            RawClient third = fixture.connect();
            CHECK(third.read_all().starts_with("HTTP/1.1 503 "));
        }
        fixture.wait_until([](const auto& stats) { return stats.connections == 1; });
        RawClient fourth = fixture.connect();
        fourth.send(get("/"));
        CHECK(has(fourth.read_answer(), "200 OK"));
        CHECK(fixture.stats().refused_connections == 1);
    }

    TEST_CASE("an observer hears of every answer") {
        struct Observer final : net::http::AccessObserver {
            void on_request_done(const net::http::AccessRecord& record) override {
                seen += std::string(net::http::method_name(record.method)) + " " +
                        std::string(record.path) + " " + std::to_string(record.status) + ";";
            }
            void on_handler_exception(const net::http::Request&, std::string_view what) override {
                seen += std::string(what) + ";";
            }
            std::string seen;
        } observer;
        {
            net::http::ServerOptions options;
            options.observer = &observer;
            ServerFixture fixture(options);
            fixture.start();
            RawClient client = fixture.connect();
            client.send(get("/a") + get("/throw"));
            client.read_all();
            RawClient bad = fixture.connect();
            bad.send("\x01\r\n");
            bad.read_all();
            fixture.stop(0ms);
        }
        CHECK(observer.seen == "GET /a 200;secret reason;GET /throw 500;GET  400;");
    }
}
