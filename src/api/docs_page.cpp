#include "courseselect/crypto/digest.hpp"
#include "documentation.hpp"

namespace courseselect::api {
namespace {

using net::http::Response;

constexpr std::string_view page_policy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

std::string_view content_type_of(std::string_view name) {
    if (name.ends_with(".html")) {
        return "text/html; charset=utf-8";
    }
    return name.ends_with(".css") ? "text/css; charset=utf-8" : "text/javascript; charset=utf-8";
}

/// RFC 9110 §13.1.2: the list holds our tag, weak or not, or is a star. Tags of ours are plain hex,
/// so a substring that includes the quotes is the tag.
bool has_current(const Context& context, std::string_view etag) {
    const auto known = context.request.header("If-None-Match");
    return known && (*known == "*" || known->find(etag) != std::string_view::npos);
}

Response revalidated(const Context& context, std::string_view etag, std::string_view body,
                     std::string_view content_type) {
    Response response;
    // Always ask again: after an update of the service the parts must fit each other.
    response.headers.push_back({"Cache-Control", "no-cache"});
    response.headers.push_back({"ETag", std::string(etag)});
    response.headers.push_back({"X-Content-Type-Options", "nosniff"});
    if (has_current(context, etag)) {
        response.status = 304;
        response.content_type = {};
        return response;
    }
    response.content_type = content_type;
    response.body = body;
    return response;
}

}  // namespace

std::string asset_path(const Asset& asset) {
    return asset.name == "index.html" ? "/docs" : "/docs/" + std::string(asset.name);
}

async::Task<Response> answer_asset(const Context& context, const Asset& asset) {
    Response response = revalidated(context, asset.etag, asset.body, content_type_of(asset.name));
    response.headers.push_back({"Content-Security-Policy", std::string(page_policy)});
    response.headers.push_back({"Referrer-Policy", "no-referrer"});
    co_return response;
}

async::Task<Response> answer_openapi(const Context& context, const std::string& document) {
    const std::string etag = '"' + crypto::sha256_hex(document).substr(0, 16) + '"';
    Response response = revalidated(context, etag, document, "application/json");
    co_return response;
}

}  // namespace courseselect::api
