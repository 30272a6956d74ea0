#include "live_page.hpp"

#include <string>

namespace courseselect::nodes::realtime {
namespace {

/// Scripts may talk to this server only; `ws:` and `wss:` are named because not every browser takes
/// 'self' to mean them.
constexpr std::string_view live_policy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self' ws: wss:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

std::string_view type_of(std::string_view name) {
    if (name.ends_with(".html")) {
        return "text/html; charset=utf-8";
    }
    return name.ends_with(".css") ? "text/css; charset=utf-8" : "text/javascript; charset=utf-8";
}

async::Task<net::http::Response> answer_file(const api::Context& context, const Asset& asset) {
    net::http::Response response;
    response.headers.push_back({"Cache-Control", "no-cache"});
    response.headers.push_back({"ETag", std::string(asset.etag)});
    response.headers.push_back({"X-Content-Type-Options", "nosniff"});
    response.headers.push_back({"Content-Security-Policy", std::string(live_policy)});
    response.headers.push_back({"Referrer-Policy", "no-referrer"});
    const auto known = context.request.header("If-None-Match");
    if (known && known->find(asset.etag) != std::string_view::npos) {
        response.status = 304;
        response.content_type = {};
    } else {
        response.content_type = type_of(asset.name);
        response.body = asset.body;
    }
    co_return response;
}

}  // namespace

void add_live_page(api::Service& service) {
    for (const Asset& asset : live_assets()) {
        const std::string path =
            asset.name == "index.html" ? "/live" : "/live/" + std::string(asset.name);
        service.add(api::get(path).hidden(),
                    [&asset](api::Context& context) { return answer_file(context, asset); });
    }
}

}  // namespace courseselect::nodes::realtime
