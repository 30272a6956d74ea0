#include "courseselect/cli/services.hpp"

#include <doctest/doctest.h>

using namespace courseselect;
using cli::Node;

namespace {

std::string refusal(int status, std::string body) {
    return cli::refusal_text({.status = status, .headers = {}, .body = std::move(body)});
}

}  // namespace

TEST_SUITE("cli/services") {
    TEST_CASE("the environment says where the nodes are") {
        core::Environment environment;
        environment.set_variable("AUTH_NODE_URL", "http://auth.example:1234");
        environment.set_variable("USE_SOCKETS", "false");
        environment.set_variable("SOCKET_DIR", "/run/course");
        environment.set_variable("INTERNAL_TOKEN", "token");
        const auto settings = cli::read_service_settings(environment);
        CHECK(environment.check().has_value());
        CHECK_FALSE(settings.use_sockets);
        CHECK(settings.socket_directory == "/run/course");
        CHECK(settings.internal_token.reveal() == "token");
        const core::ManualClock clock;
        cli::Services services(settings, clock);
        CHECK(services.url(Node::auth) == "http://auth.example:1234");
        CHECK(services.url(Node::data) == "http://localhost:8001");
        CHECK(services.url(Node::queue) == "http://localhost:8005");
        services.set_url(Node::auth, "http://other:1");
        CHECK(services.url(Node::auth) == "http://other:1");
    }

    TEST_CASE("an address that is none is told by its variable's name") {
        const core::ManualClock clock;
        cli::Services services({}, clock);
        services.set_url(Node::data, "ftp://data");
        const auto client = services.client(Node::data);
        REQUIRE_FALSE(client.has_value());
        CHECK(client.error().detail().starts_with("DATA_NODE_URL"));
    }

    TEST_CASE("a node that is away is named with its address") {
        const core::SystemClock clock;
        cli::Services services({}, clock);
        services.set_url(Node::auth, "unix:///nonexistent/auth_node.sock");
        net::http::ClientRequest request;
        request.target = "/health";
        const auto answer =
            services.run(services.send(Node::auth, std::move(request), cli::status_timeout));
        REQUIRE_FALSE(answer.has_value());
        CHECK(answer.error().code() == core::Errc::unavailable);
        CHECK(answer.error().detail().starts_with(
            "Cannot reach the auth node at unix:///nonexistent/auth_node.sock: "));
    }

    TEST_CASE("a refusal's own words are told, with the fields that are meant") {
        CHECK(refusal(401, R"({"detail":"Invalid credentials"})") == "Invalid credentials");
        CHECK(refusal(400, R"({"success":false,"error":"No"})") == "No");
        CHECK(refusal(422, R"({"detail":[{"loc":["body","username"],"msg":"Field required"},
                                         {"loc":["body","tags",1],"msg":"Too long"},
                                         {"loc":["body"],"msg":"Bad"}]})") ==
              "username: Field required; tags.1: Too long; Bad");
        CHECK(refusal(400, R"({"error":"Bad","errors":[{"field":"email","message":"taken"}]})") ==
              "Bad; email: taken");
        CHECK(refusal(503, "busy") == "the server answered 503 Service Unavailable");
        CHECK(refusal(500, "{}") == "the server answered 500 Internal Server Error");
    }

    TEST_CASE("statuses become error classes") {
        const auto code_of = [](int status) {
            return cli::refusal_error({.status = status, .headers = {}, .body = {}}).code();
        };
        CHECK(code_of(400) == core::Errc::invalid_argument);
        CHECK(code_of(401) == core::Errc::unauthenticated);
        CHECK(code_of(404) == core::Errc::not_found);
        CHECK(code_of(429) == core::Errc::resource_exhausted);
        CHECK(code_of(503) == core::Errc::unavailable);
        CHECK(cli::answer_of({.status = 200, .headers = {}, .body = "[1]"})->size() == 1);
        CHECK_FALSE(cli::answer_of({.status = 200, .headers = {}, .body = "x"}).has_value());
    }
}
