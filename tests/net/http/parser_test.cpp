#include "courseselect/net/http/parser.hpp"

#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <vector>

using namespace courseselect::net::http;

namespace {

/// What came of one input: a status of refusal, or the requests in it.
struct Parsed {
    int refused = 0;
    std::vector<std::string> bodies;
    std::vector<std::string> paths;
    std::string query;
    std::vector<std::pair<std::string, std::string>> headers;  // of the last request
    bool keep_alive = true;
    std::size_t left = 0;  // bytes of an unfinished request
};

/// Feeds `input` in pieces of `step` bytes, as a connection would.
Parsed parse(std::string_view input, std::size_t step, const ParserLimits& limits = {}) {
    RequestParser parser(limits);
    Parsed result;
    std::string pending;  // a fresh buffer each time: moves of the buffer are part of the test
    for (std::size_t at = 0; at < input.size(); at += step) {
        std::string buffer = pending + std::string(input.substr(at, step));
        while (!buffer.empty()) {
            const auto status = parser.feed(buffer.data(), buffer.size());
            if (status == RequestParser::Status::failed) {
                result.refused = parser.failure().status;
                return result;
            }
            if (status == RequestParser::Status::need_more) {
                buffer.resize(parser.kept());
                break;
            }
            const Request& request = parser.request();
            result.bodies.emplace_back(request.body);
            result.paths.emplace_back(request.path);
            result.query = request.query;
            result.headers.clear();
            for (const HeaderView& field : request.headers) {
                result.headers.emplace_back(field.name, field.value);
            }
            result.keep_alive = parser.keep_alive();
            buffer.erase(0, parser.consumed());
            parser.next();
        }
        pending = buffer;
    }
    result.left = pending.size();
    return result;
}

std::string get_text(std::string_view target, std::string_view fields = "") {
    return "GET " + std::string(target) + " HTTP/1.1\r\nHost: a\r\n" + std::string(fields) + "\r\n";
}

}  // namespace

