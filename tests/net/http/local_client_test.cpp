#include "courseselect/net/http/local_client.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <array>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "client_bench.hpp"
#include "courseselect/net/http/server.hpp"
#include "support/temp_dir.hpp"

using namespace courseselect;
using namespace std::chrono_literals;
using net::http::ClientRequest;
using net::http::ClientResponse;
using net::http::Header;
using net::http::LocalClient;
using net::http::Method;
using net::http::PooledClient;
using net::http::Request;
using net::http::Response;
using test::ClientBench;
using test::Outcome;

namespace {

constexpr net::http::ParserLimits small_limits{
    .target_bytes_max = 40, .header_bytes_max = 400, .header_count_max = 6, .body_bytes_max = 100};

/// Says everything that it was told, and answers in every way that a handler may.
class Mirror final : public net::http::Handler {
  public:
    async::Task<Response> handle(const Request& request) override {
        static constexpr std::array<int, 7> statuses{200, 201, 204, 304, 404, 422, 503};
        if (request.path.find("throw") != std::string_view::npos) {
            throw std::runtime_error("boom");
        }
        Response response;
        response.status = statuses[request.body.size() % statuses.size()];
        response.close = request.path.find("close") != std::string_view::npos;
        response.body = std::string(method_name(request.method)) + " " +
                        std::string(request.target) + " " + std::string(request.path) + " " +
                        std::string(request.query) + "\n";
        for (const net::http::HeaderView& field : request.headers) {
            response.body += std::string(field.name) + ":" + std::string(field.value) + "\n";
        }
        response.body += request.body;
        response.headers.push_back({"X-Echo", std::string(request.body.substr(0, 30))});
        co_return response;
    }
};

/// All that a caller can see, but the time.
std::string seen(const Outcome& outcome) {
    if (!outcome) {
        return outcome.error().to_string();
    }
    std::string text = std::to_string(outcome->status) + "\n";
    for (const Header& field : outcome->headers) {
        if (field.name != "Date") {
            text += field.name + ":" + field.value + "\n";
        }
    }
    return text + "\n" + outcome->body;
}

/// The same handler, in memory and behind a socket.
struct TwoWays {
    TwoWays() {
        REQUIRE(server.listen(net::UnixAddress{.path = dir.file("a.sock")}).has_value());
        bench.open(*net::http::ServiceAddress::parse("unix://" + dir.file("a.sock")));
    }
    ~TwoWays() {
        bench.client.reset();
        test::run(bench.loop, server.stop(1s));
    }
    TwoWays(const TwoWays&) = delete;
    TwoWays& operator=(const TwoWays&) = delete;

    std::string in_memory(ClientRequest request) {
        return seen(test::send_and_wait(bench.loop, local, std::move(request)));
    }
    std::string over_the_wire(ClientRequest request) {
        return seen(bench.send(std::move(request)));
    }

    test::TempDir dir;
    ClientBench bench;
    Mirror handler;
    net::http::Server server{bench.loop,
                             bench.clock,
                             {.target_bytes_max = small_limits.target_bytes_max,
                              .header_bytes_max = small_limits.header_bytes_max,
                              .header_count_max = small_limits.header_count_max,
                              .body_bytes_max = small_limits.body_bytes_max,
                              .gzip_bytes_min = 0},
                             handler};
    LocalClient local{handler, small_limits};
};

/// Text of these characters; now and then any other byte.
rc::Gen<std::string> mostly(const std::string& characters, int longest) {
    const auto one = rc::gen::weightedOneOf<char>(
        {{60, rc::gen::elementOf(characters)}, {1, rc::gen::arbitrary<char>()}});
    return rc::gen::mapcat(rc::gen::inRange(0, longest), [one](int size) {
        return rc::gen::container<std::string>(static_cast<std::size_t>(size), one);
    });
}

rc::Gen<std::string> any_target() {
    return rc::gen::map(
        rc::gen::pair(rc::gen::weightedElement<std::string>(
                          {{30, "/"}, {4, "/close/"}, {4, "/throw"}, {2, ""}, {1, "*"}}),
                      mostly("abcXYZ019/%?=&+-_.~!$'()*,;:@[]|^`{}\"<>\\", 50)),
        [](const auto& parts) { return parts.first + parts.second; });
}

rc::Gen<Header> any_field() {
    return rc::gen::map(
        rc::gen::pair(
            rc::gen::weightedOneOf<std::string>(
                {{8, rc::gen::map(mostly("abcXYZ019-_!#$%&'*+.^`|~", 12),
                                  [](const std::string& name) { return "X" + name; })},
                 {2, rc::gen::element<std::string>("Content-Type", "Authorization", "Cookie",
                                                   "content-type", "Origin")},
                 {1, rc::gen::element<std::string>("Host", "Connection", "Content-Length",
                                                   "Transfer-Encoding", "Expect", "Upgrade", "")}}),
            mostly("abc XYZ 019,;:=\"/\t\\\xc3\xa4", 60)),
        [](const auto& parts) {
            return Header{parts.first, parts.second};
        });
}

ClientRequest any_request() {
    ClientRequest request;
    request.method = *rc::gen::element(Method::get, Method::head, Method::post, Method::put,
                                       Method::patch, Method::delete_, Method::options);
    request.target = *any_target();
    const auto count = *rc::gen::inRange<std::size_t>(0, 8);
    request.headers = *rc::gen::container<std::vector<Header>>(count, any_field());
    const auto size = *rc::gen::weightedOneOf<std::size_t>(
        {{8, rc::gen::inRange<std::size_t>(0, 100)}, {2, rc::gen::inRange<std::size_t>(98, 104)}});
    request.body = *rc::gen::container<std::string>(size, rc::gen::arbitrary<char>());
    return request;
}

}  // namespace

