#include "courseselect/net/http/service_address.hpp"

#include <doctest/doctest.h>

using namespace courseselect::net::http;

TEST_SUITE("net/http/service_address") {
    TEST_CASE("URLs and sockets; the socket's path ends at the component that ends in .sock") {
        const auto tcp = ServiceAddress::parse("http://localhost:8001");
        CHECK(tcp->host == "localhost");
        CHECK(tcp->port == 8001);
        CHECK(tcp->authority() == "localhost:8001");
        const auto v6 = ServiceAddress::parse("https://[::1]/base/");
        CHECK(v6->kind == ServiceAddress::Kind::tls);
        CHECK(v6->authority() == "[::1]:443");
        CHECK(v6->base_path == "/base");
        const auto socket = ServiceAddress::parse("unix:///dir/a.sock.d/name.sock/courses");
        CHECK(socket->socket_path == "/dir/a.sock.d/name.sock");
        CHECK(socket->base_path == "/courses");
        CHECK(socket->authority() == "localhost");
        for (const char* text :
             {"http://localhost:8001", "https://[::1]:443/base", "unix:///dir/name.sock/courses"}) {
            CHECK(ServiceAddress::parse(text)->to_string() == text);
        }
    }

    TEST_CASE("what is wrong is said, with the value") {
        for (const char* text :
             {"localhost:8001", "ftp://x", "http://", "http://:80", "http://a:0", "http://a:65536",
              "http://a:x", "unix://name.sock", "unix:///dir/name", "http://[::1", "http://a b",
              "http://a\r\nX: b", "http://a/b c", "http://a/b?c", "http://a/b#c", "http://a/\xc3",
              "unix:///a.sock/b c", "unix:///a.sock/b?c", "http://u@a"}) {
            const auto bad = ServiceAddress::parse(text);
            REQUIRE_FALSE(bad);
            CHECK(bad.error().reason() == "bad_address");
            CHECK(bad.error().detail().find(text) != std::string::npos);
        }
        const std::string longest = "unix:///" + std::string(101, 'a') + ".sock";
        CHECK(ServiceAddress::parse(longest).has_value());  // 107 bytes
        CHECK_FALSE(ServiceAddress::parse("unix:///a" + longest.substr(8)).has_value());
    }

    TEST_CASE("the way to a service: socket first, then URL, then the default port") {
        ServiceOptions options{.name = "data", .default_port = 8001, .socket_directory = "/s"};
        const auto texts = [](const ServiceOptions& o) {
            std::string all;
            const auto candidates = service_candidates(o);
            for (const ServiceAddress& address : *candidates) {
                all += address.to_string() + " ";
            }
            return all;
        };
        CHECK(texts(options) == "unix:///s/data_node.sock http://127.0.0.1:8001 ");
        options.url = "http://data.example:9";
        CHECK(texts(options) == "unix:///s/data_node.sock http://data.example:9 ");
        options.url = "unix:///other/d.sock";
        CHECK(texts(options) == "unix:///s/data_node.sock unix:///other/d.sock ");
        options.use_sockets = false;
        CHECK(texts(options) == "unix:///other/d.sock ");
        options.url = "nonsense";
        CHECK_FALSE(service_candidates(options).has_value());
    }
}
