#include "courseselect/net/http/blocking_client.hpp"

#include <doctest/doctest.h>

#include "net/http/scripted_server.hpp"

using namespace courseselect;
using namespace courseselect::net::http;
using namespace std::chrono_literals;

TEST_SUITE("net/http/blocking_client") {
    TEST_CASE("a program without a loop asks one question after the other") {
        test::ScriptedServer server({{{test::ok("one"), test::ok("two")}}});
        auto client = BlockingClient::open({{.host = "127.0.0.1", .port = server.port()}});
        REQUIRE(client.has_value());
        CHECK((*client)->send({.target = "/"}, 5s)->body == "one");
        CHECK((*client)->send({.target = "/"}, 5s)->body == "two");
    }

    TEST_CASE("without an address there is no client, and without a service an error") {
        const auto nowhere = BlockingClient::open({});
        REQUIRE_FALSE(nowhere.has_value());
        CHECK(nowhere.error().code() == core::Errc::invalid_argument);
        const auto closed =
            BlockingClient::open({*ServiceAddress::parse("unix:///nonexistent/node.sock")});
        REQUIRE(closed.has_value());
        const auto answer = (*closed)->send({.target = "/"}, 5s);
        REQUIRE_FALSE(answer.has_value());
        CHECK(answer.error().code() == core::Errc::unavailable);
    }
}
