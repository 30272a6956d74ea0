#include "courseselect/nodes/upstream.hpp"

#include "courseselect/api/error.hpp"
#include "courseselect/core/log.hpp"

namespace courseselect::nodes {

async::Task<core::Result<std::string>> call_upstream(net::http::Client& node,
                                                     net::http::Method method, std::string target,
                                                     std::string body, std::string internal_token,
                                                     api::RequestIdentity identity,
                                                     std::chrono::milliseconds timeout) {
    net::http::ClientRequest request;
    request.method = method;
    request.target = std::move(target);
    request.body = std::move(body);
    request.headers.push_back({"Internal-Token", std::move(internal_token)});
    request.headers.push_back({"X-Request-Id", identity.request_id});
    request.headers.push_back({"traceparent", identity.trace.traceparent()});
    auto response = co_await node.send(std::move(request), timeout);
    if (!response) {
        core::log::warn("upstream_unreachable", {{"request_id", identity.request_id},
                                                 {"trace_id", identity.trace.trace_id()},
                                                 {"error", response.error()}});
        co_return core::Error(core::Errc::unavailable, response.error().detail());
    }
    if (response->status < 200 || response->status >= 300) {
        co_return api::upstream_error(*response);
    }
    co_return std::move(response->body);
}

}  // namespace courseselect::nodes