TEST_SUITE("net/http/parser") {
    TEST_CASE("a request comes out the same wherever it is split") {
        const std::string input =
            "POST /courses/7?page=2&x=%20 HTTP/1.1\r\nHost: example.org:8080\r\nX-Empty:\r\n"
            "X-Padded: \t a b \t\r\nContent-Length: 11\r\n\r\nhello world" +
            get_text("/second") +
            "POST /third HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: Chunked\r\n\r\n"
            "5;name=value\r\nabcde\r\n1\r\nf\r\n0\r\nX-Trailer: dropped\r\n\r\n" +
            get_text("/fourth?q", "Connection: close\r\n");
        for (std::size_t step = 1; step <= input.size(); ++step) {
            CAPTURE(step);
            const Parsed result = parse(input, step);
            REQUIRE(result.refused == 0);
            CHECK(result.paths ==
                  std::vector<std::string>{"/courses/7", "/second", "/third", "/fourth"});
            CHECK(result.bodies == std::vector<std::string>{"hello world", "", "abcdef", ""});
            CHECK(result.query == "q");
            CHECK(result.headers.size() == 2);
            CHECK_FALSE(result.keep_alive);
            CHECK(result.left == 0);
        }
    }

    TEST_CASE("field values lose their surrounding blanks only") {
        const Parsed result = parse(get_text("/", "X-Padded: \t a  b \t\r\nX-Empty:\r\n"), 1000);
        REQUIRE(result.headers.size() == 3);
        CHECK(result.headers[1] == std::pair<std::string, std::string>("X-Padded", "a  b"));
        CHECK(result.headers[2] == std::pair<std::string, std::string>("X-Empty", ""));
    }

    TEST_CASE("absolute targets are taken apart") {
        CHECK(parse(get_text("http://a/x/y?z=1"), 1000).paths.at(0) == "/x/y");
        CHECK(parse(get_text("http://a"), 1000).paths.at(0) == "/");
        const Parsed only_query = parse(get_text("http://a?z=1"), 1000);
        CHECK(only_query.paths.at(0) == "/");
        CHECK(only_query.query == "z=1");
    }

    TEST_CASE("the target's bound") {
        ParserLimits limits;
        limits.target_bytes_max = 20;
        for (const std::size_t step : {1U, 7U, 1000U}) {
            CHECK(parse(get_text("/" + std::string(19, 'a')), step, limits).refused == 0);
            CHECK(parse(get_text("/" + std::string(20, 'a')), step, limits).refused == 414);
        }
    }

    TEST_CASE("the header's bound in bytes") {
        ParserLimits limits;
        const std::string request = get_text("/", "X-Long: " + std::string(100, 'v') + "\r\n");
        limits.header_bytes_max = request.size();
        for (const std::size_t step : {1U, 7U, 1000U}) {
            CHECK(parse(request, step, limits).refused == 0);
        }
        limits.header_bytes_max = request.size() - 1;
        for (const std::size_t step : {1U, 7U, 1000U}) {
            CHECK(parse(request, step, limits).refused == 431);
        }
    }

    TEST_CASE("the header's bound in fields") {
        ParserLimits limits;
        limits.header_count_max = 3;
        for (const std::size_t step : {1U, 1000U}) {
            CHECK(parse(get_text("/", "A: 1\r\nB: 2\r\n"), step, limits).refused == 0);
            CHECK(parse(get_text("/", "A: 1\r\nB: 2\r\nC: 3\r\n"), step, limits).refused == 431);
        }
    }

    TEST_CASE("the body's bound, announced and chunked") {
        ParserLimits limits;
        limits.body_bytes_max = 10;
        const std::string head = "POST / HTTP/1.1\r\nHost: a\r\n";
        const std::string chunked = head + "Transfer-Encoding: chunked\r\n\r\n";
        for (const std::size_t step : {1U, 5U, 1000U}) {
            CHECK(parse(head + "Content-Length: 10\r\n\r\n0123456789", step, limits).refused == 0);
            CHECK(parse(head + "Content-Length: 11\r\n\r\n", step, limits).refused == 413);
            CHECK(parse(chunked + "a\r\n0123456789\r\n0\r\n\r\n", step, limits).refused == 0);
            CHECK(parse(chunked + "a\r\n0123456789\r\n1\r\nx\r\n0\r\n\r\n", step, limits).refused ==
                  413);
        }
    }

    TEST_CASE("endless chunk extensions and trailers are refused") {
        ParserLimits limits;
        limits.header_bytes_max = 200;
        const std::string head = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
        CHECK(parse(head + "1;" + std::string(500, 'x'), 1, limits).refused == 400);
        std::string trailers;
        for (int i = 0; i < 100; ++i) {
            trailers += "X-T: value\r\n";
        }
        CHECK(parse(head + "1\r\nx\r\n0\r\n" + trailers, 10, limits).refused == 400);
    }

    TEST_CASE("only the head tells whether to go on with the body") {
        RequestParser parser(ParserLimits{});
        std::string head =
            "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-Continue\r\nContent-Length: 3\r\n\r\n";
        REQUIRE(parser.feed(head.data(), head.size()) == RequestParser::Status::need_more);
        CHECK(parser.head_done());
        CHECK(parser.expects_continue());
        CHECK(parser.body_bytes_missing() == 3);
        std::string more = head + "a";
        REQUIRE(parser.feed(more.data(), more.size()) == RequestParser::Status::need_more);
        CHECK_FALSE(parser.expects_continue());
        CHECK(parser.body_bytes_missing() == 2);
        CHECK(parse(get_text("/", "Expect: tea\r\n"), 1000).refused == 417);
    }

    TEST_CASE("keep-alive follows version and Connection") {
        CHECK(parse(get_text("/"), 1000).keep_alive);
        CHECK_FALSE(parse(get_text("/", "Connection: x, Close\r\n"), 1000).keep_alive);
        CHECK_FALSE(parse("GET / HTTP/1.0\r\n\r\n", 1000).keep_alive);
        CHECK(parse("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", 1000).keep_alive);
    }
}
