#include "courseselect/net/http/url.hpp"

#include <doctest/doctest.h>

using namespace courseselect::net::http;

TEST_SUITE("net/http/url") {
    TEST_CASE("percent-decoding is exact and refuses broken escapes") {
        CHECK(percent_decode("a%20b%2Fc+d") == "a b/c+d");
        CHECK(percent_decode("a+b", PlusSign::space) == "a b");
        CHECK(percent_decode("%e4%BD%a0") == "\xe4\xbd\xa0");
        for (const char* text : {"%", "%4", "a%4", "%zz", "%4g"}) {
            CHECK_FALSE(percent_decode(text).has_value());
        }
    }

    TEST_CASE("queries: order and repetitions are kept") {
        const auto pairs = parse_query("a=1&b=x+y&&a=%32&c&d==");
        REQUIRE(pairs.has_value());
        CHECK(*pairs == QueryPairs{{"a", "1"}, {"b", "x y"}, {"a", "2"}, {"c", ""}, {"d", "="}});
        CHECK(parse_query("")->empty());
        CHECK_FALSE(parse_query("a=%f").has_value());
    }

    TEST_CASE("what the builder writes is read back") {
        Query query;
        query.add("name", std::string_view("a&b=c +%")).add("page", std::int64_t{2});
        query.add("none", std::optional<std::string>());
        CHECK(query.str() == "?name=a%26b%3Dc%20%2B%25&page=2");
        const auto pairs = parse_query(query.str().substr(1));
        CHECK((*pairs)[0].second == "a&b=c +%");
        CHECK(Query().str().empty());
    }
}
