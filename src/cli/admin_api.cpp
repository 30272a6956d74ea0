#include "courseselect/cli/admin_api.hpp"

#include <utility>

#include "courseselect/json/writer.hpp"

namespace courseselect::cli {
namespace {

using core::Errc;
using net::http::ClientRequest;
using net::http::ClientResponse;
using net::http::Method;

core::Error session_over() {
    return {Errc::unauthenticated, "session_expired", "Session expired. Please login again."};
}

}  // namespace

AdminApi::AdminApi(Services& services, const SessionFile& file, Session session)
    : services_(services), file_(file), session_(std::move(session)), renewing_(services.loop()) {
    if (session_.auth_url_given) {
        services_.set_url(Node::auth, session_.auth_url);
    }
    if (!session_.internal_token.empty() && services_.internal_token().empty()) {
        services_.set_internal_token(session_.internal_token);
    }
}

async::Task<core::Result<ClientResponse>> AdminApi::send_once(ClientRequest request,
                                                              std::chrono::milliseconds timeout) {
    request.headers.push_back(
        {"Authorization", "Bearer " + std::string(session_.admin_token.reveal())});
    return services_.send(Node::auth, std::move(request), timeout);
}

async::Task<core::Result<ClientResponse>> AdminApi::send(ClientRequest request,
                                                         std::chrono::milliseconds timeout) {
    std::string used_token(session_.admin_token.reveal());
    ClientRequest again = request;
    COURSESELECT_CO_TRY(auto response, co_await send_once(std::move(request), timeout));
    if (response.status != 401) {
        co_return response;
    }
    COURSESELECT_CO_TRY_OK(co_await renew(std::move(used_token)));
    COURSESELECT_CO_TRY(response, co_await send_once(std::move(again), timeout));
    if (response.status == 401) {
        co_return session_over();
    }
    co_return response;
}

async::Task<core::Result<>> AdminApi::renew(std::string used_token) {
    const auto guard = co_await renewing_.lock();
    if (session_.admin_token.reveal() != used_token) {
        co_return core::Result<>();  // somebody of this process was faster
    }
    COURSESELECT_CO_TRY(const auto lock, file_.lock());
    COURSESELECT_CO_TRY(auto saved, file_.load(services_.clock().wall_now()));
    session_ = std::move(saved);
    if (session_.admin_token.reveal() != used_token) {
        co_return core::Result<>();  // another process was
    }
    if (session_.refresh_token.empty()) {
        co_return session_over();
    }
    ClientRequest request;
    request.method = Method::post;
    request.target = "/auth/refresh";
    request.body = json::make_object("refresh_token", session_.refresh_token.reveal());
    COURSESELECT_CO_TRY(const auto response,
                        co_await services_.send(Node::auth, std::move(request), call_timeout));
    const auto answer = answer_of(response);
    // The path answers in the style of its family: the tokens alone, or below `data`.
    const json::Value tokens =
        answer ? ((*answer)["data"].exists() ? (*answer)["data"] : *answer) : json::Value();
    core::Secret access(tokens["access_token"].string().value_or(""));
    core::Secret refresh(tokens["refresh_token"].string().value_or(""));
    if (access.empty() || refresh.empty()) {
        co_return session_over();
    }
    session_.admin_token = std::move(access);
    session_.refresh_token = std::move(refresh);
    co_return file_.save(session_);
}

async::Task<core::Result<json::Value>> AdminApi::call(Method method, std::string target,
                                                      std::string body) {
    ClientRequest request;
    request.method = method;
    request.target = std::move(target);
    request.body = std::move(body);
    COURSESELECT_CO_TRY(const auto response, co_await send(std::move(request), call_timeout));
    co_return answer_of(response);
}

core::Result<json::Value> AdminApi::get(std::string target) {
    return services_.run(call(Method::get, std::move(target), std::string()));
}

core::Result<json::Value> AdminApi::post(std::string target, std::string body) {
    return services_.run(call(Method::post, std::move(target), std::move(body)));
}

core::Result<json::Value> AdminApi::patch(std::string target, std::string body) {
    return services_.run(call(Method::patch, std::move(target), std::move(body)));
}

async::Task<core::Result<json::Value>> AdminApi::call_internal(Node node, Method method,
                                                               std::string target,
                                                               std::string body) {
    ClientRequest request;
    request.method = method;
    request.target = std::move(target);
    request.body = std::move(body);
    request.headers.push_back({"Internal-Token", std::string(services_.internal_token().reveal())});
    COURSESELECT_CO_TRY(const auto response,
                        co_await services_.send(node, std::move(request), call_timeout));
    co_return answer_of(response);
}

core::Result<json::Value> AdminApi::internal(Node node, Method method, std::string target,
                                             std::string body) {
    if (services_.internal_token().empty()) {
        return core::Error(Errc::failed_precondition, "no_internal_token",
                           "INTERNAL_TOKEN is not set; the start script keeps it in "
                           "data/secrets.env");
    }
    return services_.run(call_internal(node, method, std::move(target), std::move(body)));
}

}  // namespace courseselect::cli
