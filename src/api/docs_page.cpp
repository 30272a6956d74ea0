#include "documentation.hpp"

namespace courseselect::api {

async::Task<net::http::Response> answer_text(std::string body, std::string_view content_type) {
    net::http::Response response;
    response.content_type = content_type;
    response.body = std::move(body);
    co_return response;
}

async::Task<net::http::Response> answer_page(std::string_view body,
                                             std::string_view content_type) {
    net::http::Response response;
    response.content_type = content_type;
    response.body = body;
    response.headers.push_back({"Cache-Control", "max-age=300"});
    response.headers.push_back(
        {"Content-Security-Policy",
         "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
         "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"});
    response.headers.push_back({"X-Content-Type-Options", "nosniff"});
    co_return response;
}

}  // namespace courseselect::api
