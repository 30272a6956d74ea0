#pragma once
/// Calls to other nodes: JSON in, JSON out, refusals passed on as contract §1.2 says.

#include <chrono>
#include <string>
#include <utility>

#include "courseselect/api/trace.hpp"
#include "courseselect/async/task.hpp"
#include "courseselect/core/result.hpp"
#include "courseselect/json/reader.hpp"
#include "courseselect/net/http/client.hpp"

namespace courseselect::nodes {

/// Sends a request with the internal token and the identity of the request it is made for; returns
/// the body of a 2xx answer. Errors: those of `api::upstream_error`; unavailable when the node
/// cannot be reached.
[[nodiscard]] async::Task<core::Result<std::string>> call_upstream(
    net::http::Client& node, net::http::Method method, std::string target, std::string body,
    std::string internal_token, api::RequestIdentity identity, std::chrono::milliseconds timeout);

/// `Answer` is a described type. Errors: as `call_upstream`; unavailable for an answer that cannot
/// be read. `node` must outlive the task.
template <class Answer>
[[nodiscard]] async::Task<core::Result<Answer>> get_json(net::http::Client& node,
                                                         std::string target,
                                                         std::string internal_token,
                                                         api::RequestIdentity identity,
                                                         std::chrono::milliseconds timeout) {
    COURSESELECT_CO_TRY(
        const std::string text,
        co_await call_upstream(node, net::http::Method::get, std::move(target), std::string(),
                               std::move(internal_token), std::move(identity), timeout));
    auto answer = json::parse<Answer>(text);
    co_return answer;
}

/// The same with a JSON body.
template <class Answer>
[[nodiscard]] async::Task<core::Result<Answer>> post_json(net::http::Client& node,
                                                          std::string target, std::string body,
                                                          std::string internal_token,
                                                          api::RequestIdentity identity,
                                                          std::chrono::milliseconds timeout) {
    COURSESELECT_CO_TRY(
        const std::string text,
        co_await call_upstream(node, net::http::Method::post, std::move(target), std::move(body),
                               std::move(internal_token), std::move(identity), timeout));
    auto answer = json::parse<Answer>(text);
    co_return answer;
}

}  // namespace courseselect::nodes