TEST_SUITE("net/http/local_client") {
    TEST_CASE("any request has the same answer in memory and over the wire") {
        TwoWays ways;
        int answered = 0;
        int refused_by_server = 0;
        int refused_by_client = 0;
        CHECK(rc::check([&] {
            const ClientRequest request = any_request();
            const std::string expected = ways.over_the_wire(request);
            const std::string got = ways.in_memory(request);
            RC_ASSERT(got == expected);
            const bool is_own =
                got.starts_with("4") && got.find("{\"detail\":") != std::string::npos;
            ++(got.starts_with("invalid") ? refused_by_client
                                          : (is_own ? refused_by_server : answered));
        }));
        CHECK(answered > 0);  // the generator reaches every kind
        CHECK(refused_by_server > 0);
        CHECK(refused_by_client > 0);
    }

    TEST_CASE("the server's limits hold in memory, at their bound") {
        TwoWays ways;
        const auto status = [&ways](const ClientRequest& request) {
            const std::string got = ways.in_memory(request);
            CHECK(got == ways.over_the_wire(request));
            return got.substr(0, 3);
        };
        CHECK(status({.target = "/" + std::string(39, 'a')}) == "200");
        CHECK(status({.target = "/" + std::string(40, 'a')}) == "414");
        const std::vector<Header> five(5, {"X", "a"});  // and Host
        CHECK(status({.target = "/", .headers = five}) == "200");
        const std::vector<Header> six(6, {"X", "a"});
        CHECK(status({.target = "/", .headers = six}) == "431");
        CHECK(status({.target = "/", .headers = {{"X", std::string(400, 'a')}}}) == "431");
        ClientRequest post{.method = Method::post, .target = "/", .body = std::string(98, 'b')};
        CHECK(status(post) == "200");
        post.body = std::string(101, 'b');
        CHECK(status(post) == "413");
    }

    TEST_CASE("fields are added, trimmed and cleaned as on the wire") {
        TwoWays ways;
        ClientRequest request{.method = Method::post,
                              .target = "/a?b=c",
                              .headers = {{"X-Padded", "  a b \t"}},
                              .body = "{\r\n}abc"};
        const std::string got = ways.in_memory(request);
        CHECK(got == ways.over_the_wire(request));
        CHECK(got.find("\nX-Echo:{  }abc\n") != std::string::npos);
        CHECK(got.find("\nHost:localhost\n") != std::string::npos);
        CHECK(got.find("\nX-Padded:a b\n") != std::string::npos);
        CHECK(got.find("\nContent-Type:application/json\n") != std::string::npos);
        CHECK(got.find("\nContent-Length:7\n") != std::string::npos);
    }

    TEST_CASE("a handler that throws is a 500 without its reason; HEAD has no body") {
        TwoWays ways;
        const std::string thrown = ways.in_memory({.target = "/throw"});
        CHECK(thrown == ways.over_the_wire({.target = "/throw"}));
        CHECK(thrown.starts_with("500"));
        CHECK(thrown.find("boom") == std::string::npos);
        CHECK(ways.in_memory({.method = Method::head, .target = "/"}).ends_with("\n\n"));
    }

    TEST_CASE("the handler sees that the caller is in the same process") {
        struct WhoCalls final : net::http::Handler {
            async::Task<Response> handle(const Request& request) override {
                Response response;
                response.body = request.peer.address;
                co_return response;
            }
        };
        WhoCalls handler;
        LocalClient client(handler);
        async::EventLoop loop;
        CHECK(test::send_and_wait(loop, client, {.target = "/"})->body == "local");
    }
}
