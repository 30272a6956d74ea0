#include "courseselect/api/context.hpp"

#include <doctest/doctest.h>

#include <array>
#include <string>

using namespace courseselect;
using net::http::HeaderView;

namespace {

/// A request from `peer` that claims to come from 198.51.100.9.
struct Forwarded {
    std::array<HeaderView, 1> headers{{{"x-forwarded-for", "198.51.100.9, 10.0.0.1"}}};
    net::http::Request request;

    explicit Forwarded(std::string_view peer, bool is_unix = false) {
        request.headers = headers;
        request.peer.address = peer;
        request.peer.is_unix = is_unix;
    }
};

ratelimit::ClientAddressRule behind_proxy() {
    ratelimit::ClientAddressOptions options;
    options.trusted_proxies.push_back(*ratelimit::IpNetwork::parse("10.0.0.0/8"));
    return ratelimit::ClientAddressRule(std::move(options));
}

}  // namespace

TEST_SUITE("api/context") {
    TEST_CASE("the forwarded address counts only from a trusted sender") {
        const ratelimit::ClientAddressRule rule = behind_proxy();
        const Forwarded stranger("203.0.113.5");
        CHECK(api::Context(stranger.request, rule).client_address() == "203.0.113.5");
        const Forwarded proxy("10.1.2.3");
        CHECK(api::Context(proxy.request, rule).client_address() == "198.51.100.9");
        const Forwarded local("unix", true);
        CHECK(api::Context(local.request, rule).client_address() == "198.51.100.9");
    }

    TEST_CASE("the right internal token makes a stranger's headers count") {
        const ratelimit::ClientAddressRule rule = behind_proxy();
        const Forwarded node("203.0.113.5");
        api::Context context(node.request, rule);
        context.is_internal = true;
        CHECK(context.client_address() == "198.51.100.9");
    }

    TEST_CASE("X-Real-IP counts where there is no X-Forwarded-For") {
        const ratelimit::ClientAddressRule rule = behind_proxy();
        const std::array<HeaderView, 1> headers{{{"X-Real-IP", "198.51.100.10"}}};
        net::http::Request request;
        request.headers = headers;
        request.peer.address = "10.9.9.9";
        CHECK(api::Context(request, rule).client_address() == "198.51.100.10");
    }

    TEST_CASE("a local process without headers has no address") {
        const ratelimit::ClientAddressRule rule = behind_proxy();
        net::http::Request request;
        request.peer.address = "unix";
        request.peer.is_unix = true;
        CHECK(api::Context(request, rule).client_address() == "unknown");
    }

    TEST_CASE("the request id is passed on under its header") {
        const ratelimit::ClientAddressRule rule = behind_proxy();
        const net::http::Request request;
        api::Context context(request, rule);
        context.request_id = "abc-1";
        context.trace.span = 7;
        CHECK(context.identity().request_id == "abc-1");
        CHECK(context.identity().trace == context.trace);
    }

    TEST_CASE("the principal is who the token belongs to") {
        const ratelimit::ClientAddressRule rule = behind_proxy();
        const net::http::Request request;
        api::Context context(request, rule);
        context.principal = auth::Principal{auth::UserKind::student, 4, "ada"};
        CHECK(context.who().id == 4);
    }
}
