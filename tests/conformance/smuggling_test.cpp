// Requests on whose end two parsers could disagree, and others that a careful server refuses
// (RFC 9112 §11.2). Each is tried whole and byte by byte: the answer must be the same.
#include <doctest/doctest.h>

#include <string>
#include <string_view>

#include "courseselect/net/http/parser.hpp"

using namespace courseselect::net::http;

namespace {

struct Attempt {
    const char* name;
    std::string_view bytes;
    int status;  // 200: served, then the same bytes again on the same connection
};

#define POST "POST / HTTP/1.1\r\nHost: a\r\n"
#define CHUNKED POST "Transfer-Encoding: chunked\r\n\r\n"
using namespace std::string_view_literals;

constexpr Attempt attempts[] = {
    {"a plain request", "GET / HTTP/1.1\r\nHost: a\r\n\r\n"sv, 200},
    {"an empty line before it", "\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"sv, 200},
    {"HTTP/1.0 without Host", "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"sv, 200},
    {"an empty Host", "GET / HTTP/1.1\r\nHost:\r\n\r\n"sv, 200},
    {"h2c upgrade is ignored",
     "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n"
     "HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n\r\n"sv,
     200},
    {"websocket upgrade with a body is ignored",
     POST "Connection: Upgrade\r\nUpgrade: websocket\r\nContent-Length: 2\r\n\r\nhi"sv, 200},
    {"chunked in another case", POST "Transfer-Encoding: ChUnKeD\r\n\r\n0\r\n\r\n"sv, 200},
    {"trailers are dropped", CHUNKED "1\r\nx\r\n0\r\nContent-Length: 9\r\nHost: b\r\n\r\n"sv, 200},
    {"OPTIONS *", "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n"sv, 200},

    {"HTTP/0.9", "GET /x\r\nHost: a\r\n\r\n"sv, 505},
    {"HTTP/2.0", "GET / HTTP/2.0\r\nHost: a\r\n\r\n"sv, 505},
    {"HTTP/1.2", "GET / HTTP/1.2\r\nHost: a\r\n\r\n"sv, 505},
    {"HTTP/1.10", "GET / HTTP/1.10\r\nHost: a\r\n\r\n"sv, 505},
    {"the HTTP/2 preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"sv, 505},
    {"another protocol's name", "GET / HTTQ/1.1\r\nHost: a\r\n\r\n"sv, 400},
    {"a TLS hello", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"sv, 400},

    {"bare LF after the request line", "GET / HTTP/1.1\nHost: a\r\n\r\n"sv, 400},
    {"bare LF after a field", "GET / HTTP/1.1\r\nHost: a\nX: b\r\n\r\n"sv, 400},
    {"bare LF at the end", "GET / HTTP/1.1\r\nHost: a\r\n\n"sv, 400},
    {"bare CR in a value", "GET / HTTP/1.1\r\nHost: a\r\nX: \rY: b\r\n\r\n"sv, 400},
    {"bare CR hides an encoding",
     POST "X: \rTransfer-Encoding: chunked\r\nContent-Length: 0\r\n\r\n"sv, 400},
    {"folded field", "GET / HTTP/1.1\r\nHost: a\r\nX: b\r\n c\r\n\r\n"sv, 400},
    {"folded empty field", "GET / HTTP/1.1\r\nHost: a\r\nX:\r\n\tc\r\n\r\n"sv, 400},
    {"folded encoding", POST "Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n"sv, 400},
    {"blank before the first field", "GET / HTTP/1.1\r\n Host: a\r\n\r\n"sv, 400},
    {"blank before the colon", "GET / HTTP/1.1\r\nHost : a\r\n\r\n"sv, 400},
    {"no colon", "GET / HTTP/1.1\r\nHost: a\r\nX\r\n\r\n"sv, 400},
    {"an empty name", "GET / HTTP/1.1\r\nHost: a\r\n: x\r\n\r\n"sv, 400},
    {"NUL in a value", "GET / HTTP/1.1\r\nHost: a\r\nX: a\0b\r\n\r\n"sv, 400},
    {"NUL in a name", "GET / HTTP/1.1\r\nHost: a\r\nX\0: b\r\n\r\n"sv, 400},
    {"NUL in the target", "GET /a\0b HTTP/1.1\r\nHost: a\r\n\r\n"sv, 400},
    {"raw UTF-8 in the target", "GET /\xc3\xa9 HTTP/1.1\r\nHost: a\r\n\r\n"sv, 400},
    {"fragment in the target", "GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n"sv, 400},
    {"relative target", "GET a HTTP/1.1\r\nHost: a\r\n\r\n"sv, 400},
    {"* with GET", "GET * HTTP/1.1\r\nHost: a\r\n\r\n"sv, 400},

    {"no Host", "GET / HTTP/1.1\r\n\r\n"sv, 400},
    {"two Hosts", "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n"sv, 400},
    {"two Hosts with HTTP/1.0", "GET / HTTP/1.0\r\nHost: a\r\nhost: b\r\n\r\n"sv, 400},
    {"Host with a list", "GET / HTTP/1.1\r\nHost: a, b\r\n\r\n"sv, 400},
    {"Host with a path", "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n"sv, 400},
    {"Host with user", "GET / HTTP/1.1\r\nHost: u@a\r\n\r\n"sv, 400},

    {"unknown method", "FOO / HTTP/1.1\r\nHost: a\r\n\r\n"sv, 501},
    {"a method longer than GET", "GETX / HTTP/1.1\r\nHost: a\r\n\r\n"sv, 501},
    {"TRACE", "TRACE / HTTP/1.1\r\nHost: a\r\n\r\n"sv, 501},
    {"CONNECT", "CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n"sv, 501},
    {"a WebDAV method", "PROPFIND / HTTP/1.1\r\nHost: a\r\n\r\n"sv, 501},

    {"length and chunked",
     POST "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"sv, 400},
    {"chunked and length",
     POST "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n"sv, 400},
    {"two lengths", POST "Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd"sv, 400},
    {"two equal lengths", POST "Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc"sv, 400},
    {"a list of lengths", POST "Content-Length: 3, 3\r\n\r\nabc"sv, 400},
    {"a negative length", POST "Content-Length: -1\r\n\r\n"sv, 400},
    {"a signed length", POST "Content-Length: +3\r\n\r\nabc"sv, 400},
    {"a hexadecimal length", POST "Content-Length: 0x3\r\n\r\nabc"sv, 400},
    {"a length with a blank inside", POST "Content-Length: 1 2\r\n\r\n"sv, 400},
    {"an overflowing length", POST "Content-Length: 18446744073709551617\r\n\r\n"sv, 400},

    {"chunked with HTTP/1.0",
     "POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"sv, 400},
    {"chunked twice", POST "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n"sv,
     400},
    {"chunked, chunked", POST "Transfer-Encoding: chunked, chunked\r\n\r\n"sv, 400},
    {"identity", POST "Transfer-Encoding: identity\r\n\r\n"sv, 501},
    {"gzip, chunked", POST "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"sv, 501},
    {"chunked, identity", POST "Transfer-Encoding: chunked, identity\r\n\r\n"sv, 400},
    {"xchunked", POST "Transfer-Encoding: xchunked\r\n\r\n"sv, 501},
    {"quoted chunked", POST "Transfer-Encoding: \"chunked\"\r\n\r\n"sv, 501},
    {"vertical tab before chunked", POST "Transfer-Encoding: \vchunked\r\n\r\n0\r\n\r\n"sv, 400},

    {"a chunk size that is no number", CHUNKED "x\r\n"sv, 400},
    {"a signed chunk size", CHUNKED "+1\r\nx\r\n0\r\n\r\n"sv, 400},
    {"a chunk size with 0x", CHUNKED "0x1\r\nx\r\n0\r\n\r\n"sv, 400},
    {"a negative chunk size", CHUNKED "-1\r\n"sv, 400},
    {"an overflowing chunk size", CHUNKED "ffffffffffffffff1\r\nx"sv, 400},
    {"an empty chunk size", CHUNKED "\r\nx\r\n"sv, 400},
    {"chunk data longer than announced", CHUNKED "1\r\nxy\r\n0\r\n\r\n"sv, 400},
    {"chunk data without its CRLF", CHUNKED "1\r\nx0\r\n\r\n"sv, 400},
    {"bare LF after the chunk size", CHUNKED "1\nx\r\n0\r\n\r\n"sv, 400},
    {"bare LF after chunk data", CHUNKED "1\r\nx\n0\r\n\r\n"sv, 400},
    {"bare LF after an extension", CHUNKED "1;a=b\nx\r\n0\r\n\r\n"sv, 400},
    {"bare LF after the last chunk", CHUNKED "1\r\nx\r\n0\r\n\n"sv, 400},
    {"bare LF after a trailer", CHUNKED "1\r\nx\r\n0\r\nX: y\n\r\n"sv, 400},
};

/// The status a server would answer to the first request of `bytes`, 0 if it would wait for more.
int first_status(std::string_view bytes, std::size_t step, int rounds) {
    RequestParser parser(ParserLimits{});
    std::string input;
    for (int i = 0; i < rounds; ++i) {
        input += bytes;
    }
    std::string buffer;
    int served = 0;
    for (std::size_t at = 0; at < input.size(); at += step) {
        buffer += input.substr(at, step);
        while (!buffer.empty()) {
            const auto status = parser.feed(buffer.data(), buffer.size());
            if (status == RequestParser::Status::failed) {
                return parser.failure().status;
            }
            if (status == RequestParser::Status::need_more) {
                buffer.resize(parser.kept());
                break;
            }
            ++served;
            buffer.erase(0, parser.consumed());
            parser.next();
        }
    }
    return served == rounds && buffer.empty() ? 200 : 0;
}

}  // namespace

TEST_SUITE("conformance/smuggling") {
    TEST_CASE("every ambiguous request is refused, however it arrives") {
        for (const Attempt& attempt : attempts) {
            INFO(std::string(attempt.name));
            const int rounds = attempt.status == 200 ? 2 : 1;
            CHECK(first_status(attempt.bytes, attempt.bytes.size() * 2, rounds) == attempt.status);
            CHECK(first_status(attempt.bytes, 1, rounds) == attempt.status);
            CHECK(first_status(attempt.bytes, 3, rounds) == attempt.status);
        }
    }
}
