#include "courseselect/net/http/local_client.hpp"

#include <exception>
#include <string>
#include <utility>

#include "client_request.hpp"
#include "courseselect/core/check.hpp"
#include "response_parser.hpp"
#include "response_writer.hpp"

namespace courseselect::net::http {
namespace {

constexpr std::string_view local_host = "localhost";

core::Result<ClientResponse> as_received(const Response& response, Method method) {
    std::string bytes;
    append_response(bytes, response,
                    {.head_only = method == Method::head, .close = response.close});
    ResponseParser parser{ResponseLimits{}};
    parser.start(method);
    if (parser.feed(bytes) != ResponseParser::Status::complete) {
        return core::Error(
            core::Errc::outcome_unknown, "bad_answer",
            "the answer is malformed or over a limit: " + std::string(parser.problem()));
    }
    return parser.take();
}

}  // namespace

async::Task<core::Result<ClientResponse>> LocalClient::send(ClientRequest request,
                                                            std::chrono::milliseconds) {
    const auto fine = check_request(request);
    if (!fine) {
        co_return core::Error(fine.error());
    }
    std::string bytes = write_request(request, {}, local_host);
    RequestParser parser(limits_);
    const RequestParser::Status status = parser.feed(bytes.data(), bytes.size());
    if (status == RequestParser::Status::failed) {
        const Response refused = refusal(parser.failure().status, parser.failure().detail);
        co_return as_received(refused, request.method);
    }
    COURSESELECT_CHECK(status == RequestParser::Status::complete);
    Request& received = parser.request();
    received.peer.address = "local";
    Response response;
    try {
        response = co_await handler_.handle(received);
    } catch (const std::exception&) {
        response = refusal(500, "Internal Server Error");
    }
    co_return as_received(response, request.method);
}

}  // namespace courseselect::net::http
