#include "courseselect/net/http/local_client.hpp"

#include <exception>
#include <utility>
#include <vector>

namespace courseselect::net::http {
namespace {

ClientResponse as_client_response(Response response, Method method) {
    ClientResponse answer;
    answer.status = response.status;
    if (!response.content_type.empty()) {
        answer.headers.push_back({"Content-Type", std::string(response.content_type)});
    }
    for (Header& field : response.headers) {
        answer.headers.push_back(std::move(field));
    }
    if (method != Method::head) {
        answer.body = std::move(response.body);
    }
    return answer;
}

Request view_of(const ClientRequest& sent, const std::vector<HeaderView>& fields) {
    Request request;
    request.method = sent.method;
    request.target = sent.target;
    const std::size_t mark = request.target.find('?');
    request.path = request.target.substr(0, mark);
    request.query =
        mark == std::string_view::npos ? std::string_view() : request.target.substr(mark + 1);
    request.body = sent.body;
    request.headers = fields;
    request.peer.address = "local";
    return request;
}

}  // namespace

async::Task<core::Result<ClientResponse>> LocalClient::send(ClientRequest request,
                                                            std::chrono::milliseconds) {
    if (!request.target.starts_with('/')) {
        co_return core::Error(core::Errc::invalid_argument, "bad_request",
                              "the target must start with '/'");
    }
    std::vector<HeaderView> fields;
    fields.reserve(request.headers.size());
    for (const Header& field : request.headers) {
        fields.push_back({field.name, field.value});
    }
    const Request view = view_of(request, fields);
    Response response;
    try {
        response = co_await handler_.handle(view);
    } catch (const std::exception&) {
        response = Response();
        response.status = 500;
        response.body = R"({"detail":"Internal Server Error"})";
    }
    co_return as_client_response(std::move(response), request.method);
}

}  // namespace courseselect::net::http
