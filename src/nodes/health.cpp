#include "courseselect/nodes/health.hpp"

#include <utility>

namespace courseselect::nodes {
namespace {

async::Task<net::http::Response> healthy(std::string_view body) {
    net::http::Response response;
    response.body = body;
    co_return response;
}

}  // namespace

void add_health(api::Service& service, std::string name) {
    service.add(api::get("/health").summary("The node is alive.").tag("health"),
                [body = json::to_text(Health{.service = std::move(name)})](api::Context&) {
                    return healthy(body);
                });
}

}  // namespace courseselect::nodes
